"""Read what a SignalR client wrote down: one message a line, snapshots, or both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import orjson

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.recording.bounds import LONGEST_LINE, read_whole
from pitwall.feeds.recording.contents import BOM, Contents, topic_rank
from pitwall.feeds.recording.envelope import read_envelope
from pitwall.feeds.recording.literal import load_literal
from pitwall.feeds.recording.placing import placed
from pitwall.wire.message import RawMessage
from pitwall.wire.values import NotAValueError, read_instant

LIVE = "live.txt"
SNAPSHOT = "subscribe.txt"

RECORD_SEPARATOR = b"\x1e"
KEEP_ALIVE = frozenset({b"{}", b'{"type":6}'})
_CLOCK = "the feed's own stamps"


def is_message_line(line: bytes) -> bool:
    """Return whether a line begins with a message, or with the reply that holds a snapshot."""
    frame = line.split(RECORD_SEPARATOR)[0]
    return read_message(frame) is not None or read_reply(frame) is not None


def read_session(folder: Path) -> Contents:
    """Return a folder's `live.txt`, after its `subscribe.txt` where there is one."""
    live, skipped = _read_lines(read_whole(folder / LIVE))
    snapshot = folder / SNAPSHOT
    if snapshot.exists():
        first = min((message.sent_at for message in live), default=None)
        live = snapshot_messages(load_snapshot(snapshot), not_after=first) + live
    return _contents(live, skipped)


def read_lines(file: Path) -> Contents:
    """Return the messages of one file with a message a line, JSON or as Python prints it."""
    return _contents(*_read_lines(read_whole(file)))


def read_snapshot(file: Path) -> Contents:
    """Return the topics of a snapshot, all sent at the instant of its heartbeat.

    Raises:
        FeedUnavailableError: It is no object of topics, or names no instant.
    """
    return _contents(snapshot_messages(load_snapshot(file)), Counter())


def _contents(messages: list[RawMessage], skipped: Counter[str]) -> Contents:
    messages = placed(messages, skipped)
    # The stamps of neighbouring lines are up to two seconds out of order.
    return Contents(iter(sorted(messages, key=lambda message: message.sent_at)), skipped, _CLOCK)


def _read_lines(text: bytes) -> tuple[list[RawMessage], Counter[str]]:
    messages: list[RawMessage] = []
    snapshots: list[dict[str, object]] = []
    skipped: Counter[str] = Counter()
    for raw in text.removeprefix(BOM).replace(RECORD_SEPARATOR, b"\n").split(b"\n"):
        line = raw.strip()
        if not line or line in KEEP_ALIVE:
            continue
        message = read_message(line)
        if message is not None:
            messages.append(message)
        elif (reply := read_reply(line)) is not None:
            snapshots.append(reply)
        else:
            skipped["line"] += 1
    return _with_snapshots(snapshots, messages), skipped


def _with_snapshots(
    snapshots: Iterable[dict[str, object]], messages: list[RawMessage]
) -> list[RawMessage]:
    first = min((message.sent_at for message in messages), default=None)
    before: list[RawMessage] = []
    for snapshot in snapshots:
        # Only the first reply can precede every message; later ones follow a reconnection.
        before += snapshot_messages(snapshot, not_after=None if before else first)
    return before + messages


def read_message(line: bytes, *, literals: bool = True) -> RawMessage | None:
    """Return the message in one record, its payload verbatim; None when it holds none.

    Args:
        line: The record.
        literals: Whether it may be as Python prints it, as some clients wrote down what came.
    """
    if len(line) > LONGEST_LINE:
        return None
    found = read_envelope(line)
    if found is not None:
        stamp = found.stamp.decode("utf-8", "replace")
        return _raw(found.topic.decode("utf-8", "replace"), stamp, found.payload)
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
        return b"null"  # a literal that JSON cannot say, such as a set: for the decoder to fault


def _raw(topic: str, stamp: str, body: bytes) -> RawMessage | None:
    try:
        return RawMessage(read_instant(stamp), topic, body)
    except NotAValueError:
        return None


def read_reply(line: bytes, *, literals: bool = True) -> dict[str, object] | None:
    """Return the snapshot in the hub's answer to Subscribe; None when the line is none."""
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


def load_snapshot(file: Path) -> dict[str, object]:
    """Return a snapshot's topics.

    Raises:
        FeedUnavailableError: It is no object of topics.
    """
    text = read_whole(file).removeprefix(BOM).decode("utf-8", "replace").strip()
    # One client wrote its snapshots through a template that doubled the outer braces.
    if text.startswith("{{") and text.endswith("}}"):
        text = text[1:-1]
    try:
        value = load_literal(text)
    except ValueError:
        value = None
    if isinstance(value, dict):
        inner = value.get("R") or value.get("result")
        topics = inner if isinstance(inner, dict) else value
        if any(topic in topics for topic in ("TimingData", "SessionInfo", "DriverList")):
            return topics
    raise FeedUnavailableError(f"{file.name} is no snapshot: an object of topics was expected.")


def snapshot_messages(
    snapshot: dict[str, object], not_after: datetime | None = None
) -> list[RawMessage]:
    """Return one message a topic, all sent at the snapshot's instant or at `not_after` if earlier.

    Raises:
        FeedUnavailableError: The snapshot names no instant and none is given.
    """
    instant = instant_of(snapshot)
    known = [at for at in (instant, not_after) if at is not None]
    if not known:
        raise FeedUnavailableError("The snapshot has neither Heartbeat nor ExtrapolatedClock.")
    sent_at = min(known)
    topics = sorted(snapshot, key=topic_rank)
    return [RawMessage(sent_at, topic, dumped(snapshot[topic])) for topic in topics]


def instant_of(snapshot: dict[str, object]) -> datetime | None:
    """Return the instant of the heartbeat, else of the clock, which may be long past its change."""
    for topic in ("Heartbeat", "ExtrapolatedClock"):
        payload = snapshot.get(topic)
        if isinstance(payload, dict):
            try:
                return read_instant(payload.get("Utc"))
            except NotAValueError:
                continue
    return None
