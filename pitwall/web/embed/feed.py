"""Send the pieces of embeds to their readers, as they change (server-sent events).

Each piece of a frame is formatted and encoded once for all embeds that show the same; a reader is
sent those that differ from what it has.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pitwall.aio import end
from pitwall.domain.frames import LiveFrame
from pitwall.errors import BusyError
from pitwall.live.event_ring import EventRing, FrameNews
from pitwall.web.embed.choices import Asked

MOST_READERS: Final = 2_000
"""How many embeds one worker feeds at a time."""
SIGN_OF_LIFE_S: Final = 2.5
"""A reader is sent something at least this often."""
STALLED_S: Final = 20.0
COME_BACK_MS: Final = 2_000
_MOST_KEPT: Final = 64

Pieces = dict[str, bytes]
"""The parts of an embed as JSON, by name."""


class EncodedPieces:
    """The pieces of the newest moment, by what embeds ask for; those of an older one are dropped.

    Args:
        make: Formats a frame for what an embed asks for, as JSON-ready pieces.
    """

    def __init__(self, make: Callable[[LiveFrame, Asked], Mapping[str, object]]) -> None:
        self._make = make
        self._moment = ""
        self._held: dict[Asked, Pieces] = {}

    def of(self, moment: FrameNews, asked: Asked) -> Pieces:
        """Return the pieces of a moment; beyond the first 64 wishes nothing is kept."""
        if moment.id != self._moment:
            self._moment, self._held = moment.id, {}
        known = self._held.get(asked)
        if known is None:
            made = self._make(moment.frame, asked)
            known = {name: _encoded(piece) for name, piece in made.items()}
            if len(self._held) < _MOST_KEPT:
                self._held[asked] = known
        return known


def _encoded(piece: object) -> bytes:
    return json.dumps(piece, ensure_ascii=False, separators=(",", ":")).encode()


def as_json(pieces: Pieces) -> bytes:
    """Return pieces as one JSON object.

    >>> as_json({"a": b"1", "b": b"[]"})
    b'{"a":1,"b":[]}'
    """
    return b"{%s}" % b",".join(b'"%s":%s' % (name.encode(), each) for name, each in pieces.items())


class EmbedFeed(Response):
    """Sends one embed its pieces until its reader leaves.

    Raises:
        BusyError: Too many embeds are open.
    """

    media_type = "text/event-stream"
    _open = 0

    def __init__(self, ring: EventRing, pieces: EncodedPieces, asked: Asked) -> None:
        if EmbedFeed._open >= MOST_READERS:
            busy = "Too many embeds are open on this server; try again later."
            raise BusyError(busy)
        # "X-Accel-Buffering" keeps nginx from holding events back.
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._ring = ring
        self._pieces = pieces
        self._asked = asked
        self._seen: str | None = None
        self._sent: Pieces = {}

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        EmbedFeed._open += 1
        leaving = asyncio.ensure_future(_left(receive))
        sending = asyncio.ensure_future(self._send_all(send))
        try:
            await asyncio.wait({leaving, sending}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not sending.cancelled():
                sending.result()
        finally:
            await end(leaving, sending)
            EmbedFeed._open -= 1

    async def _send_all(self, send: Send) -> None:
        headers = list(self.raw_headers)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        piece = f"retry: {COME_BACK_MS}\n\n".encode()
        while True:
            try:
                async with asyncio.timeout(STALLED_S):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            except TimeoutError:
                break  # it reads no more; the browser comes back by itself
            piece = await self._next()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next(self) -> bytes:
        """Wait for the next frame, and return what has changed with it; or a sign of life."""
        try:
            async with asyncio.timeout(SIGN_OF_LIFE_S):
                backlog = await self._ring.after(self._seen)
        except TimeoutError:
            return b": alive\n\n"
        newest = backlog.moments[-1]
        pieces = self._pieces.of(newest, self._asked)
        changed = {name: piece for name, piece in pieces.items() if self._sent.get(name) != piece}
        self._seen, self._sent = newest.id, pieces
        return b"data: %s\n\n" % as_json(changed)


async def _left(receive: Receive) -> None:
    """Return when the reader has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
