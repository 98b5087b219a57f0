"""Define how long a line crossing counts as just now, and how long a lap takes."""

from __future__ import annotations

from pitwall.domain.race import CarState

JUST_NOW_S = 5.0
USUAL_LAP_S = 90.0  # until a car has a lap time of its own
LONGEST_LAP_S = 150.0  # limited by the length of the trace


def lap_duration_s(car: CarState | None) -> float:
    """Return the duration of a lap, s: the car's last lap, up to 150 s."""
    last = None if car is None else car.last_lap_s
    return min(last or USUAL_LAP_S, LONGEST_LAP_S)
