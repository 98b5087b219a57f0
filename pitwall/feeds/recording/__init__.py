"""Play back a recording of F1 live timing, in any of the known formats."""

from pitwall.feeds.recording.feed import RecordingFeed, recordings_at

__all__ = ["RecordingFeed", "recordings_at"]
