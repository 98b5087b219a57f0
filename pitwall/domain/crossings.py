"""Correct when line crossings happened by the times of the laps.

The feed reports a crossing some hundredths late, never early, and lap times are exact: the earliest
instant that both allow is the best. Now and then it reports one up to a minute late (Baku 2018:
five of 823).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pitwall.domain.race import LapRecord

LATE_S: Final = 3.0
_LATEST_S: Final = 90.0
_LAPS_BACK: Final = 4  # several crossings in a row may be late


def crossing_s(
    before_s: float | None, reported_s: float, lap_s: float | None, *, raced: bool
) -> float:
    """Return when a lap was completed, seconds since 1970.

    Args:
        before_s: When the lap before was completed; None where the feed left it out.
        reported_s: When the feed reported the crossing.
        lap_s: The lap time; None where the feed gave none.
        raced: Whether the lap was driven on a clear track and not through the pits. A time of
            another lap may leave out a stop, so that it corrects three seconds at most.

    Example:
        >>> crossing_s(100.0, 180.04, 80.0, raced=True), crossing_s(100.0, 215.0, 80.0, raced=True)
        (180.0, 180.0)
        >>> crossing_s(100.0, 215.0, 80.0, raced=False), crossing_s(None, 215.0, 80.0, raced=True)
        (215.0, 215.0)
    """
    if before_s is None or lap_s is None:
        return reported_s
    computed_s = before_s + lap_s
    latest_s = _LATEST_S if raced else LATE_S
    return computed_s if reported_s - latest_s < computed_s < reported_s else reported_s


def was_told_late(laps: Sequence[LapRecord]) -> bool:
    """Whether the feed told the last of these crossings more than three seconds late."""
    recent = laps[-_LAPS_BACK:]
    if not recent:
        return False
    at_s = reported_s = recent[0].completed_at.timestamp()
    for before, lap in pairwise(recent):
        reported_s = lap.completed_at.timestamp()
        follows = lap.lap_number == before.lap_number + 1
        raced = lap.track_clear and not lap.pitted
        at_s = crossing_s(at_s if follows else None, reported_s, lap.lap_time_s, raced=raced)
    return reported_s - at_s > LATE_S
