"""What a forecaster remembers of one race: what it said at the line, to learn how that came out.

The memory is a value that travels with the engine's state, so that going back in a replay brings
back what was known then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pitwall.domain.battles import Battle
from pitwall.domain.race import DriverNumber, RaceState
from pitwall.prediction.columns.passes import Resolved
from pitwall.prediction.features import FeatureBook
from pitwall.prediction.residuals import Record
from pitwall.prediction.situation import JUST_NOW_S

# A battle at a line crossing: the lap that both had completed, attacker and defender.
AtTheLine = tuple[int, DriverNumber, DriverNumber]


@dataclass(frozen=True, slots=True)
class Memory:
    """What was forecast of the battles at the line so far.

    Attributes:
        notes: The experts' plain forecast of each, in (0, 1), made when the attacker crossed.
        book: Laps and readings in the shape that features read; it saves time and changes no
            value, so that a memory without one forecasts the same. One race's alone.
    """

    notes: Mapping[AtTheLine, float] = field(default_factory=dict)
    book: FeatureBook | None = field(
        default=None, compare=False, repr=False, metadata={"volatile": True}
    )


NO_MEMORY: Final = Memory()


def at_the_line(race: RaceState, battle: Battle) -> AtTheLine | None:
    """Return which crossing this battle is at; None between the lines."""
    attacker, defender = race.cars.get(battle.attacker), race.cars.get(battle.defender)
    if attacker is None or defender is None or not (attacker.laps and defender.laps):
        return None
    back, front = attacker.laps[-1], defender.laps[-1]
    since_s = (race.as_of - back.completed_at).total_seconds()
    if back.lap_number != front.lap_number or not 0 <= since_s < JUST_NOW_S:
        return None
    return back.lap_number, battle.attacker, battle.defender


def record_of(memory: Memory) -> Record:
    """Return how the noted battles came out, as far as the book of the memory has it."""
    kept: list[tuple[Resolved, AtTheLine]] = []
    if memory.book is not None:
        laps = memory.book.laps
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


def noted(memory: Memory, at: Sequence[AtTheLine | None], chances: Sequence[float]) -> Memory:
    """Return the memory with the forecasts of battles at the line that it did not have yet."""
    new = {
        who: chance
        for who, chance in zip(at, chances, strict=True)
        if who is not None and who not in memory.notes
    }
    return Memory({**memory.notes, **new}, memory.book) if new else memory
