"""Help to write wire messages by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from pitwall.wire.decode import Decoded, decode
from pitwall.wire.encode import encode_body, encode_zipped
from pitwall.wire.message import RawMessage

AT = datetime(2025, 8, 31, 13, 0, tzinfo=UTC)


def say(topic: str, payload: object) -> Decoded:
    """Return the result of decoding a message with this payload."""
    body = encode_zipped(payload) if topic.endswith(".z") else encode_body(payload)
    return decode(RawMessage(AT, topic, body))


def kinds(decoded: Decoded) -> list[str]:
    """Return the kinds of a message's faults, in order."""
    return [fault.kind for fault in decoded.faults]
