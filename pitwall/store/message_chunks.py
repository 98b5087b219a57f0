"""Pack the raw messages of a minute into a compressed blob, and unpack them byte for byte."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from pitwall.domain.records import MessageRecord
from pitwall.errors import StoreError
from pitwall.store.instants import from_micros, to_micros
from pitwall.wire.message import RawMessage

CHUNK = timedelta(minutes=1)
_LEVEL = 6
_HEAD = struct.Struct("<qBI")  # microseconds since 1970, bytes of the topic, bytes of the body


def pack(messages: Iterable[MessageRecord]) -> bytes:
    """Return messages as one blob."""
    packer = zlib.compressobj(_LEVEL)
    parts = []
    for message in messages:
        topic = message.topic.encode()[:255]
        head = _HEAD.pack(to_micros(message.sent_at), len(topic), len(message.body))
        parts.append(packer.compress(head + topic + message.body))
    return b"".join([*parts, packer.flush()])


def unpack(body: bytes) -> Iterator[RawMessage]:
    """Yield the messages of a blob.

    Raises:
        StoreError: The blob is damaged.
    """
    try:
        plain = zlib.decompress(body)
        at = 0
        while at < len(plain):
            micros, letters, size = _HEAD.unpack_from(plain, at)
            topic = plain[at + _HEAD.size : at + _HEAD.size + letters].decode()
            at += _HEAD.size + letters
            yield RawMessage(from_micros(micros), topic, plain[at : at + size])
            at += size
    except (zlib.error, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise StoreError(f"A stored block of raw messages is damaged: {error}.") from error


def by_minute(messages: Sequence[MessageRecord]) -> list[list[MessageRecord]]:
    """Return consecutive messages in groups of one minute of the clock each.

    A gap in the sequence numbers begins a new group, so that a group's numbers are consecutive.
    """
    indexes = {message.seq: index for index, message in enumerate(messages)}
    groups = groupby(
        messages,
        key=lambda message: (
            to_micros(message.sent_at) // (CHUNK // timedelta(microseconds=1)),
            message.seq - indexes[message.seq],
        ),
    )
    return [list(group) for _, group in groups]
