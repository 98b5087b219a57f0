"""Queue the messages of a simulated race in order of their times."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pitwall.wire.encode import encode_body
from pitwall.wire.message import RawMessage


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """One payload, `at_s` seconds after lights out (negative before)."""

    at_s: float
    topic: str
    payload: dict[str, object]


class Outbox:
    """Sorts messages by time; mutable, and holds a few seconds' worth."""

    def __init__(self, lights_out_at: datetime) -> None:
        self._lights_out_at = lights_out_at
        self._heap: list[tuple[float, int, str, bytes]] = []
        self._count = 0

    def put(self, at_s: float, topic: str, body: bytes) -> None:
        """Add a message whose body is encoded already."""
        self._count += 1
        heapq.heappush(self._heap, (at_s, self._count, topic, body))

    def put_all(self, messages: list[QueuedMessage]) -> None:
        """Add messages."""
        for message in messages:
            self.put(message.at_s, message.topic, encode_body(message.payload))

    def until(self, at_s: float) -> Iterator[RawMessage]:
        """Yield the messages due by `at_s`."""
        heap = self._heap
        while heap and heap[0][0] <= at_s:
            due_s, _, topic, body = heapq.heappop(heap)
            yield RawMessage(self._lights_out_at + timedelta(seconds=round(due_s, 3)), topic, body)
