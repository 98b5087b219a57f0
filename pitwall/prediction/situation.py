"""How long ago counts as now, and which of two measurements of an interval is the newer."""

from __future__ import annotations

from datetime import datetime, timedelta

from pitwall.domain.race import CarState

JUST_NOW_S = 5.0
CROSSING_NEWER = timedelta(seconds=2)
USUAL_LAP_S = 90.0  # until a car has a lap time of its own
LONGEST_LAP_S = 150.0  # the trace reaches no further back


def lap_duration_s(car: CarState | None) -> float:
    """Return how long a lap is here, s: the car's last one, within reason."""
    last = None if car is None else car.last_lap_s
    return min(last or USUAL_LAP_S, LONGEST_LAP_S)


def newest_interval_s(
    ahead: CarState, behind: CarState, feed_s: float | None, feed_at: datetime | None
) -> float | None:
    """Return the newest interval of two cars: the feed's, or that of their last line crossings.

    The crossings count when both have completed the same lap and the later crossing is
    newer than the feed's interval by `CROSSING_NEWER`. At the line the feed's own interval
    is the better of the two: it is exact, while a crossing is told some hundredths late.
    """
    if ahead.laps and behind.laps and ahead.laps[-1].lap_number == behind.laps[-1].lap_number:
        front_at, back_at = ahead.laps[-1].completed_at, behind.laps[-1].completed_at
        if back_at > front_at and (feed_at is None or back_at - feed_at > CROSSING_NEWER):
            return (back_at - front_at).total_seconds()
    return feed_s
