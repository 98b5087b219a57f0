"""What is thought of every car's battery after every lap, kept beside the lap book.

One step of the filter for each lap, made when the book takes the lap in, so that it rests on
what was told before that crossing by anyone, and on nothing later.
"""

from __future__ import annotations

import math

import numpy as np

from pitwall.domain.driving import Stretch
from pitwall.domain.race import LapRecord
from pitwall.prediction.columns.cells import INDEX, LAGS, LAPS, SECTORS
from pitwall.prediction.columns.energy_signs import signs_of
from pitwall.prediction.columns.spec import Vector
from pitwall.prediction.energy.grid import CHARGES, LIFTS, SPENDS
from pitwall.prediction.energy.lap_filter import Belief, allowance, follow_lap
from pitwall.prediction.rules import Regime

_NAN = float("nan")


class EnergyBook:
    """Beliefs by slot and lap number, and the cells that the columns read.

    Attributes:
        states: Shape (slots, LAGS + LAPS, states of the grid); NaN where nothing is thought.
    """

    def __init__(self, slots: int) -> None:
        self.states: Vector = np.full((slots, LAGS + LAPS, 3 * CHARGES), np.nan)

    def grow(self) -> None:
        """Make room for twice as many cars."""
        self.states = np.concatenate([self.states, np.full_like(self.states, np.nan)])

    def forget(self, slot: int, at: int) -> None:
        """Take one lap back."""
        self.states[slot, at] = np.nan

    def add(
        self, cells: Vector, place: tuple[int, int], lap: LapRecord, regime: Regime | None
    ) -> None:
        """Think about a lap whose other cells are written, and write the cells of this module.

        Args:
            cells: Of the lap book.
            place: Slot and index of the lap.
            lap: Its record.
            regime: The season's rules; without, nothing is thought.
        """
        slot, at = place
        own = cells[slot]
        own[INDEX["chased"], at] = _chased(cells, slot, at - 1)
        _write_driving(own, at, lap.driving)
        if regime is None:
            return
        front, enabled = float(own[INDEX["front"], at]), lap.overtake_enabled
        own[INDEX["allowed"], at] = allowance(front, regime.detection_s, enabled=enabled)
        if enabled is not None:
            own[INDEX["eligible"], at] = enabled and front <= regime.detection_s
        first = lap.lap_number == 1
        before = None if first else self.states[slot, at - 1]
        if before is not None and math.isnan(before[0]):
            before = None
        belief = follow_lap(regime, before, signs_of(cells, slot, at), first=first)
        self.states[slot, at] = belief.state
        _write(own, at, belief, regime)


def charge_chances(states: Vector) -> Vector:
    """Return the chance of each charge, whatever the driver does; shape (.., charges)."""
    return np.asarray(states.reshape(*states.shape[:-1], 3, CHARGES).sum(-2))


def _write_driving(own: Vector, at: int, driving: tuple[Stretch, ...]) -> None:
    """Write what the car's own channels tell; without any the cells stay NaN."""
    readings = sum(stretch.readings for stretch in driving)
    if not readings:
        return
    own[INDEX["full_share"], at] = sum(stretch.full for stretch in driving) / readings
    own[INDEX["brake_share"], at] = sum(stretch.braking for stretch in driving) / readings
    own[INDEX["top"], at] = max(stretch.top_kmh for stretch in driving)
    for sector, stretch in zip(SECTORS, driving, strict=False):
        if stretch.pulls:
            own[INDEX[f"pull_{sector}"], at] = stretch.pull_w_kg / stretch.pulls
        if stretch.readings:
            own[INDEX[f"lift_{sector}"], at] = stretch.coasting / stretch.readings


def _write(own: Vector, at: int, belief: Belief, regime: Regime) -> None:
    by_mode = belief.state.reshape(3, CHARGES).sum(1)
    chances = charge_chances(belief.state)
    charge = np.linspace(0.0, regime.store_mj, CHARGES)
    mean = float(chances @ charge)
    own[INDEX["charge"], at] = mean
    own[INDEX["charge_sd"], at] = math.sqrt(max(float(chances @ (charge - mean) ** 2), 0.0))
    own[INDEX["spent"], at], own[INDEX["spent_sd"], at] = belief.spent_mj
    own[INDEX["spends"], at] = by_mode[SPENDS]
    own[INDEX["lifts"], at] = by_mode[LIFTS]


def _chased(cells: Vector, slot: int, at: int) -> float:
    """Return the gap behind at a line, as far as the car behind has crossed it."""
    behind = cells[slot, INDEX["behind"], at]
    if math.isnan(behind):
        return _NAN
    crossed = cells[:, INDEX["crossed"], at]
    return float(crossed[int(behind)] - crossed[slot])
