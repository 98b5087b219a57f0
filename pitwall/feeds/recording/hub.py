"""Read one WebSocket frame of SignalR Core: messages, snapshots, pings, and what is broken."""

from __future__ import annotations

from datetime import datetime

import orjson

from pitwall.feeds.recording.contents import topic_rank
from pitwall.feeds.recording.signalr import (
    KEEP_ALIVE,
    RECORD_SEPARATOR,
    dumped,
    instant_of,
    read_message,
    read_reply,
)
from pitwall.feeds.recording.zero import HEARTBEAT_AHEAD
from pitwall.wire.delivery import Frame, Reading, Snapshot
from pitwall.wire.message import RawMessage

# Records of the hub that carry no data: completions without a result, pings, and the goodbye.
_MOST_RECORDS = 20_000  # in one frame; the feed sends some dozens
_SILENT = (b'{"type":3,', b'{"type":6', b'{"type":7')


def read_frame(frame: Frame) -> Reading:
    """Return what a frame says; a record that breaks the format is counted, the rest is read."""
    parts: list[RawMessage | Snapshot] = []
    malformed = 0
    *records, rest = frame.text.split(RECORD_SEPARATOR, _MOST_RECORDS)
    if rest.strip() and len(records) == _MOST_RECORDS:
        malformed += rest.rstrip(RECORD_SEPARATOR).count(RECORD_SEPARATOR) + 1
        rest = b""
    for raw in (*records, rest):
        record = raw.strip()
        if not record or record in KEEP_ALIVE:
            continue
        if (message := read_message(record, literals=False)) is not None:
            parts.append(message)
        elif (reply := read_reply(record, literals=False)) is not None:
            parts.append(_snapshot(reply, frame.received_at))
        elif not (record.startswith(_SILENT) and _is_json(record)):
            malformed += 1
    return Reading(tuple(parts), malformed)


def _is_json(record: bytes) -> bool:
    try:
        orjson.loads(record)
    except ValueError:
        return False
    return True


def _snapshot(topics: dict[str, object], received_at: datetime) -> Snapshot:
    """Return a snapshot; topics that the server holds back come as null and are left out."""
    instant = instant_of(topics)
    # Heartbeats run ahead of the stamps of all other topics.
    at = None if instant is None else instant - HEARTBEAT_AHEAD
    told = sorted((name for name, payload in topics.items() if payload is not None), key=topic_rank)
    return Snapshot(
        at, tuple(RawMessage(at or received_at, topic, dumped(topics[topic])) for topic in told)
    )


def refusal_of(record: bytes) -> str | None:
    """Return the error that a hub's answer or goodbye names; None when it names none.

    Example:
        >>> refusal_of(b'{"type":3,"invocationId":"0","error":"Unauthorized"}')
        'Unauthorized'
        >>> refusal_of(b'{"type":6}') is None
        True
    """
    if b'"error"' not in record or record.startswith(b'{"type":1,'):
        return None
    try:
        value = orjson.loads(record)
    except ValueError:
        return None
    error = value.get("error") if isinstance(value, dict) else None
    return str(error)[:200] if error else None
