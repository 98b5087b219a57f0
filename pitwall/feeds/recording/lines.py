"""Read recordings of SignalR messages, as FastF1, undercut-f1 and other clients write them.

A record is one line: a message of the hub, the list that FastF1 prints, an object of topic, payload
and time, or a snapshot. FastF1 since 3.7 writes a snapshot as one line for each topic, without a
time.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

import orjson

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.recording.files import Files
from pitwall.feeds.session_start import HEARTBEAT_AHEAD
from pitwall.feeds.signalr import (
    KEEP_ALIVE,
    RECORD_SEPARATOR,
    dumped,
    instant_of,
    load_literal,
    read_message,
)
from pitwall.feeds.timed_lines import LONGEST_LINE, Contents, placed, topic_rank
from pitwall.wire.message import RawMessage
from pitwall.wire.values import NotAValueError, read_instant

LIVE = ("live.txt", "live.jsonl", "live.json")
SNAPSHOT = ("subscribe.txt", "subscribe.json", "subscribe.jsonl")

_CLOCK = "the feed's own stamps"
_SNIFFED = 50  # lines, as a recording may begin with a broken or foreign one

# Possessive, so that no line takes more than one pass.
_LONG_PART = re.compile(
    rb"""\['([\w.]++)', ('(?:[^'\\]++|\\.)*+'|"(?:[^"\\]++|\\.)*+"), ''\]""", re.DOTALL
)

_OPENING = frozenset({b"{", b"[", b"("})
# What a logger writes before a line, as its time and level.
_AFTER_A_TIME = re.compile(rb"[^{\['\"]{1,80}+(?=\{[\"']|\[[\"'])")
# Frames of the hub that hold no message: pings, handshakes, requests, and answers without a result.
_SILENT_TYPES = frozenset({2, 3, 4, 5, 6, 7})

# Names of the three parts of a record that is an object, in small letters.
_TOPIC = ("type", "topic", "stream", "name", "category")
_PAYLOAD = ("json", "data", "payload", "content")
_STAMP = ("datetime", "timestamp", "utc", "date", "time", "sent_at")
_OF_A_SNAPSHOT = ("TimingData", "SessionInfo", "DriverList", "Heartbeat", "SessionData")
_PACKED = ("CarData", "Position")
_MILLISECONDS_FROM: Final = 1e11

FASTF1_OLD, FASTF1_NEW = "FastF1 until 3.6", "FastF1 since 3.7"
UNREAD_SNAPSHOT = "snapshot"  # the kind under which one that cannot be read is counted
HUB, HUB_OLD, LISTS = "SignalR hub frames", "undercut-f1, hub lines", "lists of topic and payload"
POINTS, SNAPSHOT_ONLY = "undercut-f1, raw points", "one snapshot"


@dataclass(frozen=True, slots=True)
class Part:
    """One topic of a snapshot that a recorder wrote without a time."""

    topic: str
    payload: object


@dataclass(frozen=True, slots=True)
class Topics:
    """A snapshot: every topic at one instant, which is mostly not named."""

    topics: Mapping[str, object]


Record = RawMessage | Part | Topics


def is_message_line(line: bytes) -> bool:
    """Return whether a line begins with a message, or with a snapshot."""
    return bool(read_records(line.split(RECORD_SEPARATOR)[0]))


def holds_lines(text: bytes) -> bool:
    """Return whether one of the first lines of a text is a record."""
    return any(is_message_line(line) for line in islice(_lines(text), _SNIFFED))


def read_records(line: bytes) -> list[Record]:
    """Return what one line holds; nothing when it is no record of a known form.

    Example:
        >>> read_records(b'{"Type": "A", "Json": {"x": 1}, "DateTime": "2026-07-05T14:00:00Z"}')[0]
        ... # doctest: +ELLIPSIS
        RawMessage(sent_at=datetime.datetime(2026, 7, 5, 14, 0, ...), topic='A', body=b'{"x":1}')
        >>> read_records(b"['Heartbeat', '{}', '']")
        [Part(topic='Heartbeat', payload={})]
    """
    if len(line) > LONGEST_LINE:
        return []
    if line[:1] not in _OPENING:
        begins = _AFTER_A_TIME.match(line)
        return [] if begins is None else read_records(line[begins.end() :])
    message = read_message(line)
    if message is not None:
        return [_sound(message)]
    try:
        return list(_records_in(load_literal(line.decode("utf-8", "replace"))))
    except ValueError:
        return _long_part(line)


