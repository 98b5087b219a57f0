"""Answer a request with server-sent events, until its reader leaves (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final, Generic

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pitwall.aio import end
from pitwall.errors import BusyError
from pitwall.live.stream_fan import Fan, StreamReader, Wish

MEDIA_TYPE: Final = "text/event-stream"
LAST_WORD_S: Final = 1.0
"""How long it may take to tell a reader that the stream is over."""
COME_BACK_MS: Final = 2_000
"""How long a reader waits before it connects again."""


def message(data: bytes, event: str = "", name: str = "") -> bytes:
    r"""Return one server-sent event.

    Args:
        data: What it tells, in one line.
        event: Its kind; none for the usual one.
        name: Its id, which the reader sends when it comes back; none to keep the one before.

    Example:
        >>> message(b"{}", "frame", "1-2")
        b'event: frame\nid: 1-2\ndata: {}\n\n'
    """
    kind = f"event: {event}\n" if event else ""
    named = f"id: {name}\n" if name else ""
    return b"%bdata: %b\n\n" % (f"{kind}{named}".encode(), data)


class EventStream(Response, Generic[Wish]):
    """Sends the moments of a ring to one reader until it leaves.

    Args:
        fan: The readers of this kind of stream.
        wish: What this one asked for.
        last: The id of the last moment that it saw; None for one that begins now.

    Raises:
        BusyError: Too many streams of the kind are open.
    """

    media_type = MEDIA_TYPE

    def __init__(self, fan: Fan[Wish], wish: Wish, last: str | None = None) -> None:
        if len(fan) >= fan.most_readers:
            raise BusyError(fan.busy)
        # "X-Accel-Buffering" keeps nginx from holding events back.
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._fan = fan
        self._wish = wish
        self._last = last

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""

        async def give(piece: bytes) -> None:
            await send({"type": "http.response.body", "body": piece, "more_body": True})

        await send(
            {"type": "http.response.start", "status": 200, "headers": list(self.raw_headers)}
        )
        reader = StreamReader(give, self._wish, self._last)
        reader.take(f"retry: {COME_BACK_MS}\n\n".encode())
        self._fan.join(reader)
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({leaving, reader.over}, return_when=asyncio.FIRST_COMPLETED)
            has_left = leaving.done()
        finally:
            self._fan.leave(reader)
            await end(leaving, *reader.pending())
        if not has_left:
            reader.over.result()
            # The reader comes back with its last id, if it is still there.
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORD_S):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    """Return when the reader has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
