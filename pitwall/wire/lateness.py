"""Strip messages that arrive late of all fields that newer messages already gave."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime

import orjson

from pitwall.wire.message import RawMessage

_REMEMBERED = 512  # messages of each topic: half a minute of the busiest one
_REMEMBERED_BYTES = 4 * 1024 * 1024  # of each topic, as a late message is compared with all of it
_DUPLICATES_KEPT = 4096
_DEEPEST = 50
_MOST_TOPICS = 100  # the feed has 40; messages of further topics pass unchecked


@dataclass(slots=True)
class _Topic:
    """The recent messages of one topic.

    Attributes:
        newest_at: The newest stamp.
        recent: Messages in order of arrival.
        size: Bytes of their bodies.
        forgotten: The newest stamp of the messages dropped from it; None before any was.
    """

    newest_at: datetime
    recent: deque[RawMessage] = field(default_factory=deque)
    size: int = 0
    forgotten: datetime | None = None

    def note(self, message: RawMessage) -> None:
        self.recent.append(message)
        self.size += len(message.body)
        while len(self.recent) > _REMEMBERED or self.size > _REMEMBERED_BYTES:
            dropped = self.recent.popleft()
            self.size -= len(dropped.body)
            self.forgotten = max(self.forgotten or dropped.sent_at, dropped.sent_at)


class Lateness:
    """Makes the newest message decide each field, in whatever order messages arrive.

    Messages in order pass untouched and cost one append. A late one is stripped of the fields
    that newer messages of its topic already gave.
    """

    def __init__(self) -> None:
        self._topics: dict[str, _Topic] = {}
        self._floor: datetime | None = None
        self._seen: set[int] = set()
        self._seen_order: deque[int] = deque()

    def restart(self, at: datetime | None) -> None:
        """Forget all messages, as a snapshot that is complete up to `at` has replaced them."""
        self._topics.clear()
        self._floor = at

    def admit(self, message: RawMessage) -> RawMessage | None:
        """Return the part of a message that still counts; None when nothing does."""
        if self._floor and message.sent_at < self._floor:
            return None
        topic = self._topics.get(message.topic)
        if topic is None or message.sent_at >= topic.newest_at:
            if topic is None:
                if len(self._topics) >= _MOST_TOPICS:
                    return message
                topic = self._topics[message.topic] = _Topic(message.sent_at)
            topic.newest_at = message.sent_at
            topic.note(message)
            return message
        return _stripped(message, topic)

    def is_repeated(self, message: RawMessage) -> bool:
        """Return whether the same message, stamp and bytes, was checked before."""
        key = hash((message.sent_at, message.topic, message.body))
        if key in self._seen:
            return True
        self._seen.add(key)
        self._seen_order.append(key)
        if len(self._seen_order) > _DUPLICATES_KEPT:
            self._seen.discard(self._seen_order.popleft())
        return False


def _stripped(late: RawMessage, topic: _Topic) -> RawMessage | None:
    """Return a late message without the fields of newer ones, and with the newest stamp."""
    if late.topic.endswith(".z"):
        return None  # a burst of telemetry is complete, so a newer one replaces it
    if topic.forgotten is not None and late.sent_at < topic.forgotten:
        return None  # newer messages have been dropped, so it cannot be compared
    left = _json(late.body)
    for newer in topic.recent:
        if newer.sent_at > late.sent_at and isinstance(left, dict):
            left = without(left, _json(newer.body))
    topic.note(late)
    if not isinstance(left, dict) or not left:
        return None
    return replace(late, sent_at=topic.newest_at, body=orjson.dumps(left))


def _json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except ValueError:
        return None


def without(late: object, newer: object, depth: int = 0) -> dict[str, object]:
    """Return the fields of a late delta that a newer one does not have.

    Example:
        >>> without({"a": {"x": 1, "y": 2}, "b": 3}, {"a": {"y": 5}})
        {'a': {'x': 1}, 'b': 3}
        >>> without({"a": [{"x": 1}, {"x": 2}]}, {"a": {"1": {"x": 3}}})
        {'a': {'0': {'x': 1}}}
    """
    remaining: dict[str, object] = {}
    newer_fields = _as_object(newer)
    for key, value in _as_object(late).items():
        if key not in newer_fields:
            remaining[key] = value
        elif depth < _DEEPEST and (rest := without(value, newer_fields[key], depth + 1)):
            remaining[key] = rest
    return remaining


def _as_object(value: object) -> dict[str, object]:
    """Return an object unchanged, and a list as an object keyed by index."""
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    return value if isinstance(value, dict) else {}
