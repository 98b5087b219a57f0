"""What a reader of recordings hands back, and the order of messages sent at one instant."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pitwall.wire.message import RawMessage

# Who and what comes before how they do; other topics follow by name.
_FIRST = ("SessionInfo", "DriverList", "SessionStatus", "TrackStatus", "LapCount", "TimingAppData")
_RANKS = {topic: rank for rank, topic in enumerate(_FIRST)}

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class TimedLine:
    """One line of an archive file.

    Attributes:
        ms: Milliseconds since the session's data began.
        topic: Such as `TimingData`.
        body: The JSON text.
    """

    ms: int
    topic: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """The messages of a recording in order of `sent_at`.

    Attributes:
        messages: Good for one pass.
        skipped: Lines left out as malformed, by kind.
        clock: In a few words, what the time of the messages rests on.
    """

    messages: Iterator[RawMessage]
    skipped: Mapping[str, int]
    clock: str


def topic_rank(topic: str) -> tuple[int, str]:
    """Return the place of a topic among messages of one instant."""
    return _RANKS.get(topic, len(_RANKS)), topic


def in_order(
    lines: list[TimedLine], zero: datetime, stream: Iterable[TimedLine] = ()
) -> Iterator[RawMessage]:
    """Yield lines as messages; those of one instant by topic, then as they stood in the file.

    Args:
        lines: In any order.
        zero: The instant of 0 ms.
        stream: More lines, in order of time and topic already; read one at a time.
    """

    def place(line: TimedLine) -> tuple[int, tuple[int, str]]:
        return line.ms, topic_rank(line.topic)

    for line in heapq.merge(sorted(lines, key=place), stream, key=place):
        yield RawMessage(zero + timedelta(milliseconds=line.ms), line.topic, line.body)


def read_line_time(text: bytes) -> int | None:
    """Return milliseconds from the 12 characters that open a line; None when they are no time.

    Example:
        >>> read_line_time(b"01:00:02.345"), read_line_time(b"{")
        (3602345, None)
    """
    digits = text[0:2] + text[3:5] + text[6:8] + text[9:12]
    if len(text) != 12 or not digits.isdigit() or text[2:9:3] != b"::.":
        return None
    hours, minutes, seconds = int(text[0:2]), int(text[3:5]), int(text[6:8])
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(text[9:12])
