"""Rewrite a race of the parquet timing archive as the messages of F1 live timing."""

from pitwall.feeds.timing.feed import WITH_TELEMETRY, TimingFeed, list_races
from pitwall.feeds.timing.tables import RaceEntry
from pitwall.feeds.timing.telemetry import folder_beside

__all__ = ["WITH_TELEMETRY", "RaceEntry", "TimingFeed", "folder_beside", "list_races"]
