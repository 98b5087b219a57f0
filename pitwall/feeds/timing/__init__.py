"""Rewrite a race of the parquet timing archive as the messages of F1 live timing."""

from pitwall.feeds.timing.feed import TimingFeed, list_races
from pitwall.feeds.timing.tables import RaceEntry

__all__ = ["RaceEntry", "TimingFeed", "list_races"]
