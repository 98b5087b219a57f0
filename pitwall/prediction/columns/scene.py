"""Collect the inputs of the columns of one tick, one row for each battle.

Looking back by laps counts from the present: at the line, the crossing just made is the present;
elsewhere, the gap a lap ago is interpolated between the crossings around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pitwall.domain.battles import Battle, gap_at_line_s
from pitwall.domain.race import CarState, RaceState
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.columns.lap_cells import INDEX, LAGS, LAPS, MEASURED
from pitwall.prediction.columns.lap_table import LapTable
from pitwall.prediction.columns.readings import ReadingCache
from pitwall.prediction.columns.spec import Flags, Vector
from pitwall.prediction.situation import JUST_NOW_S, lap_duration_s

T = TypeVar("T")
Slots = npt.NDArray[np.int64]


class KeptOfLaps:
    """What follows from completed laps, kept until a car completes one or other battles are on."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self.values: dict[str, Any] = {}

    def turn_to(self, *key: object) -> None:
        """Drop what is kept if it was of other laps."""
        if key != self._key:
            self.clear()
            self._key = key

    def clear(self) -> None:
        """Drop what is kept."""
        self._key, self.values = (), {}


class SceneCache:
    """Laps and readings, cached so that a tick need not read the whole race again."""

    def __init__(self) -> None:
        self.laps = LapTable()
        self.readings = ReadingCache()
        self.of_laps = KeptOfLaps()


@dataclass(frozen=True, slots=True)
class Scene:
    """The battles and their race as vectors, one element for each battle.

    Attributes:
        attackers, defenders: The cars; None where a car is not in the race.
        attacker_slots, defender_slots: Their slots in the lap table.
        lap: The last lap that both have completed; 0 if none.
        now_s: The instant, seconds since 1970.
        interval_s: The newest gap from defender to attacker: the one at the line where that is
            newer than the battle's own interval; see `gap_at_line_s`.
        lap_s: Duration of a lap: the attacker's last one; see `lap_duration_s`.
        phase: Share of a lap since the attacker's last crossing; 0 at the line, 1 at most.
        lines: Gaps at the line crossings of both, newest first, shape (battles, lags).
        gaps: Gaps now, one lap ago, two laps ago and so on, shape (battles, lags - 1).
    """

    race: RaceState
    battles: Sequence[Battle]
    cache: SceneCache
    knowledge: Knowledge
    attackers: list[CarState | None]
    defenders: list[CarState | None]
    attacker_slots: Slots
    defender_slots: Slots
    lap: Slots
    now_s: float
    interval_s: Vector
    lap_s: Vector
    phase: Vector
    lines: Vector
    gaps: Vector
    _of_attacker: Vector = field(repr=False)
    _of_defender: Vector = field(repr=False)

    def a(self, cell: str, ago: int = 0) -> Vector:
        """Return a cell of the attacker's lap, `ago` laps before the last shared one."""
        return self._of_attacker[:, INDEX[cell], ago]

    def d(self, cell: str, ago: int = 0) -> Vector:
        """Return a cell of the defender's lap, `ago` laps before the last shared one."""
        return self._of_defender[:, INDEX[cell], ago]

    def once(self, what: str, compute: Callable[[Scene], T]) -> T:
        """Return what `compute` returns, computed once for as long as no car completes a lap.

        Args:
            what: Names the value.
            compute: Must use nothing of the scene but the slots of the battles' cars and completed
                laps: the present instant, gap and phase change from tick to tick.
        """
        kept = self.cache.of_laps.values
        if what not in kept:
            kept[what] = compute(self)
        found: T = kept[what]
        return found

    def of_both(self, cell: str, laps: int) -> tuple[Vector, Vector]:
        """Return a cell of the last laps of attacker and defender, newest first, (n, laps)."""
        return self._of_attacker[:, INDEX[cell], :laps], self._of_defender[:, INDEX[cell], :laps]

    def diffs(self, first: str, last: str, laps: int) -> Vector:
        """Return neighbouring cells of the last laps, attacker minus defender, (laps, cells, n)."""
        cells = slice(INDEX[first], INDEX[last] + 1)
        difference = self._of_attacker[:, cells, :laps] - self._of_defender[:, cells, :laps]
        return difference.transpose(2, 1, 0)

    def both(self, cell: str, ago: int = 0) -> tuple[tuple[str, Vector], tuple[str, Vector]]:
        """Return a cell for the attacker and for the defender, with their names."""
        return ("attacker", self.a(cell, ago)), ("defender", self.d(cell, ago))

    def diff(self, cell: str, ago: int = 0) -> Vector:
        """Return a cell, attacker minus defender."""
        return self.a(cell, ago) - self.d(cell, ago)

    def of_slots(self, slots: Vector, cells: Sequence[str], ago: int = 0) -> Vector:
        """Return cells of other cars, given by slot, (cells, n); NaN where the slot is NaN."""
        known = np.where(np.isfinite(slots), slots, 0).astype(np.int64)
        which = np.array([INDEX[cell] for cell in cells])[:, None]
        table: Vector = self.cache.laps.cells
        return np.asarray(table[known, which, np.maximum(self.lap + LAGS - ago, 0)])


