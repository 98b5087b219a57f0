"""What a message that was overtaken on its way may still say: nothing that newer ones said."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime

import orjson

from pitwall.wire.message import RawMessage

_REMEMBERED = 512  # messages of a topic: half a minute of the busiest one
_REMEMBERED_BYTES = 4 * 1024 * 1024  # of these; a late message is compared with all of them
_DUPLICATES_KEPT = 4096
_DEEPEST = 50
_MOST_TOPICS = 100  # the feed has 40; who makes up more is not followed


@dataclass(slots=True)
class _Topic:
    """What was said of late.

    Attributes:
        newest_at: The newest stamp.
        recent: Messages, as they came.
        size: Bytes of their bodies.
        forgotten: The newest stamp of those that were let go; None before any was.
    """

    newest_at: datetime
    recent: deque[RawMessage] = field(default_factory=deque)
    size: int = 0
    forgotten: datetime | None = None

    def note(self, message: RawMessage) -> None:
        self.recent.append(message)
        self.size += len(message.body)
        while len(self.recent) > _REMEMBERED or self.size > _REMEMBERED_BYTES:
            gone = self.recent.popleft()
            self.size -= len(gone.body)
            self.forgotten = max(self.forgotten or gone.sent_at, gone.sent_at)


class Lateness:
    """Lets each field be decided by the newest message that names it, in whatever order they come.

    Messages in order pass untouched and cost one append. A late one is stripped of what
    newer messages of its topic already said.
    """

    def __init__(self) -> None:
        self._topics: dict[str, _Topic] = {}
        self._floor: datetime | None = None
        self._seen: set[int] = set()
        self._seen_order: deque[int] = deque()

    def restart(self, at: datetime | None) -> None:
        """Forget everything: a snapshot, complete up to `at`, has replaced it."""
        self._topics.clear()
        self._floor = at

    def admit(self, message: RawMessage) -> RawMessage | None:
        """Return what of a message still counts; None when nothing does."""
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
        """Whether this very message, stamp and bytes, was asked about before."""
        key = hash((message.sent_at, message.topic, message.body))
        if key in self._seen:
            return True
        self._seen.add(key)
        self._seen_order.append(key)
        if len(self._seen_order) > _DUPLICATES_KEPT:
            self._seen.discard(self._seen_order.popleft())
        return False


def _stripped(late: RawMessage, topic: _Topic) -> RawMessage | None:
    """Return a late message without what newer ones said, stamped as if it came with them."""
    if late.topic.endswith(".z"):
        return None  # a burst of telemetry is whole: a newer one replaces it
    if topic.forgotten is not None and late.sent_at < topic.forgotten:
        return None  # what has been said since is forgotten
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
    """Return the fields of a late delta that a newer one does not name.

    Example:
        >>> without({"a": {"x": 1, "y": 2}, "b": 3}, {"a": {"y": 5}})
        {'a': {'x': 1}, 'b': 3}
        >>> without({"a": [{"x": 1}, {"x": 2}]}, {"a": {"1": {"x": 3}}})
        {'a': {'0': {'x': 1}}}
    """
    kept: dict[str, object] = {}
    told = _as_object(newer)
    for key, value in _as_object(late).items():
        if key not in told:
            kept[key] = value
        elif depth < _DEEPEST and (rest := without(value, told[key], depth + 1)):
            kept[key] = rest
    return kept


def _as_object(value: object) -> dict[str, object]:
    """Return an object as it is, and a list as the object that would patch it."""
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    return value if isinstance(value, dict) else {}
