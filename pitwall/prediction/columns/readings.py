"""The readings of a car's line as numbers, kept while the car says nothing new."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from pitwall.domain.race import CarState, DriverNumber, GapSample
from pitwall.prediction.columns.spec import Vector

_NAN = float("nan")


class Readings(NamedTuple):
    """One car's readings, oldest first.

    Attributes:
        at: Seconds since 1970.
        interval_s: To the car one place ahead; NaN for the leader, where lapped or unknown.
        position: Place in the running order; NaN if unknown.
    """

    at: Vector
    interval_s: Vector
    position: Vector


NO_READINGS: Final = Readings(np.empty(0), np.empty(0), np.empty(0))


class ReadingCache:
    """The newest `Readings` of every car, made anew only when its trace is another."""

    def __init__(self) -> None:
        self._kept: dict[DriverNumber, tuple[tuple[GapSample, ...], Readings]] = {}

    def of(self, car: CarState | None) -> Readings:
        """Return a car's readings."""
        if car is None or not car.trace:
            return NO_READINGS
        kept = self._kept.get(car.number)
        if kept is None or kept[0] is not car.trace:
            kept = self._kept[car.number] = (car.trace, _read(car.trace))
        return kept[1]


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
