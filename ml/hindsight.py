"""Look up in an archive what became of battles: places, pit visits and flags at any later time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.metrics import Array

_STOPPED: Final = frozenset("4567")  # safety car, red flag, virtual safety car, its ending
_THREE: Final = 3
_STANDS_LAPS: Final = 2

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Car:
    """The places and pit visits of one car; times in ms of the session clock."""

    placed_ms: Array
    places: Array
    visits: tuple[tuple[float, float], ...]
    last_seen_ms: float

    def place_at(self, at_ms: Array) -> Array:
        """Return its place in the running order, shape of `at_ms`; NaN before the first."""
        if not len(self.placed_ms):
            return np.full(at_ms.shape, np.nan)
        newest = np.searchsorted(self.placed_ms, at_ms, side="right") - 1
        return np.where(newest >= 0, self.places[np.maximum(newest, 0)], np.nan)


@dataclass(frozen=True, slots=True)
class Hindsight:
    """What an archive tells of one race after the fact.

    Attributes:
        cars: By car number.
        stopped: Spans of safety cars, virtual safety cars and red flags.
        flag_ms: When the winner crossed the line for the last time.
    """

    cars: dict[int, _Car]
    stopped: tuple[tuple[float, float], ...]
    flag_ms: float

    @classmethod
    def of(cls, archive: Path, session_id: int) -> Self:
        """Read one race of the archive."""
        mine = [("session_id", "==", session_id)]
        stream, laps, status = (
            pd.read_parquet(archive / f"{name}.parquet", filters=mine)
            for name in ("timing_stream", "laps", "track_status")
        )
        crossings = laps.dropna(subset=["t_ms"])
        last = crossings[crossings.lap == crossings.lap.max()].t_ms
        placed = dict(tuple(stream.dropna(subset=["pos"]).groupby("car")))
        cars = {
            int(str(number)): _car(placed.get(number, stream.iloc[:0]), of_car)
            for number, of_car in laps.groupby("car")
        }
        return cls(cars, tuple(_spans(status)), float(last.min()) if len(last) else np.inf)

    def is_ahead(self, rows: pd.DataFrame, at_ms: Array) -> Flags:
        """Return whether each row's attacker is ahead of its defender at these times."""
        ahead = np.zeros(len(rows), dtype=bool)
        for (attacker, defender), where in _pairs(rows):
            back, front = self.cars.get(attacker), self.cars.get(defender)
            if back is not None and front is not None:
                ahead[where] = back.place_at(at_ms[where]) < front.place_at(at_ms[where])
        return ahead

    def is_undisturbed(self, rows: pd.DataFrame, begin_ms: Array, end_ms: Array) -> Flags:
        """Return whether nothing interrupted each battle between two times."""
        calm = end_ms < self.flag_ms
        calm &= ~_touch(self.stopped, begin_ms, end_ms)
        for (attacker, defender), where in _pairs(rows):
            for number in (attacker, defender):
                car = self.cars.get(number)
                if car is None:
                    calm[where] = False
                    continue
                calm[where] &= end_ms[where] <= car.last_seen_ms
                calm[where] &= ~_touch(car.visits, begin_ms[where], end_ms[where])
        return calm

    def within_three(self, rows: pd.DataFrame, y1: Array) -> Array:
        """Return 1 for a pass within three laps, 0 for none, NaN where that was interrupted.

        Args:
            rows: With `t_ms`, `horizon_ms` (one lap), `attacker`, `defender`.
            y1: The outcome of the next lap.
        """
        begin = rows.t_ms.to_numpy(np.float64)
        lap = rows.horizon_ms.to_numpy(np.float64)
        answer = y1.copy()
        for laps in range(2, _THREE + 1):
            end = begin + laps * lap
            open_still = answer == 0
            calm = self.is_undisturbed(rows, begin, end)
            passed = self.is_ahead(rows, end)
            answer = np.where(open_still & ~calm, np.nan, answer)
            answer = np.where(open_still & calm & passed, 1.0, answer)
        return answer

    def kept(self, rows: pd.DataFrame, y1: Array, passed_ms: Array) -> Array:
        """Return 1 for a pass that stood two laps later, 0 for one that did not, NaN without one.

        Args:
            rows: As for `within_three`.
            y1: The outcome of the next lap.
            passed_ms: When that outcome was known.
        """
        end = passed_ms + _STANDS_LAPS * rows.horizon_ms.to_numpy(np.float64)
        known = (y1 == 1) & np.isfinite(end)
        end = np.where(known, end, 0.0)
        begin = np.where(known, passed_ms, 0.0)
        known &= self.is_undisturbed(rows, begin, end)
        return np.where(known, self.is_ahead(rows, end).astype(np.float64), np.nan)


def _pairs(rows: pd.DataFrame) -> Iterable[tuple[tuple[int, int], npt.NDArray[np.intp]]]:
    cars = rows[["attacker", "defender"]].to_numpy(np.int64)
    pairs, which = np.unique(cars, axis=0, return_inverse=True)
    for place, (attacker, defender) in enumerate(pairs.tolist()):
        yield (attacker, defender), np.flatnonzero(which.ravel() == place)


def _car(placed: pd.DataFrame, laps: pd.DataFrame) -> _Car:
    placed = placed.sort_values("t_ms", kind="stable")
    into = sorted(laps.pit_in_ms.dropna().astype(float).tolist())
    out = sorted(laps.pit_out_ms.dropna().astype(float).tolist())
    # A visit without its other end still interrupts the battle at the end that is known.
    visits = [(i, min((o for o in out if o > i), default=np.inf)) for i in into]
    visits += [(o, o) for o in out if not any(i <= o <= end for i, end in visits)]
    crossed = laps.t_ms.dropna().astype(float)
    return _Car(
        placed.t_ms.to_numpy(np.float64),
        placed.pos.to_numpy(np.float64),
        tuple(visits),
        float(crossed.max()) if len(crossed) else -np.inf,
    )


def _spans(status: pd.DataFrame) -> list[tuple[float, float]]:
    if status.empty:
        return []
    ordered = status.sort_values("t_ms", kind="stable")
    begins = ordered.t_ms.astype(float).tolist()
    ends = [*begins[1:], np.inf]
    digits = ordered.status.astype(str).tolist()
    return [
        (begin, end)
        for begin, end, digit in zip(begins, ends, digits, strict=True)
        if digit in _STOPPED
    ]


def _touch(spans: Iterable[tuple[float, float]], begin: Array, end: Array) -> Flags:
    hit = np.zeros(len(begin), dtype=bool)
    for first, last in spans:
        hit |= (begin <= last) & (end >= first)
    return hit