def _long_part(line: bytes) -> list[Record]:
    """Return the topic in a line of FastF1's snapshot that is too long for a Python literal.

    Its payload is one text, which is read alone: what makes literals slow is their containers.
    """
    match = _LONG_PART.fullmatch(line)
    if match is None:
        return []
    try:
        text = ast.literal_eval(match[2].decode("utf-8", "replace"))
    except (ValueError, SyntaxError):
        return []
    return list(_records_in([match[1].decode(), text, ""]))


def _records_in(value: object) -> Iterator[Record]:
    if isinstance(value, tuple):
        value = list(value)
    match value:
        case [str(topic), payload]:
            yield _part(topic, payload)
        case [str(topic), payload, "" | None]:
            yield _part(topic, payload)
        case [str(topic), payload, stamp] if (at := _instant(stamp)) is not None:
            yield _message(at, topic, payload)
        case [list() | dict(), *_]:
            for each in value:
                yield from _records_in(each)
        case dict():
            yield from _in_object(value)
        case _:
            pass


def _in_object(value: dict[str, object]) -> Iterator[Record]:
    called = value.get("A") or value.get("arguments")
    frames = value.get("M")  # several messages in one frame
    reply = value.get("R") or value.get("result")
    if isinstance(called, list):
        yield from _records_in(called)
    elif isinstance(frames, list) and frames:
        for each in frames:
            yield from _records_in(each)
    elif isinstance(reply, dict):
        yield Topics({str(topic): payload for topic, payload in reply.items()})
    elif any(isinstance(value.get(each), dict) for each in _OF_A_SNAPSHOT):
        yield Topics({str(key): each for key, each in value.items()})
    else:
        yield from _by_names(value)


def _by_names(value: dict[str, object]) -> Iterator[Record]:
    """Yield the record in an object that names topic, payload and time."""
    named = {str(key).lower(): each for key, each in value.items()}
    topic, payload, stamp = (_first(named, names) for names in (_TOPIC, _PAYLOAD, _STAMP))
    if not isinstance(topic, str) or payload is None:
        return
    at = _instant(stamp)
    if at is not None:
        yield _message(at, topic, payload)
    elif not stamp:
        yield _part(topic, payload)


def _first(named: Mapping[str, object], names: Iterable[str]) -> object:
    return next((named[name] for name in names if named.get(name) is not None), None)


def _instant(stamp: object) -> datetime | None:
    """Return an instant from ISO 8601 text, or from seconds or milliseconds since 1970."""
    if isinstance(stamp, int | float) and not isinstance(stamp, bool):
        seconds = stamp / 1000 if abs(stamp) > _MILLISECONDS_FROM else stamp
        try:
            stamp = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat()
        except (OverflowError, ValueError):
            return None
    try:
        return read_instant(stamp.strip().replace("z", "Z") if isinstance(stamp, str) else stamp)
    except NotAValueError:
        return None


def _part(topic: str, payload: object) -> Part:
    return Part(*_payload(topic, payload))


def _message(at: datetime, topic: str, payload: object) -> RawMessage:
    name, told = _payload(topic, payload)
    return RawMessage(at, name, dumped(told))


def _payload(topic: str, payload: object) -> tuple[str, object]:
    """Return a topic with the payload that the feed sent, which some recorders unpack or pack.

    An object under a compressed topic has been unpacked. A text may be the JSON of the payload.
    """
    if isinstance(payload, str) and payload[:1] in {"{", '"', "n"}:
        with suppress(ValueError):
            payload = orjson.loads(payload)
    if isinstance(payload, dict):
        return topic.removesuffix(".z"), payload
    if isinstance(payload, str) and topic in _PACKED:
        return f"{topic}.z", payload
    return topic, payload


