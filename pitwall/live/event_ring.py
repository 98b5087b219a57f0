"""Hold the newest frame and the events of the last minutes, for readers of a stream.

One task of a worker fills the ring; any number of readers walk along it, each at its own pace.
A reader that is slow, or was away, is given every event that it missed and the newest frame only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import takewhile
from typing import Any, Final, Generic, TypeVar

from pitwall.domain.frames import LiveFrame
from pitwall.live.race_events import RaceEvent, events_between
from pitwall.ports.cache import LiveCache

LONGEST: Final = timedelta(minutes=5)
MOST_EVENTS: Final = 2_000
_MOST_ENCODINGS: Final = 64


_Made = TypeVar("_Made")


class Encodings(Generic[_Made]):
    """What was made of one frame for its readers, by what they asked for: each is made once."""

    def __init__(self) -> None:
        self._held: dict[object, _Made] = {}

    def get(self, key: object, make: Callable[[], _Made]) -> _Made:
        """Return what was made for a key, and make it if nobody has asked for it yet.

        Beyond the first 64 keys nothing is kept.
        """
        known = self._held.get(key)
        if known is None:
            known = make()
            if len(self._held) < _MOST_ENCODINGS:
                self._held[key] = known
        return known


@dataclass(frozen=True, slots=True)
class FrameNews:
    """A frame with what happened since the one before.

    Attributes:
        id: Names the frame, also on other workers of the same server.
        frame: The frame.
        events: What happened since the frame before.
        encoded: What readers are sent of it, by what they asked for, so that each is joined once.
        prepared: The parts of which that is joined.
    """

    id: str
    frame: LiveFrame
    events: tuple[RaceEvent, ...]
    encoded: Encodings[bytes] = field(default_factory=Encodings, compare=False)
    prepared: Encodings[Any] = field(default_factory=Encodings, compare=False)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a reader has not seen yet.

    Attributes:
        moments: Those with events, oldest first, and the newest in any case.
        is_whole: Whether no event between the reader's last moment and these is missing.
    """

    moments: tuple[FrameNews, ...]
    is_whole: bool = True


def moment_id(frame: LiveFrame) -> str:
    """Return the name of a frame; the publication time tells a restarted server's frames apart."""
    return f"{int(frame.published_at.timestamp() * 1000):x}-{frame.sequence:x}"


class EventRing:
    """The newest moment, and the events before it."""

    def __init__(self) -> None:
        self._newest: FrameNews | None = None
        self._eventful: deque[FrameNews] = deque()
        self._dropped_to: tuple[int, int] | None = None
        self._news = asyncio.Event()

    @property
    def newest(self) -> LiveFrame | None:
        """The newest frame; None before the first."""
        return None if self._newest is None else self._newest.frame

    @property
    def newest_id(self) -> str | None:
        """The id of the newest moment; None before the first."""
        return None if self._newest is None else self._newest.id

    async def fill(self, live: LiveCache) -> None:
        """Add every frame of `live` until cancelled; each worker runs this as a task."""
        async for frame in live.frames():
            self.add(frame)

    def add(self, frame: LiveFrame) -> None:
        """Make `frame` the newest moment, and wake every reader.

        Events published later than `frame` are dropped, because a clock was set back: by their ids
        they would be news to every reader until the clock has caught up.
        """
        earlier = self._newest.frame if self._newest else None
        moment = FrameNews(moment_id(frame), frame, tuple(events_between(earlier, frame)))
        was_set_back = earlier is not None and frame.published_at < earlier.published_at
        if self._dropped_to is None or was_set_back:
            self._dropped_to = _place(moment.id)
            self._eventful.clear()
        self._newest = moment
        if moment.events:
            self._eventful.append(moment)
        oldest = frame.published_at - LONGEST
        while self._eventful and (
            self._eventful[0].frame.published_at < oldest or len(self._eventful) > MOST_EVENTS
        ):
            self._dropped_to = _place(self._eventful.popleft().id)
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def after(self, last: str | None) -> Backlog:
        """Wait until there is a moment that the reader has not seen; return what it missed.

        Args:
            last: The id of the last moment that it saw; None for a reader that begins now.
        """
        while True:
            backlog = self.since(last)
            if backlog is not None:
                return backlog
            # Not `last`, which a ring that is empty after a restart has never seen.
            await self.news(self.newest_id)

    async def news(self, last: str | None) -> None:
        """Wait until the newest moment is another one.

        Args:
            last: The id of the newest one that the caller knows; None if it knows none.
        """
        while self.newest_id == last:
            await self._news.wait()

    def since(self, last: str | None) -> Backlog | None:
        """Return what a reader has missed; None if nothing.

        Args:
            last: The id of the last moment that it saw; None for a reader that begins now.
        """
        newest = self._newest
        if newest is None or newest.id == last:
            return None
        place = _place(last) if last else None
        if place is None:
            return Backlog((newest,), is_whole=not last)
        if place > (_place(newest.id) or place):  # of a server whose clock was ahead
            return Backlog((newest,), is_whole=False)
        missed = takewhile(
            lambda moment: (_place(moment.id) or place) > place, reversed(self._eventful)
        )
        moments = list(reversed(list(missed)))
        if not moments or moments[-1] is not newest:
            moments.append(newest)
        is_whole = self._dropped_to is not None and place >= self._dropped_to
        return Backlog(tuple(moments), is_whole)


def _place(moment: str) -> tuple[int, int] | None:
    """Return where a moment stands in the order of all; None for an id of another kind."""
    published, _, sequence = moment.partition("-")
    try:
        return int(published, 16), int(sequence, 16)
    except ValueError:
        return None
