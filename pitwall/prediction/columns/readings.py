"""Convert the gap readings of each car to arrays, and cache them until there is a new one."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from pitwall.domain.race import CarState, DriverNumber, GapSample
from pitwall.prediction.columns.spec import Vector

_NAN = float("nan")


class Readings(NamedTuple):
    """The gap readings of one car, oldest first.

    Attributes:
        at: Times, seconds since 1970.
        interval_s: To the car one place ahead; NaN for the leader, where lapped or unknown.
        position: Place in the running order; NaN if unknown.
    """

    at: Vector
    interval_s: Vector
    position: Vector


NO_READINGS: Final = Readings(np.empty(0), np.empty(0), np.empty(0))


class ReadingCache:
    """Caches the `Readings` of every car until its trace changes."""

    def __init__(self) -> None:
        self._cached: dict[DriverNumber, tuple[tuple[GapSample, ...], Readings]] = {}

    def of(self, car: CarState | None) -> Readings:
        """Return a car's readings."""
        if car is None or not car.trace:
            return NO_READINGS
        cached = self._cached.get(car.number)
        if cached is None or cached[0] is not car.trace:
            cached = self._cached[car.number] = (car.trace, _read(car.trace))
        return cached[1]


def _read(trace: tuple[GapSample, ...]) -> Readings:
    table = np.array(
        [
            (
                sample.at.timestamp(),
                _NAN if sample.interval_s is None or sample.position == 1 else sample.interval_s,
                _NAN if sample.position is None else sample.position,
            )
            for sample in trace
        ],
        dtype=np.float64,
    )
    return Readings(table[:, 0], table[:, 1], table[:, 2])
