"""What to show when nobody says which race: live, else the newest archived, else simulated."""

from pitwall.feeds.auto.programme import AutoProgramme, Shows

__all__ = ["AutoProgramme", "Shows"]
