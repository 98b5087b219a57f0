"""Cache segments of stored races, from keyframe to keyframe: bounded, each fetched once.

A segment is the race's state at its keyframe, the raw messages up to the next keyframe, and the
forecasts made between them. All viewers share the segments.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pitwall.engine.race_engine import EngineState
from pitwall.replay.stored_forecasts import ForecastsByTime
from pitwall.wire.message import RawMessage

MOST_BYTES: Final = 64_000_000
_A_MESSAGE: Final = 250  # bytes besides its body: the object, its instant, its topic
_A_FORECAST: Final = 1_500  # bytes: objects of experts, measured with tracemalloc
_A_STATE: Final = 1_200_000  # bytes of one state whose laps are shared, likewise
_A_MARK: Final = 60_000  # bytes that a state a few seconds later does not share with it


@dataclass(slots=True)
class SegmentStart:
    """A state inside a segment, from which playing may go on.

    Attributes:
        place: How many messages of the segment it has taken.
    """

    state: EngineState
    place: int


@dataclass(slots=True)
class Segment:
    """The stretch of a race from one keyframe to the next, as all its viewers share it.

    Attributes:
        number: The number of the segment in the race, from 0.
        begin: The state at its keyframe. None where an incompatible release made the keyframe.
        messages: The messages from the keyframe to the next one.
        forecasts: Forecasts made in the segment.
        marks: States inside the segment, in order of time, added as viewers play it.
    """

    number: int
    begin: EngineState | None
    messages: list[RawMessage]
    forecasts: ForecastsByTime
    marks: list[SegmentStart] = field(default_factory=list)
    _own: int = field(init=False, default=0)

    def nearest(self, before: datetime) -> SegmentStart | None:
        """Return the last state known strictly before an instant; None if there is none."""
        for mark in reversed(self.marks):
            if mark.state.grid_at < before:
                return mark
        return SegmentStart(self.begin, 0) if self.begin is not None else None

    def __post_init__(self) -> None:
        raw = sum(len(message.body) + _A_MESSAGE for message in self.messages)
        self._own = raw + _A_FORECAST * sum(map(len, self.forecasts.values())) + _A_STATE

    @property
    def size(self) -> int:
        """Approximate size in bytes."""
        return self._own + _A_MARK * len(self.marks)


Key = tuple[str, int, int]
"""Race, its revision, and the number of the segment."""


class SegmentCache:
    """Holds the most recently used segments of all races, up to a limit.

    Args:
        most_bytes: Approximate limit of their size; one segment is always held.

    Attributes:
        fetched: How many segments have been fetched so far.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.fetched = 0
        self._most = most_bytes
        self._held: OrderedDict[Key, asyncio.Task[Segment]] = OrderedDict()

    async def get(self, key: Key, fetch: Callable[[], Awaitable[Segment]]) -> Segment:
        """Return a segment; callers that ask while it is being fetched share the fetch.

        Raises:
            StoreError: The segment cannot be fetched; the next call tries again.
        """
        task = self._held.get(key)
        if task is None:
            self.fetched += 1
            task = self._held[key] = asyncio.ensure_future(_run(fetch))
        self._held.move_to_end(key)
        try:
            # Shielded: one viewer that leaves must not cancel the fetch for the others.
            segment = await asyncio.shield(task)
        except BaseException:
            if task.done() and self._held.get(key) is task:
                del self._held[key]
            raise
        self._shed()
        return segment

    @property
    def size(self) -> int:
        """Approximate size in bytes of all segments held."""
        return sum(
            task.result().size
            for task in self._held.values()
            if task.done() and not task.cancelled() and task.exception() is None
        )

    def _shed(self) -> None:
        excess = self.size - self._most
        for key, task in list(self._held.items())[:-1]:
            if excess <= 0:
                return
            if task.done() and not task.cancelled() and task.exception() is None:
                excess -= task.result().size
                del self._held[key]


async def _run(fetch: Callable[[], Awaitable[Segment]]) -> Segment:
    return await fetch()
