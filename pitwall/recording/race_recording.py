"""One showing of one feed, as it waits to be written."""

from __future__ import annotations

from collections import deque
from typing import Literal

from pitwall.domain.records import Batch, RaceMark
from pitwall.ports.feeds import LiveFeed, RecordedFeed
from pitwall.recording.batch_collector import BatchCollector
from pitwall.recording.spill_files import Waiting

HELD_TURNS = 15  # seconds of a race played unseen that are kept, should this worker take over


class Recording:
    """One showing of one feed, being written.

    Attributes:
        collector: What the engine tells.
        over: How it ended; None while it runs.
        in_files: What waits there, oldest first; what the collector holds is newer.
        kept_before: By race, how many messages were kept before this recording, of those that go
            on where they are.
    """

    def __init__(self, feed: RecordedFeed | LiveFeed, model_version: str) -> None:
        self._held: list[list[Batch]] = []
        self.collector = BatchCollector(model_version)
        self.source = feed.source
        self.feed = feed.name
        self.over: Literal["finished", "abandoned"] | None = None
        self.marks: dict[str, RaceMark | None] = {}
        self.in_files: deque[Waiting] = deque()
        self.kept_before: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        """How many messages are not written yet."""
        return self.collector.waiting + sum(each.messages for each in self.in_files)

    def end(self, how: Literal["finished", "abandoned"]) -> None:
        """Say that the engine tells no more."""
        self.over = self.over or how

    def let_go(self) -> None:
        """Forget what another worker has written by now; what is newer than that is kept.

        Called about once a second while another worker writes; he is behind by a second or two.
        """
        self._held = [*self._held[1 - HELD_TURNS :], self.collector.take_batches()]

    def hold_again(self) -> None:
        """Take back what was not let go, to be written here."""
        held, self._held = self._held, []
        for batches in reversed(held):
            for batch in reversed(batches):
                self.collector.put_back(batch)
