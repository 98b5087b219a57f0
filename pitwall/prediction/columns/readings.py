"""Convert the gap readings of each car to arrays, and cache them until there is a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from pitwall.domain.race import CarState, DriverNumber, GapSample
from pitwall.prediction.columns.spec import Vector

_NAN = float("nan")

NEWEST: Final = 56
"""How many readings of a car the columns look at: those of 150 s, and some to spare."""

AT, INTERVAL, POSITION = range(3)
"""The rows of `Readings.newest`."""


class Readings(NamedTuple):
    """The gap readings of one car.

    Attributes:
        at: Times, seconds since 1970, oldest first.
        position: Place in the running order at these times; NaN if unknown.
        newest: Times, intervals and places of the newest readings, newest first, shape
            (3, NEWEST); NaN where there are no more. An interval is to the car one place ahead;
            NaN for the leader, where lapped or unknown.
    """

    at: Vector
    position: Vector
    newest: Vector


NO_READINGS: Final = Readings(np.empty(0), np.empty(0), np.full((3, NEWEST), _NAN))


_NOWHERE: Final[Vector] = np.full(NEWEST, _NAN)


class ReadingCache:
    """Caches the `Readings` of every car until its trace changes."""

    def __init__(self) -> None:
        self._tables: dict[DriverNumber, tuple[tuple[GapSample, ...], Vector]] = {}
        self._cached: dict[DriverNumber, Readings] = {}
        self._ahead: dict[tuple[DriverNumber, DriverNumber], tuple[Readings, Readings, Vector]] = {}

    def of(self, car: CarState | None) -> Readings:
        """Return a car's readings."""
        if car is None or not car.trace:
            return NO_READINGS
        known = self._tables.get(car.number)
        if known is None or known[0] is not car.trace:
            table = _table(car.trace, known)
            self._tables[car.number] = (car.trace, table)
            self._cached[car.number] = _readings(table)
        return self._cached[car.number]

    def places_ahead(self, attacker: CarState | None, defender: CarState | None) -> Vector:
        """Return the defender's place at the attacker's newest readings, shape (NEWEST,)."""
        back, ahead = self.of(attacker), self.of(defender)
        if attacker is None or defender is None or not len(ahead.at):
            return _NOWHERE
        pair = attacker.number, defender.number
        cached = self._ahead.get(pair)
        if cached is None or cached[0] is not back or cached[1] is not ahead:
            cached = self._ahead[pair] = (back, ahead, _places_at(back.newest[AT], ahead))
        return cached[2]


def _places_at(at: Vector, car: Readings) -> Vector:
    """Return a car's place at these instants; NaN if unknown, or where the instant is NaN."""
    newest = car.at.searchsorted(at, side="right") - 1
    known = (newest >= 0) & np.isfinite(at)
    return np.where(known, car.position[newest], np.nan)


def _table(
    trace: tuple[GapSample, ...], known: tuple[tuple[GapSample, ...], Vector] | None
) -> Vector:
    """Return times, intervals and places, oldest first, shape (3, readings).

    From one tick to the next a trace mostly loses its oldest readings and gets one at its end,
    which may replace the last. The others are then taken from the table `known` of before.
    """
    before = trace[:-1]
    if known is not None and before:
        readings, table = known
        for end in (len(readings), len(readings) - 1):
            begin = end - len(before)
            # The samples are mostly the same objects, which makes this a quick comparison.
            if begin >= 0 and readings[begin:end] == before:
                return np.concatenate([table[:, begin:end], _rows(trace[-1:])], axis=1)
    return _rows(trace)


def _rows(samples: Sequence[GapSample]) -> Vector:
    rows = [
        (
            sample.at.timestamp(),
            _NAN if sample.interval_s is None or sample.position == 1 else sample.interval_s,
            _NAN if sample.position is None else sample.position,
        )
        for sample in samples
    ]
    return np.ascontiguousarray(np.array(rows, dtype=np.float64).T)


def _readings(table: Vector) -> Readings:
    many = min(table.shape[1], NEWEST)
    newest = np.full((3, NEWEST), _NAN)
    newest[:, :many] = table[:, ::-1][:, :many]
    return Readings(table[AT], table[POSITION], newest)
