"""Play back a recording of F1 live timing, whatever shape it was written in."""

from pitwall.feeds.recording.feed import RecordingFeed

__all__ = ["RecordingFeed"]
