"""Pitwall: live Formula 1 battles, and the chance that each ends in an overtake."""

from pitwall.release import current_release

__version__ = current_release().version