def scene_of(
    race: RaceState, battles: Sequence[Battle], knowledge: Knowledge, cache: SceneCache
) -> Scene:
    """Return the inputs for these battles, and bring the cache up to the race."""
    cache.laps.follow(race, knowledge.rules.of(race.info.year))
    attackers = [race.cars.get(battle.attacker) for battle in battles]
    defenders = [race.cars.get(battle.defender) for battle in battles]
    laps = np.array(list(map(_shared_lap, attackers, defenders)), dtype=np.int64)
    known = np.array([lap > 0 for lap in laps], dtype=np.int64)
    slot_of = cache.laps.slot_of
    attacker_slots = known * np.array([slot_of(b.attacker) for b in battles], dtype=np.int64)
    defender_slots = known * np.array([slot_of(b.defender) for b in battles], dtype=np.int64)
    racing_since_s = race.racing_since.timestamp()
    kept = cache.of_laps
    kept.turn_to(
        cache.laps.state,
        racing_since_s,
        *(x.tobytes() for x in (attacker_slots, defender_slots, laps)),
    )
    if "cells" not in kept.values:
        kept.values["cells"] = _cells(
            cache.laps.cells, attacker_slots, defender_slots, laps, racing_since_s
        )
    of_attacker, of_defender, lines_before = kept.values["cells"]
    now_s = race.as_of.timestamp()
    interval_s = np.array(list(map(_interval_s, battles, attackers, defenders)), dtype=np.float64)
    lap_s = np.array([lap_duration_s(car) for car in attackers], dtype=np.float64)
    crossed = INDEX["crossed"]
    since_s = now_s - of_attacker[:, crossed, 0]
    at_line = since_s < JUST_NOW_S
    phase = np.where(at_line, 0.0, np.minimum(since_s / lap_s, 1.0))
    lines = lines_before.copy()
    lines[:, 0] = np.where(at_line, interval_s, lines[:, 0])
    return Scene(
        race, battles, cache, knowledge, attackers, defenders, attacker_slots, defender_slots,
        laps, now_s, interval_s, lap_s, phase, lines,
        _gaps(interval_s, lines, phase, at_line), of_attacker, of_defender,
    )  # fmt: skip


def _cells(
    cells: Vector, attackers: Slots, defenders: Slots, laps: Slots, racing_since_s: float
) -> tuple[Vector, Vector, Vector]:
    """Return the cells of attackers' and defenders' last laps, and their gaps at the line."""
    of_attacker, of_defender = (_last_laps(cells, slots, laps) for slots in (attackers, defenders))
    crossed = INDEX["crossed"]
    lines = of_attacker[:, crossed] - of_defender[:, crossed]
    # Behind a safety car gaps are not fought for: nothing measured there counts as racing.
    lines[of_attacker[:, crossed] < racing_since_s] = np.nan
    for of_car in (of_attacker, of_defender):
        _forget_before(of_car, racing_since_s)
    return of_attacker, of_defender, lines


def _last_laps(cells: Vector, slots: Slots, laps: Slots) -> Vector:
    """Return the cells of each car's last laps, newest first, shape (battles, cells, lags)."""
    found = np.empty((len(slots), len(INDEX), LAGS))
    for row, (slot, lap) in enumerate(zip(slots.tolist(), laps.tolist(), strict=True)):
        # A slice for each car: one index array for all of them takes ten times as long.
        found[row] = cells[slot, :, lap + 1 : lap + 1 + LAGS][:, ::-1]
    return found


def _forget_before(of_car: Vector, racing_since_s: float) -> None:
    """Clear the times and speeds of laps that began before the cars raced, in place."""
    too_early = of_car[:, INDEX["crossed"], 1:] < racing_since_s
    if too_early.any():
        measured = slice(INDEX["lap"], INDEX["lap"] + len(MEASURED))
        figures = of_car[:, measured, :-1]
        figures[np.broadcast_to(too_early[:, None], figures.shape)] = np.nan


def _shared_lap(attacker: CarState | None, defender: CarState | None) -> int:
    if attacker is None or defender is None or not (attacker.laps and defender.laps):
        return 0
    lap = min(attacker.laps[-1].lap_number, defender.laps[-1].lap_number)
    return lap if 0 < lap < LAPS else 0


def _interval_s(battle: Battle, attacker: CarState | None, defender: CarState | None) -> float:
    if attacker is None or defender is None:
        return np.nan
    at_line_s = gap_at_line_s(defender, attacker, battle.interval_at)
    return battle.interval_s if at_line_s is None else at_line_s


def _gaps(interval_s: Vector, lines: Vector, phase: Vector, at_line: Flags) -> Vector:
    past = lines[:, 1:]
    share = phase[:, None]
    between = np.where(at_line[:, None], past, share * lines[:, :-1] + (1 - share) * past)
    return np.concatenate([interval_s[:, None], between], axis=1)