def _sound(message: RawMessage) -> RawMessage:
    """Return a message whose payload is as the feed sent it; mostly the message itself."""
    opened = message.body[:1]
    if (opened == b"{") != message.topic.endswith(".z") and opened != b'"':
        return message
    if opened == b'"' and message.topic.endswith(".z"):
        return message
    try:
        topic, payload = _payload(message.topic, orjson.loads(message.body))
    except ValueError:
        return message
    return RawMessage(message.sent_at, topic, dumped(payload))


def read_session(files: Files) -> Contents:
    """Return a folder's live messages, after its snapshot where there is one."""
    names = files.names
    text = b"\n".join(_as_lines(files.read(each)) for each in names if is_named(each, LIVE))
    found = _Found()
    for each in names:
        if is_named(each, SNAPSHOT):
            found.take_snapshot(files.read(each), each)
    found.read(text)
    return found.contents()


def is_named(name: str, endings: tuple[str, ...]) -> bool:
    """Return whether a file has one of these names, or a name that ends in one of them."""
    return name.lower().endswith(endings)


def read_lines(text: bytes) -> Contents:
    """Return the messages of a text with one record per line, or of one JSON list of records."""
    found = _Found()
    found.read(_as_lines(text))
    return found.contents()


def read_snapshot(text: bytes, name: str) -> Contents:
    """Return the topics of a snapshot, all sent at the instant of its heartbeat.

    Raises:
        FeedUnavailableError: It is not an object of topics, or names no instant.
    """
    found = _Found()
    found.take([Topics(load_snapshot(text, name))])
    return found.contents()


def is_list(text: bytes) -> bool:
    """Return whether a whole text is one JSON list of records."""
    return text.lstrip()[:1] == b"[" and _as_lines(text) is not text


def _as_lines(text: bytes) -> bytes:
    """Return a JSON list of records as lines; another text as it is."""
    start = text.lstrip()
    if start[:1] != b"[" or start[1:].lstrip()[:1] not in {b"[", b"{"}:
        return text
    try:
        records = orjson.loads(text)
    except ValueError:
        return text
    return b"\n".join(map(orjson.dumps, records))


_ENDS_A_LINE = bytes.maketrans(RECORD_SEPARATOR + b"\r", b"\n\n")


def _lines(text: bytes) -> Iterator[bytes]:
    """Yield the lines of a text, whatever ends them, without those that say nothing."""
    for raw in text.translate(_ENDS_A_LINE).split(b"\n"):
        line = raw.strip()
        if line and line not in KEEP_ALIVE:
            yield line


class _Found:
    """The records of a recording, in the order in which they were written."""

    def __init__(self) -> None:
        self._written: list[RawMessage | dict[str, object]] = []
        self._skipped: Counter[str] = Counter()
        self._forms: Counter[str] = Counter()
        self._parts: dict[str, object] | None = None

    def read(self, text: bytes) -> None:
        for line in _lines(text):
            records = read_records(line)
            if records:
                self._forms[_form(line, records[0])] += 1
                self.take(records)
            elif not _is_silent(line):
                self._skipped["line"] += 1

    def take_snapshot(self, text: bytes, name: str) -> None:
        """Take the snapshot in a file of its own; one that cannot be read is counted."""
        try:
            self.take([Topics(load_snapshot(text, name))])
        except FeedUnavailableError:
            self._skipped[UNREAD_SNAPSHOT] += 1

    def take(self, records: Iterable[Record]) -> None:
        for record in records:
            if isinstance(record, Part):
                if self._parts is None or record.topic in self._parts:
                    self._parts = {}
                    self._written.append(self._parts)
                self._parts[record.topic] = record.payload
                continue
            self._parts = None
            self._written.append(record if isinstance(record, RawMessage) else dict(record.topics))

    def contents(self) -> Contents:
        messages = placed(list(self._in_time()), self._skipped)
        # The stamps of neighbouring lines are up to two seconds out of order.
        messages.sort(key=lambda message: message.sent_at)
        return Contents(iter(messages), self._skipped, _CLOCK, self._recorder())

    def _in_time(self) -> Iterator[RawMessage]:
        """Yield messages; those of a snapshot at the instant at which it arrived.

        A snapshot says by its heartbeat how late it was, but it cannot have come after the next
        message that was written, nor before the one written last.
        """
        written = self._written
        firsts = iter(each for each in written if isinstance(each, RawMessage))
        first = min((each.sent_at for each in firsts), default=None)
        newest: datetime | None = None
        for each in written:
            if isinstance(each, RawMessage):
                newest = each.sent_at if newest is None else max(newest, each.sent_at)
                yield each
            else:
                yield from snapshot_messages(each, newest, first if newest is None else None)

    def _recorder(self) -> str:
        if FASTF1_NEW in self._forms:
            return FASTF1_NEW
        return self._forms.most_common(1)[0][0] if self._forms else SNAPSHOT_ONLY


