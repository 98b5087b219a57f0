"""Parse the gap texts of the timing feed."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SECONDS = re.compile(r"\+?(?:(\d+):)?(\d+(?:\.\d+)?)\Z")
_LAPS = re.compile(r"\+?\s*(\d+)\s*L(?:APS?)?\Z")
_LEADER = re.compile(r"LAP\s+(\d+)\Z")


@dataclass(frozen=True, slots=True)
class TimeGap:
    """Seconds behind the reference car, 0 or more."""

    seconds: float


@dataclass(frozen=True, slots=True)
class LapsDown:
    """Whole laps behind the reference car, 1 or more."""

    laps: int


@dataclass(frozen=True, slots=True)
class LeaderLap:
    """Not a gap: the car leads, and this is the lap it is on."""

    lap: int


@dataclass(frozen=True, slots=True)
class NoGap:
    """The feed cleared the gap: none is known."""


NO_GAP = NoGap()

Gap = TimeGap | LapsDown | LeaderLap | NoGap


def seconds_and_laps(gap: Gap) -> tuple[float | None, int | None]:
    """Return a gap as it is shown and stored: in seconds, or in whole laps down, or neither.

    Both are None for the leader, which has no gap to itself, and for an unknown gap.

    Example:
        >>> seconds_and_laps(TimeGap(1.2)), seconds_and_laps(LapsDown(1))
        ((1.2, None), (None, 1))
        >>> seconds_and_laps(LeaderLap(9))
        (None, None)
    """
    match gap:
        case TimeGap(seconds):
            return seconds, None
        case LapsDown(laps):
            return None, laps
        case _:
            return None, None


def seconds_of(gap: Gap) -> float | None:
    """Return a gap for subtracting: 0.0 for the leader, None where lapped or unknown."""
    if isinstance(gap, TimeGap):
        return gap.seconds
    return 0.0 if isinstance(gap, LeaderLap) else None


def parse_gap(text: str) -> Gap:
    """Return the gap that a text stands for.

    Source: `GapToLeader` and `IntervalToPositionAhead.Value` of F1 live timing.

    Raises:
        ValueError: The text has none of the known forms.

    Example:
        >>> parse_gap("+1.234"), parse_gap("+1:02.5"), parse_gap("5L"), parse_gap("+1 LAP")
        (TimeGap(seconds=1.234), TimeGap(seconds=62.5), LapsDown(laps=5), LapsDown(laps=1))
        >>> parse_gap("LAP 12"), parse_gap("")
        (LeaderLap(lap=12), NoGap())
    """
    text = text.strip().upper()
    if not text:
        return NoGap()
    if match := _SECONDS.match(text):
        return TimeGap(60.0 * int(match[1] or 0) + float(match[2]))
    if match := _LAPS.match(text):
        return LapsDown(int(match[1]))
    if match := _LEADER.match(text):
        return LeaderLap(int(match[1]))
    message = f"not a gap: {text[:40]!r}"
    raise ValueError(message)
