"""Remember the forecasts of one race, and measure how the race differed from them.

The memory is a value inside the engine's state, so that going back in a replay restores what was
known at that time. How the forecasts came out is read from the laps, which a feature cache holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from pitwall.domain.battles import Battle
from pitwall.domain.race import DriverNumber, RaceState
from pitwall.prediction.columns.lap_table import LapTable
from pitwall.prediction.columns.passes import Resolved
from pitwall.prediction.situation import JUST_NOW_S

Array = npt.NDArray[np.float64]

Ids = npt.NDArray[np.int64]

RESIDUALS: Final = ("race", "attacker", "defender", "season")

_PRIORS: Final = (6.0, 3.0, 3.0)  # variance, in battles, of the assumption that forecasts hold

_SEASON_PRIOR: Final = 40.0  # the same for a season: some six races of passes weigh as much


@dataclass(frozen=True, slots=True)
class Record:
    """The m battles of one race that were forecast when the attacker crossed the line.

    Attributes:
        resolved_s: When both had crossed the line again, and the outcome was known.
        attackers, defenders: Car numbers.
        passed: 1.0 for a pass, 0.0 for a hold; battles without an outcome are not in the record.
        forecasts: The forecasts made then, in (0, 1), from the plain mean of the experts' logits,
            so that a forecast does not react to its own earlier corrections.
    """

    resolved_s: Array
    attackers: Ids
    defenders: Ids
    passed: Array
    forecasts: Array


def season_residual(passed: Array, forecasts: Array) -> float:
    """Return how the decided battles of a season's earlier races differed from their forecasts.

    Args:
        passed: 1.0 or 0.0, shape (m,).
        forecasts: The plain forecasts made then, in (0, 1), shape (m,).
    """
    variance = float((forecasts * (1 - forecasts)).sum())
    return float((passed - forecasts).sum()) / (variance + _SEASON_PRIOR)


def running_residuals(
    record: Record, now_s: Array, attackers: Ids, defenders: Ids, season: float = 0.0
) -> Array:
    """Return the running residuals of n battles, shape (n, 4), in the order of `RESIDUALS`.

    That of the season is as given: it is frozen before a race. Each of the others is
    sum(passed - forecast) / (sum forecast (1 - forecast) + prior), over the battles of the record
    resolved by `now_s`: all of them, those of the same attacker, those of the same defender.
    """
    known = record.resolved_s[None, :] <= now_s[:, None]
    surprise = record.passed - record.forecasts
    variance = record.forecasts * (1 - record.forecasts)
    same = (
        known,
        known & (record.attackers[None, :] == attackers[:, None]),
        known & (record.defenders[None, :] == defenders[:, None]),
    )
    of_race = [
        (mask @ surprise) / (mask @ variance + prior)
        for mask, prior in zip(same, _PRIORS, strict=True)
    ]
    return np.stack([*of_race, np.full(len(now_s), season)], axis=1)


# A battle at a line crossing: the lap that both had completed, the attacker and the defender.
AtTheLine = tuple[int, DriverNumber, DriverNumber]


@dataclass(frozen=True, slots=True)
class Memory:
    """The forecasts of battles at the line so far.

    Attributes:
        notes: The experts' plain forecast of each, in (0, 1), made when the attacker crossed.
    """

    notes: Mapping[AtTheLine, float] = field(default_factory=dict)


NO_MEMORY: Final = Memory()


def at_the_line(race: RaceState, battle: Battle) -> AtTheLine | None:
    """Return the line crossing that this battle is at; None between crossings."""
    attacker, defender = race.cars.get(battle.attacker), race.cars.get(battle.defender)
    if attacker is None or defender is None or not (attacker.laps and defender.laps):
        return None
    back, front = attacker.laps[-1], defender.laps[-1]
    since_s = (race.as_of - back.completed_at).total_seconds()
    if back.lap_number != front.lap_number or not 0 <= since_s < JUST_NOW_S:
        return None
    return back.lap_number, battle.attacker, battle.defender


def record_of(memory: Memory, laps: LapTable) -> Record:
    """Return the outcomes of the noted battles, as far as the laps of their race show them."""
    kept: list[tuple[Resolved, AtTheLine]] = []
    for one in laps.passes.resolved:
        who = (one.lap, laps.number_of(one.attacker), laps.number_of(one.defender))
        if who in memory.notes:
            kept.append((one, who))
    return Record(
        resolved_s=np.array([one.told.timestamp() for one, _ in kept], dtype=np.float64),
        attackers=np.array([who[1] for _, who in kept], dtype=np.int64),
        defenders=np.array([who[2] for _, who in kept], dtype=np.int64),
        passed=np.array([one.tally.passes for one, _ in kept], dtype=np.float64),
        forecasts=np.array([memory.notes[who] for _, who in kept], dtype=np.float64),
    )


class RecordCache:
    """Caches the record of a race until a battle is resolved, or a forecast noted."""

    def __init__(self) -> None:
        self._of: tuple[Mapping[AtTheLine, float], object] | None = None
        self._record: Record | None = None

    def of(self, memory: Memory, laps: LapTable) -> Record:
        """Return the same as `record_of`."""
        of, before = (memory.notes, laps.passes.state), self._of
        if (
            self._record is None
            or before is None
            or before[0] is not of[0]
            or before[1] is not of[1]
        ):
            self._of, self._record = of, record_of(memory, laps)
        return self._record


def noted(memory: Memory, at: Sequence[AtTheLine | None], chances: Sequence[float]) -> Memory:
    """Return the memory with the new forecasts of battles at the line."""
    new = {
        who: chance
        for who, chance in zip(at, chances, strict=True)
        if who is not None and who not in memory.notes
    }
    return Memory({**memory.notes, **new}) if new else memory
