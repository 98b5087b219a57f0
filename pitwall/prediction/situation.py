"""How long ago counts as now, and how long a lap is."""

from __future__ import annotations

from pitwall.domain.race import CarState

JUST_NOW_S = 5.0
USUAL_LAP_S = 90.0  # until a car has a lap time of its own
LONGEST_LAP_S = 150.0  # the trace reaches no further back


def lap_duration_s(car: CarState | None) -> float:
    """Return how long a lap is here, s: the car's last one, within reason."""
    last = None if car is None else car.last_lap_s
    return min(last or USUAL_LAP_S, LONGEST_LAP_S)
