"""Send the pieces of embeds to their readers, as they change (server-sent events).

Each piece of a frame is formatted and encoded once for all embeds that show the same; a reader is
sent those that differ from what it has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from pitwall.domain.frames import LiveFrame
from pitwall.live.event_ring import FrameNews
from pitwall.live.event_stream import message
from pitwall.live.stream_fan import Fan
from pitwall.web.embed.choices import Asked

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


class Shown:
    """What one embed shows, so that it is sent only what has changed.

    Args:
        pieces: What embeds are shown of the newest moment.
        asked: What this one asks for.
    """

    def __init__(self, pieces: EncodedPieces, asked: Asked) -> None:
        self._pieces = pieces
        self._asked = asked
        self._sent: Pieces = {}

    def changed(self, moment: FrameNews) -> bytes:
        """Return the pieces of a moment that differ from what was sent, and note them as sent."""
        pieces = self._pieces.of(moment, self._asked)
        changed = {name: piece for name, piece in pieces.items() if self._sent.get(name) != piece}
        self._sent = pieces
        return as_json(changed)


class EmbedFan(Fan[Shown]):
    """The embeds that follow the race on screen."""

    heartbeat_s = 2.5
    most_readers = 2_000
    busy = "Too many embeds are open on this server; try again later."

    def news(self, wish: Shown, last: str | None) -> bytes:
        """Return what has changed with the newest frame."""
        backlog = self.ring.since(last)
        return b"" if backlog is None else message(wish.changed(backlog.moments[-1]))

    def heartbeat(self) -> bytes:
        """Return a comment, which keeps the connection open and is no news to the page."""
        return b": alive\n\n"
