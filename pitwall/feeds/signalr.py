"""Read SignalR messages of F1 live timing: WebSocket frames and the records in them."""

from __future__ import annotations

import ast
import re
from datetime import datetime
from typing import NamedTuple

import orjson

from pitwall.feeds.session_start import HEARTBEAT_AHEAD
from pitwall.feeds.timed_lines import LONGEST_LINE, topic_rank
from pitwall.wire.message import RawFrame, RawMessage, Reading, Snapshot
from pitwall.wire.values import NotAValueError, read_instant

_TOKEN = re.compile(r"'[^']*'|\bTrue\b|\bFalse\b|\bNone\b")

_LONGEST_LITERAL = 1024 * 1024  # ast.literal_eval takes a second and a gigabyte for 10 MB

_JSON_NAMES = {"True": "true", "False": "false", "None": "null"}


def load_literal(text: str) -> object:
    """Return the value of a JSON text or of a Python literal.

    Raises:
        ValueError: It is neither.

    Example:
        >>> load_literal("['A', {'x': True, 'y': None}]")
        ['A', {'x': True, 'y': None}]
        >>> load_literal('''{'Message': "DELL'EMILIA"}''')
        {'Message': "DELL'EMILIA"}
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    if '"' not in text and "\\" not in text:
        # Without a double quote or a backslash every apostrophe delimits a text, and the
        # JSON reader is many times faster than ast.literal_eval.
        try:
            return orjson.loads(_TOKEN.sub(_as_json, text))
        except orjson.JSONDecodeError:
            pass
    if len(text) > _LONGEST_LITERAL:
        message = f"not JSON, and too long for a Python literal: {text[:40]!r}"
        raise ValueError(message)
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        message = f"neither JSON nor a Python literal: {text[:40]!r}"
        raise ValueError(message) from error
    return value


def _as_json(token: re.Match[str]) -> str:
    word = token[0]
    return _JSON_NAMES.get(word) or f'"{word[1:-1]}"'


# All quantifiers are possessive: the expressions never backtrack, so that no run of blanks,
# quotes or brackets, however long, takes more than one pass.
_OPENING = re.compile(rb'\[\s*+"([\w.]++)"\s*+,\s*+')

_IN_CALL = re.compile(rb'"(?:A|arguments)"\s*+:\s*+(?=\[\s*+"[\w.]++"\s*+,)')

_OF_TAIL = b"{}["


class Envelope(NamedTuple):
    """The three values of a message, as their bytes stand in its text."""

    topic: bytes
    payload: bytes
    stamp: bytes


def read_envelope(line: bytes) -> Envelope | None:
    """Return the three values of a record; None when it does not have the form of a message.

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


RECORD_SEPARATOR = b"\x1e"

KEEP_ALIVE = frozenset({b"{}", b'{"type":6}'})


def read_message(line: bytes, *, literals: bool = True) -> RawMessage | None:
    """Return the message in one record, its payload verbatim; None when it holds none.

    Args:
        line: The record.
        literals: Whether to accept Python's notation too, in which some clients wrote files.
    """
    if len(line) > LONGEST_LINE:
        return None
    envelope = read_envelope(line)
    if envelope is not None:
        stamp = envelope.stamp.decode("utf-8", "replace")
        return _raw(envelope.topic.decode("utf-8", "replace"), stamp, envelope.payload)
    if not (literals and line.startswith(b"['")):
        return None
    try:
        value = load_literal(line.decode())
    except ValueError:
        return None
    match value:
        case [str(topic), payload, str(stamp)]:
            return _raw(topic, stamp, dumped(payload))
    return None


def dumped(payload: object) -> bytes:
    """Return the JSON text of a payload."""
    try:
        return orjson.dumps(payload)
    except orjson.JSONEncodeError:
        return b"null"  # such as a set, which JSON lacks: the decoder counts it as a fault


def _raw(topic: str, stamp: str, body: bytes) -> RawMessage | None:
    try:
        return RawMessage(read_instant(stamp), topic, body)
    except NotAValueError:
        return None


def read_reply(line: bytes, *, literals: bool = True) -> dict[str, object] | None:
    """Return the snapshot in the hub's answer to Subscribe; None when the line holds none."""
    if not line.startswith(b"{") or len(line) > LONGEST_LINE:
        return None
    try:
        value = load_literal(line.decode()) if literals else orjson.loads(line)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    reply = value.get("R") or value.get("result")
    return reply if isinstance(reply, dict) else None


def instant_of(snapshot: dict[str, object]) -> datetime | None:
    """Return the instant of the heartbeat, else of the session clock, which may be long past."""
    for topic in ("Heartbeat", "ExtrapolatedClock"):
        payload = snapshot.get(topic)
        if isinstance(payload, dict):
            try:
                return read_instant(payload.get("Utc"))
            except NotAValueError:
                continue
    return None


# The most records in one frame; the feed sends some dozens.
_MOST_RECORDS = 20_000

# Records of the hub without data: completions without a result, pings, and the close message.
_SILENT = (b'{"type":3,', b'{"type":6', b'{"type":7')


def read_frame(frame: RawFrame) -> Reading:
    """Return the messages and snapshots of a frame; malformed records are counted and left out."""
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
    """Return a snapshot without the topics that the server withholds, which arrive as null."""
    instant = instant_of(topics)
    # Heartbeats run ahead of the stamps of all other topics.
    at = None if instant is None else instant - HEARTBEAT_AHEAD
    names = sorted(
        (name for name, payload in topics.items() if payload is not None), key=topic_rank
    )
    return Snapshot(
        at, tuple(RawMessage(at or received_at, topic, dumped(topics[topic])) for topic in names)
    )


def refusal_of(record: bytes) -> str | None:
    """Return the error in a hub's answer or close message; None when there is none.

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
