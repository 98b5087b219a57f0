"""Find topic, payload and stamp in one record of the hub: in linear time, the payload verbatim."""

from __future__ import annotations

import re
from typing import NamedTuple

# Possessive throughout: what has been passed over is never tried again, so that no run of
# blanks, quotes or brackets, however long, takes more than one pass.
_OPENING = re.compile(rb'\[\s*+"([\w.]++)"\s*+,\s*+')
_IN_CALL = re.compile(rb'"(?:A|arguments)"\s*+:\s*+(?=\[\s*+"[\w.]++"\s*+,)')
_OF_TAIL = b"{}["


class Envelope(NamedTuple):
    """The three values of a message, as they stand in its text."""

    topic: bytes
    payload: bytes
    stamp: bytes


def read_envelope(line: bytes) -> Envelope | None:
    """Return what a record holds; None when it has not the form of a message.

    Example:
        >>> read_envelope(b'{"type":1,"target":"feed","arguments":["A.z",{"b": 1},"2025"]}')
        Envelope(topic=b'A.z', payload=b'{"b": 1}', stamp=b'2025')
        >>> read_envelope(b'["A", "x" , "2025" ]').payload
        b'"x"'
    """
    begin = 0
    if line[:1] == b"{":
        call = _IN_CALL.search(line)
        if call is None:
            return None
        begin = call.end()
    opening = _OPENING.match(line, begin)
    if opening is None:
        return None
    text = line.rstrip()
    text = text[:-1] if text.endswith(b"}") else text
    close = text.rfind(b"]")
    tail = text[close + 1 :].strip()
    if close < 0 or (tail and (tail[:1] != b"," or any(byte in tail for byte in _OF_TAIL))):
        return None
    inner = text[:close].rstrip()
    quote = inner.rfind(b'"', 0, len(inner) - 1)
    before = inner[:quote].rstrip()
    if not inner.endswith(b'"') or quote < 0 or not before.endswith(b","):
        return None
    payload = before[opening.end() : -1].rstrip()
    return Envelope(opening[1], payload, inner[quote + 1 : -1]) if payload else None
