"""Pass each moment of a ring on to all readers of the stream, from one task.

A task for each reader would be woken for every frame, and thousands of tasks cost far more than
what they send. Here one task goes around the readers: a reader that has room for a piece is given
it at once; for one that has not, a task waits until it has, and then gives it the newest frame
and every event in between. So at most one piece waits for a reader, besides what the server's and
the system's buffers of its connection hold. One that takes nothing for long is let go.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Final
from weakref import WeakKeyDictionary, proxy

from starlette.types import Message, Send

from pitwall.aio import begun
from pitwall.api.stream_encoding import Wanted, heartbeat, unseen
from pitwall.live.event_ring import EventRing

HEARTBEAT_S: Final = 10.0
STALLED_S: Final = 20.0
"""How long a reader may leave what was sent to it unread."""
TICK_S: Final = 1.0
"""How often readers are looked at while there is no news."""
AT_ONCE: Final = 250
"""How many readers are served before others may use the event loop: some milliseconds."""


class StreamReader:
    """One reader of the stream.

    Args:
        send: Sends to it.
        filters: What it asked for.
        last: The id of the last moment that it saw; None for one that begins now.

    Attributes:
        filters: What it asked for.
        last: The id of the last moment that it was sent.
        over: Done when nothing more may be sent to it, with the error if there was one.
    """

    def __init__(self, send: Send, filters: Wanted, last: str | None) -> None:
        self.filters = filters
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
        message = {"type": "http.response.body", "body": piece, "more_body": True}
        try:
            self._sending = begun(self._give(message))
        except Exception as error:  # noqa: BLE001  it ends this reader, and no other
            self.let_go(error)

    async def _give(self, message: Message) -> None:
        await self._send(message)

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

    def when_free(self) -> asyncio.Task[None] | None:
        """Return what ends when the reader has taken what was sent to it; None if it is free."""
        return self._sending

    def pending(self) -> Iterator[asyncio.Task[None]]:
        """Yield what still waits for the reader."""
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


class Fan:
    """The readers of one ring."""

    def __init__(self, ring: EventRing) -> None:
        self._ring = proxy(ring)  # which would otherwise keep itself alive in `_fans`
        self._readers: dict[StreamReader, None] = {}
        self._passing: asyncio.Task[None] | None = None
        self._pieces: dict[tuple[Wanted, str | None], bytes] = {}
        self._pieces_of: str | None = None

    def __len__(self) -> int:
        """Return how many readers there are."""
        return len(self._readers)

    def join(self, reader: StreamReader) -> None:
        """Send to a reader from now on, at first what it has not seen yet."""
        self._readers[reader] = None
        self._serve(reader)
        if self._passing is None or self._passing.done():
            self._passing = asyncio.get_running_loop().create_task(self._pass_on())

    def leave(self, reader: StreamReader) -> None:
        """Send nothing more to a reader."""
        self._readers.pop(reader, None)

    async def _pass_on(self) -> None:
        """Serve all readers whenever there is news, until there are none."""
        while self._readers:
            known = self._ring.newest_id
            await self._go_around()
            try:
                async with asyncio.timeout(min(TICK_S, HEARTBEAT_S, STALLED_S)):
                    await self._ring.news(known)
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

    def _serve(self, reader: StreamReader) -> None:
        """Give a reader what is new, or a heartbeat; let it go if it takes nothing."""
        if reader not in self._readers:  # it has left meanwhile
            return
        if not reader.settle():
            if reader.quiet_s() > STALLED_S:
                reader.let_go()
            return
        piece = self._news_for(reader)
        if not piece and reader.quiet_s() >= HEARTBEAT_S:
            piece = heartbeat(self._ring.newest)
        if not piece:
            return
        reader.take(piece)
        waiting = reader.when_free()
        if waiting is not None:
            waiting.add_done_callback(lambda _: self._serve(reader))

    def _news_for(self, reader: StreamReader) -> bytes:
        """Return what a reader has not seen and wants; nothing if there is nothing."""
        newest = self._ring.newest_id
        if newest == reader.last:
            return b""
        if self._pieces_of != newest:
            self._pieces_of, self._pieces = newest, {}
        key = reader.filters, reader.last
        piece = self._pieces.get(key)
        if piece is None:
            backlog = self._ring.since(reader.last)
            piece = b"" if backlog is None else unseen(backlog, reader.filters)
            if len(self._pieces) < AT_ONCE:
                self._pieces[key] = piece
        reader.last = newest
        return piece


_fans: WeakKeyDictionary[EventRing, Fan] = WeakKeyDictionary()


def fan_of(ring: EventRing) -> Fan:
    """Return the readers of a ring."""
    fan = _fans.get(ring)
    if fan is None:
        fan = _fans[ring] = Fan(ring)
    return fan
