"""OpenF1: its rows, by REST and by MQTT, rewritten as the messages of F1 live timing."""

from pitwall.feeds.openf1.history import OpenF1History
from pitwall.feeds.openf1.live import OpenF1LiveFeed
from pitwall.feeds.openf1.reading import read_frame
from pitwall.feeds.openf1.rest import OPENF1_URL, Account, OpenF1Rest
from pitwall.feeds.recording.tape import READERS

__all__ = ["OPENF1_URL", "Account", "OpenF1History", "OpenF1LiveFeed", "OpenF1Rest"]

READERS[OpenF1LiveFeed.name] = read_frame
