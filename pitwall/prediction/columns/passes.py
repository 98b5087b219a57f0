"""Count the passes of battles at the line against the number expected.

A battle at the line is two cars less than 2.0 s apart there; it is resolved when both have crossed
the line again. Laps through the pits, or on a track that was not clear, do not count.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pitwall.prediction.columns.lap_cells import INDEX, LAGS

_LIMIT_S: Final = 2.0
_GAPS_S: Final = (0.0, 0.125, 0.375, 0.625, 0.875, 1.125, 1.375, 1.75, 2.0)
_RATES: Final = (0.65, 0.59, 0.30, 0.11, 0.040, 0.019, 0.009, 0.005, 0.004)
_RECENT: Final = timedelta(minutes=20)
_FIRST_LAP: Final = 2
_Cells = npt.NDArray[np.float64]


def expected_passes(gap_s: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the average rate of passes within the next lap for these gaps at the line, in s."""
    return np.asarray(np.interp(gap_s, _GAPS_S, _RATES))


class PassTally(NamedTuple):
    """Counts of passes, expected passes and battles."""

    passes: float = 0.0
    expected: float = 0.0
    battles: float = 0.0

    @property
    def surplus(self) -> float:
        """Passes beyond what was expected."""
        return self.passes - self.expected


NO_PASSES: Final = PassTally()


class Resolved(NamedTuple):
    """A battle at the line whose next lap is over.

    Attributes:
        order: The number of the lap that resolved it, counting the field's laps as completed.
        told: When the feed reported that lap.
        lap: The lap that both had completed when they were at the line.
        attacker, defender: Slots of the lap table.
        tally: The counts of this battle alone.
    """

    order: int
    told: datetime
    lap: int
    attacker: int
    defender: int
    tally: PassTally


class PassTable:
    """The resolved battles in order of resolution, by the slots of their cars.

    Attributes:
        state: Another object after every change, by which a cache knows whether it is up to date.
    """

    def __init__(self) -> None:
        self._all: list[Resolved] = []
        # Running totals after each battle: of the race, and of each car and pair in its part.
        self._sums: list[PassTally] = [NO_PASSES]
        self._by: dict[tuple[str, int, int], list[PassTally]] = {}
        self.state = object()

    def keep(self, laps: int) -> None:
        """Remove the battles resolved after the first `laps` laps of the field."""
        while self._all and self._all[-1].order >= laps:
            last = self._all.pop()
            self.state = object()
            self._sums.pop()
            for key in _keys(last.attacker, last.defender):
                self._by[key].pop()

    def resolve(self, cells: _Cells, slot: int, at: int, reported_at: datetime, order: int) -> None:
        """Add the battles that the crossing of `slot` at lap index `at` resolves."""
        if at - 1 < LAGS + _FIRST_LAP:
            return
        front, behind = cells[slot, [INDEX["ahead"], INDEX["behind"]], at - 1].tolist()
        if front == front:
            self._enter(cells, (slot, int(front)), at, reported_at, order)
        if behind == behind:
            self._enter(cells, (int(behind), slot), at, reported_at, order)

    def _enter(
        self, cells: _Cells, pair: tuple[int, int], at: int, reported_at: datetime, order: int
    ) -> None:
        attacker, defender = pair
        after = cells[[attacker, defender], INDEX["crossed"], at].tolist()
        gap_s = float(cells[attacker, INDEX["front"], at - 1])
        if after[0] != after[0] or after[1] != after[1] or not 0 < gap_s < _LIMIT_S:
            return
        spoiled = cells[
            [attacker, defender], INDEX["pitted"] : INDEX["neutral"] + 1, at - 1 : at + 1
        ]
        if (spoiled != 0).any():
            return
        tally = PassTally(float(after[0] < after[1]), float(expected_passes([gap_s])[0]), 1.0)
        self.state = object()
        self._all.append(Resolved(order, reported_at, at - 1 - LAGS, attacker, defender, tally))
        self._sums.append(_plus(self._sums[-1], tally))
        for key in _keys(attacker, defender):
            totals = self._by.setdefault(key, [])
            totals.append(_plus(totals[-1] if totals else NO_PASSES, tally))

    @property
    def resolved(self) -> Sequence[Resolved]:
        """Every resolved battle, in the order of resolution."""
        return self._all

    def of_race(self) -> PassTally:
        """Return the tally of all battles so far."""
        return self._sums[-1]

    def lately(self, now: datetime) -> float:
        """Return the surplus of passes in the last 20 minutes."""
        first = bisect_left(self._all, now - _RECENT, key=lambda one: one.told)
        return self._sums[-1].surplus - self._sums[first].surplus

    def as_attacker(self, slot: int) -> PassTally:
        """Return the tally of one car's attacks."""
        return self._total_of("attacker", slot, 0)

    def as_defender(self, slot: int) -> PassTally:
        """Return the tally of attacks on one car."""
        return self._total_of("defender", slot, 0)

    def of_pair(self, attacker: int, defender: int) -> PassTally:
        """Return the tally of one car's attacks on another."""
        return self._total_of("pair", attacker, defender)

    def _total_of(self, part: str, one: int, other: int) -> PassTally:
        totals = self._by.get((part, one, other))
        return totals[-1] if totals else NO_PASSES


def _keys(attacker: int, defender: int) -> tuple[tuple[str, int, int], ...]:
    return ("attacker", attacker, 0), ("defender", defender, 0), ("pair", attacker, defender)


def _plus(one: PassTally, other: PassTally) -> PassTally:
    return PassTally(*(a + b for a, b in zip(one, other, strict=True)))
