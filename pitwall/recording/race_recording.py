"""Hold what a feed delivered of its races until it is written."""

from __future__ import annotations

from collections import deque
from typing import Literal

from pitwall.domain.records import Batch, RaceMark
from pitwall.ports.feeds import LiveFeed, RecordedFeed
from pitwall.recording.batch_collector import BatchCollector
from pitwall.recording.spill_files import Waiting

HELD_TURNS = 15  # seconds of a race that a standby holds, in case it takes over


class Recording:
    """Holds one run of one feed while it is being written.

    Attributes:
        collector: Collects rows from the engine.
        over: How the run ended. None while it runs.
        in_files: The batches that wait in files, oldest first; the collector's rows are newer.
        stored_before: By race, how many messages were stored before this recording, for live races
            that go on after a restart.
    """

    def __init__(self, feed: RecordedFeed | LiveFeed, model_version: str) -> None:
        self._held: list[list[Batch]] = []
        self.collector = BatchCollector(model_version)
        self.source = feed.source
        self.feed = feed.name
        self.over: Literal["finished", "abandoned"] | None = None
        self.marks: dict[str, RaceMark | None] = {}
        self.in_files: deque[Waiting] = deque()
        self.stored_before: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        """How many messages are not written yet."""
        return self.collector.waiting + sum(each.messages for each in self.in_files)

    def end(self, how: Literal["finished", "abandoned"]) -> None:
        """Note that the engine delivers no more."""
        self.over = self.over or how

    def drop_written(self) -> None:
        """Forget what another worker has written by now, and hold the newest seconds.

        Called about once a second while another worker writes, which is a second or two behind.
        """
        batches = self.collector.take_batches()
        for batch in batches:
            batch.dropped = 0  # the other worker writes them
        self._held = [*self._held[1 - HELD_TURNS :], batches]

    def requeue_held(self) -> None:
        """Return the held batches to the collector, to be written by this worker."""
        held, self._held = self._held, []
        for batches in reversed(held):
            for batch in reversed(batches):
                self.collector.put_back(batch)
