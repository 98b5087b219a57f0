"""Find the UTC instant at which an archive's line times begin, and how certain it is."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import orjson

from pitwall.errors import FeedUnavailableError, MalformedMessageError
from pitwall.feeds.timed_lines import TimedLine
from pitwall.wire.inflate import inflate
from pitwall.wire.session import read_offset
from pitwall.wire.values import NotAValueError, read_instant

# Among a thousand bursts there is one that was sent without delay.
_ENOUGH_BURSTS = 1000
_STAMPS = frozenset({"Utc", "Timestamp"})
# Heartbeats carry a clock that runs ahead of the stamps of all other topics, by 2.10 to
# 2.16 s in the three recordings which allow the comparison (2024, 2025).
HEARTBEAT_AHEAD = timedelta(seconds=2.1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_USUAL_LAP_MS = 90_000
_FIRST_LAP = re.compile(rb'"NumberOfLaps":"?1\b')


@dataclass(frozen=True, slots=True)
class SessionZero:
    """The instant of line time zero.

    Attributes:
        at: UTC.
        basis: What it rests on, and how far off it may be.
    """

    at: datetime
    basis: str


def find_session_zero(lines: Sequence[TimedLine], day: datetime | None = None) -> SessionZero:
    """Return the instant of line time zero, from the best evidence there is.

    A line is written after the instant it carries, so the largest difference is the truth
    plus the smallest delay. That fails where the archive's clock stood still while messages
    went on (the last hour of heartbeats shares one line time), so only bursts of telemetry
    are read that way; elsewhere the median decides.

    Args:
        lines: All lines of the session.
        day: The day of the session by the recording's path, for lines that carry no instant.

    Raises:
        FeedUnavailableError: Neither a line nor the path says when it was.
    """
    if bursts := list(_differences(lines, "CarData.z", "Position.z", most=_ENOUGH_BURSTS)):
        return _zero(_largest_usual(bursts, 60_000), "car telemetry, within 0.1 s")
    if clocks := list(_differences(lines, "ExtrapolatedClock", "SessionData")):
        return _zero(statistics.median(clocks), "session clock, within 0.1 s")
    if control := list(_differences(lines, "RaceControlMessages")):
        return _zero(_largest_usual(control, 1000), "race control, whole seconds: within 1 s")
    if beats := list(_differences(lines, "Heartbeat")):
        ahead_ms = HEARTBEAT_AHEAD / _MS
        return _zero(statistics.median(beats) - ahead_ms, "heartbeats, within 0.5 s")
    if (scheduled := _scheduled(lines)) is not None:
        return SessionZero(scheduled, "scheduled start: estimated, may be minutes off")
    if day is not None:
        return SessionZero(day, "the day in the recording's path: the time of day is not known")
    raise FeedUnavailableError(
        "The recording cannot be placed in time: it has neither telemetry, session clock, race "
        "control nor heartbeats, nor SessionInfo. Name its folder after its day, as in "
        "2026-07-05_Race."
    )


def _zero(since_epoch_ms: float, basis: str) -> SessionZero:
    return SessionZero(_EPOCH + round(since_epoch_ms) * _MS, basis)


def _largest_usual(differences: list[float], within_ms: float) -> float:
    """Return the largest difference that is near the median: that of the least delayed message."""
    middle = statistics.median(differences)
    return max(difference for difference in differences if difference <= middle + within_ms)


def _differences(
    lines: Iterable[TimedLine], *topics: str, most: int | None = None
) -> Iterator[float]:
    """Yield, for each instant named in these topics, milliseconds from 1970 to line time zero."""
    seen = 0
    for line in lines:
        if line.topic not in topics:
            continue
        seen += 1
        if most is not None and seen > most:
            return
        for instant in _instants(_payload(line)):
            yield (instant - _EPOCH) / _MS - line.ms


def _payload(line: TimedLine) -> object:
    try:
        payload: object = orjson.loads(line.body)
        if line.topic.endswith(".z"):
            return orjson.loads(inflate(payload))
    except (ValueError, MalformedMessageError):
        return None
    return payload


def _instants(payload: object) -> Iterator[datetime]:
    """Yield every `Utc` or `Timestamp` in a payload, however deep, in no particular order."""
    unread = [payload]
    while unread:
        value = unread.pop()
        if isinstance(value, list):
            unread += value
        elif isinstance(value, dict):
            for key in _STAMPS & value.keys():
                with suppress(NotAValueError):
                    yield read_instant(value[key])
            unread += (each for key, each in value.items() if _may_hold_stamps(key, each))


def _may_hold_stamps(key: str, value: object) -> bool:
    return key not in _STAMPS and (key not in {"Cars", "Entries"} or isinstance(value, list))


def _scheduled(lines: Sequence[TimedLine]) -> datetime | None:
    """Return the announced start minus the line time at which the session started."""
    info = next((_payload(line) for line in lines if line.topic == "SessionInfo"), None)
    if not isinstance(info, dict):
        return None
    fields = cast("dict[str, object]", info)
    try:
        local = read_instant(fields.get("StartDate"))
        return local - read_offset(fields.get("GmtOffset")) - _started_ms(lines) * _MS
    except (NotAValueError, OverflowError):
        return None


def _started_ms(lines: Sequence[TimedLine]) -> int:
    """Return the line time at which a session started; without a status, a lap before the first."""
    told = (
        line.ms
        for line in lines
        if line.topic == "SessionStatus" and b'"Status":"Started"' in line.body
    )
    if (started := next(told, None)) is not None:
        return started
    crossed = (
        line.ms
        for line in lines
        if line.topic == "TimingData" and _FIRST_LAP.search(line.body) is not None
    )
    return max(0, next(crossed, 0) - _USUAL_LAP_MS)
