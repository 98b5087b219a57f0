"""Choose a race when the settings name none: live, else the newest archived, else simulated."""

from pitwall.feeds.auto.programme import AutoProgramme, Shows

__all__ = ["AutoProgramme", "Shows"]
