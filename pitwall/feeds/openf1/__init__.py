"""Read OpenF1's rows by REST and MQTT, and rewrite them as messages of F1 live timing."""

from pitwall.feeds.openf1.client import OPENF1_URL, OpenF1Access, OpenF1Account, OpenF1Rest
from pitwall.feeds.openf1.frame_reader import read_frame
from pitwall.feeds.openf1.history_feed import OpenF1History
from pitwall.feeds.openf1.live_feed import OpenF1LiveFeed
from pitwall.feeds.recording.tape import READERS

__all__ = [
    "OPENF1_URL",
    "OpenF1Access",
    "OpenF1Account",
    "OpenF1History",
    "OpenF1LiveFeed",
    "OpenF1Rest",
]

READERS[OpenF1LiveFeed.name] = read_frame
