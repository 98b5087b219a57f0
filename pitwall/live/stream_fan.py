"""Pass each moment of a ring on to all readers of a stream, from one task.

A task for each reader would be woken for every frame, and thousands of tasks cost far more than
what they send. Here one task goes around the readers: a reader that has room for a piece is given
it at once; for one that has not, a task waits until it has, and then gives it the newest frame
and every event in between. So at most one piece waits for a reader, besides what the server's and
the system's buffers of its connection hold. One that takes nothing for long is let go.

A kind of stream says in a class of its own what its readers are told: the battles for programs, or
the pieces of embeds.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, ClassVar, Final, Generic, Self, TypeVar
from weakref import WeakKeyDictionary, proxy

from pitwall.aio import begun
from pitwall.live.event_ring import EventRing

STALLED_S: Final = 20.0
"""How long a reader may leave what was sent to it unread."""
TICK_S: Final = 1.0
"""How often readers are looked at while there is no news."""
AT_ONCE: Final = 250
"""How many readers are served before others may use the event loop: some milliseconds."""


Wish = TypeVar("Wish")
"""What a reader of a kind of stream asked for."""


class StreamReader(Generic[Wish]):
    """One reader of a stream.

    Args:
        send: Sends a piece to it.
        wish: What it asked for.
        last: The id of the last moment that it saw; None for one that begins now.

    Attributes:
        wish: What it asked for.
        last: The id of the last moment that it was sent.
        over: Done when nothing more may be sent to it, with the error if there was one.
    """

    def __init__(
        self, send: Callable[[bytes], Awaitable[None]], wish: Wish, last: str | None
    ) -> None:
        self.wish = wish
        self.last = last
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._send = send
        self._sending: asyncio.Task[None] | None = None
        self._sent_s = time.monotonic()

    @property
    def is_free(self) -> bool:
        """Whether it has taken what was sent to it, and is still there."""
        return self._sending is None and not self.over.done()

    def take(self, piece: bytes) -> None:
        """Send a piece to a reader that is free, without waiting."""
        self._sent_s = time.monotonic()
        try:
            self._sending = begun(self._give(piece))
        except Exception as error:  # noqa: BLE001  it ends this reader, and no other
            self.let_go(error)

    async def _give(self, piece: bytes) -> None:
        await self._send(piece)

    def quiet_s(self) -> float:
        """Return for how long nothing has been sent to it, or for how long it has taken nothing."""
        return time.monotonic() - self._sent_s

    def settle(self) -> bool:
        """Whether a piece that had to wait has been taken by now, so that the reader is free."""
        if self._sending is not None and self._sending.done():
            error = None if self._sending.cancelled() else self._sending.exception()
            self._sending = None
            if error is not None:
                self.let_go(error)
        return self.is_free

    def pending(self) -> Iterator[asyncio.Task[None]]:
        """Yield what ends when the reader has taken what was sent to it; nothing if it is free."""
        if self._sending is not None:
            yield self._sending

    def let_go(self, error: BaseException | None = None) -> None:
        """Send nothing more; an error is raised in the request of this reader."""
        if self.over.done():
            return
        if error is None:
            self.over.set_result(None)
        else:
            self.over.set_exception(error)
            self.over.exception()  # it may have left, and nobody asks


class Fan(ABC, Generic[Wish]):
    """The readers of one ring by one kind of stream.

    Attributes:
        heartbeat_s: After how long without anything else a reader is sent a heartbeat.
        most_readers: How many readers one worker serves at a time.
        busy: What those beyond are told.
    """

    heartbeat_s: ClassVar[float]
    most_readers: ClassVar[int]
    busy: ClassVar[str]

    def __init__(self, ring: EventRing) -> None:
        self.ring: EventRing = proxy(ring)  # which would otherwise keep itself alive in `_fans`
        self._readers: dict[StreamReader[Wish], None] = {}
        self._passing: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, ring: EventRing) -> Self:
        """Return the readers of a ring; always the same object for the same ring."""
        fans = _fans.setdefault(ring, {})
        fan: Self | None = fans.get(cls)
        if fan is None:
            fan = fans[cls] = cls(ring)
        return fan

    @abstractmethod
    def news(self, wish: Wish, last: str | None) -> bytes:
        """Return what a reader has not seen and wants; nothing if there is nothing.

        Args:
            wish: What the reader asked for.
            last: The id of the last moment that it saw, which is not the newest one.
        """

    @abstractmethod
    def heartbeat(self) -> bytes:
        """Return what tells a reader that the server is there."""

    def __len__(self) -> int:
        """Return how many readers there are."""
        return len(self._readers)

    def join(self, reader: StreamReader[Wish]) -> None:
        """Send to a reader from now on, at first what it has not seen yet."""
        self._readers[reader] = None
        self._serve(reader)
        if self._passing is None or self._passing.done():
            self._passing = asyncio.get_running_loop().create_task(self._pass_on())

    def leave(self, reader: StreamReader[Wish]) -> None:
        """Send nothing more to a reader."""
        self._readers.pop(reader, None)

    async def _pass_on(self) -> None:
        """Serve all readers whenever there is news, until there are none."""
        while self._readers:
            known = self.ring.newest_id
            await self._go_around()
            try:
                async with asyncio.timeout(min(TICK_S, self.heartbeat_s, STALLED_S)):
                    await self.ring.news(known)
            except TimeoutError:
                continue

    async def _go_around(self) -> None:
        for place, reader in enumerate(tuple(self._readers), start=1):
            try:
                self._serve(reader)
            except Exception as error:  # noqa: BLE001  the others are served all the same
                reader.let_go(error)
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _serve(self, reader: StreamReader[Wish]) -> None:
        """Give a reader what is new, or a heartbeat; let it go if it takes nothing."""
        if reader not in self._readers:  # it has left meanwhile
            return
        if not reader.settle():
            if reader.quiet_s() > STALLED_S:
                reader.let_go()
            return
        piece = self._news_for(reader)
        if not piece and reader.quiet_s() >= self.heartbeat_s:
            piece = self.heartbeat()
        if not piece:
            return
        reader.take(piece)
        for waiting in reader.pending():
            waiting.add_done_callback(lambda _: self._serve(reader))

    def _news_for(self, reader: StreamReader[Wish]) -> bytes:
        """Return what a reader has not seen and wants; nothing if there is nothing."""
        newest = self.ring.newest_id
        if newest is None or newest == reader.last:
            return b""
        piece = self.news(reader.wish, reader.last)
        reader.last = newest
        return piece


_fans: WeakKeyDictionary[EventRing, dict[type, Any]] = WeakKeyDictionary()
