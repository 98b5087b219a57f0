"""Read, order and correct the timed lines of recordings, within bounds."""

from __future__ import annotations

import heapq
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pitwall.wire.message import RawMessage

# The longest line of a real recording is a snapshot of one megabyte.
LONGEST_LINE = 16 * 1024 * 1024

LARGEST_FILE = 512 * 1024 * 1024  # one topic of a race takes at most 60 MB


# The topics that describe a session come first; other topics follow by name.
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
        clock: What the time of the messages rests on, in a few words.
        recorder: Which program or archive the recording is of, in a few words.
    """

    messages: Iterator[RawMessage]
    skipped: Mapping[str, int]
    clock: str
    recorder: str = ""


def topic_rank(topic: str) -> tuple[int, str]:
    """Return the rank of a topic among messages of one instant."""
    return _RANKS.get(topic, len(_RANKS)), topic


def in_order(
    lines: list[TimedLine], zero: datetime, stream: Iterable[TimedLine] = ()
) -> Iterator[RawMessage]:
    """Yield lines as messages in order of time; those of one instant by topic, then as in the file.

    Args:
        lines: In any order.
        zero: The instant of 0 ms.
        stream: More lines, already in order of time and topic; read one at a time.
    """

    def place(line: TimedLine) -> tuple[int, tuple[int, str]]:
        return line.ms, topic_rank(line.topic)

    for line in heapq.merge(sorted(lines, key=place), stream, key=place):
        yield RawMessage(zero + timedelta(milliseconds=line.ms), line.topic, line.body)


def read_line_time(text: bytes) -> int | None:
    """Return milliseconds from the 12 characters that open a line; None when they are not a time.

    Example:
        >>> read_line_time(b"01:00:02.345"), read_line_time(b"{")
        (3602345, None)
    """
    digits = text[0:2] + text[3:5] + text[6:8] + text[9:12]
    if len(text) != 12 or not digits.isdigit() or text[2:9:3] != b"::.":
        return None
    hours, minutes, seconds = int(text[0:2]), int(text[3:5]), int(text[6:8])
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(text[9:12])


MISPLACED = "stamp"  # the kind under which they are counted

_WITHIN = timedelta(days=1)

_NEIGHBOURS = 50  # on each side


def placed(messages: Sequence[RawMessage], skipped: Counter[str]) -> list[RawMessage]:
    """Return messages in the order they were written, with implausible stamps replaced.

    A stamp more than a day from the median of the hundred around it is a fault: it is counted,
    and replaced by that of the message before, else by the first plausible one. A recording of
    several days is fine, as each message is compared with its neighbours only.
    """
    stamps = [message.sent_at for message in messages]
    if not stamps or max(stamps) - min(stamps) <= _WITHIN:
        return list(messages)
    plausible = [abs(at - _usual(stamps, place)) <= _WITHIN for place, at in enumerate(stamps)]
    last = next(
        (at for at, is_plausible in zip(stamps, plausible, strict=True) if is_plausible), stamps[0]
    )
    corrected: list[RawMessage] = []
    for message, is_plausible in zip(messages, plausible, strict=True):
        if is_plausible:
            last = message.sent_at
            corrected.append(message)
        else:
            skipped[MISPLACED] += 1
            corrected.append(replace(message, sent_at=last))
    return corrected


def _usual(stamps: Sequence[datetime], place: int) -> datetime:
    return statistics.median_low(stamps[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS + 1])
