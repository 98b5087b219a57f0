"""Pitwall: live Formula 1 battles, and the chance that each ends in an overtake."""

__version__ = "0.1.0"