def _is_silent(line: bytes) -> bool:
    """Whether a line is a frame of the hub, or a request to it, that holds no message."""
    try:
        value = load_literal(line.decode()) if line.startswith(b"{") else None
    except ValueError:
        return False
    if not isinstance(value, dict) or value.get("target") == "feed":
        return False
    is_request = value.get("target") is not None or "protocol" in value
    is_empty = any(name in value and not value[name] for name in ("M", "R", "result"))
    return value == {} or is_request or is_empty or value.get("type") in _SILENT_TYPES


def _form(line: bytes, record: Record) -> str:
    if line.startswith((b"['", b"('")):
        return FASTF1_NEW if isinstance(record, Part) else FASTF1_OLD
    if line.startswith(b"["):
        return FASTF1_NEW if isinstance(record, Part) else LISTS
    start = line[:400].replace(b"'", b'"')
    if isinstance(record, Topics):
        return HUB if b'"result"' in start or b'"R"' in start else SNAPSHOT_ONLY
    if b'"arguments"' in start or b'"M":[{' in start.replace(b" ", b""):
        return HUB
    return HUB_OLD if b'"A"' in start else POINTS


def load_snapshot(text: bytes, name: str) -> dict[str, object]:
    """Return a snapshot's topics.

    Raises:
        FeedUnavailableError: It is not an object of topics.
    """
    words = text.decode("utf-8", "replace").strip()
    # One client wrote its snapshots through a template that doubled the outer braces.
    if words.startswith("{{") and words.endswith("}}"):
        words = words[1:-1]
    try:
        value = load_literal(words)
    except ValueError:
        value = None
    if isinstance(value, dict):
        inner = value.get("R") or value.get("result")
        topics = inner if isinstance(inner, dict) else value
        if any(topic in topics for topic in _OF_A_SNAPSHOT):
            return topics
    raise FeedUnavailableError(f"{name} is not a snapshot: an object of topics was expected.")


def snapshot_messages(
    snapshot: Mapping[str, object], after: datetime | None, not_after: datetime | None = None
) -> list[RawMessage]:
    """Return one message per topic, sent at the snapshot's instant.

    Args:
        snapshot: The topics; those that the server withholds are null, and left out.
        after: When the message written before it was sent; the snapshot is not older.
        not_after: When the first message was sent, where none was written before.

    Raises:
        FeedUnavailableError: The snapshot names no instant and none is given.
    """
    topics = dict(_payload(topic, payload) for topic, payload in snapshot.items())
    instant = instant_of(topics)
    if after is not None:
        # Heartbeats run ahead of the stamps of all other topics.
        sent_at = after if instant is None else max(after, instant - HEARTBEAT_AHEAD)
    else:
        instants = [at for at in (instant, not_after) if at is not None]
        if not instants:
            raise FeedUnavailableError("The snapshot has neither Heartbeat nor ExtrapolatedClock.")
        sent_at = min(instants)
    names = sorted((each for each in topics if topics[each] is not None), key=topic_rank)
    return [RawMessage(sent_at, topic, dumped(topics[topic])) for topic in names]
