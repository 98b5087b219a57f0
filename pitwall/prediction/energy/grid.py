"""Model how charge and driving change within seconds: a hidden Markov model on a grid.

A state is a charge, one of `CHARGES` values from empty to full, and what the driver does: save as
on an ordinary lap, spend to attack or defend, or lift to charge.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from pitwall.prediction.energy.straight import Vector
from pitwall.prediction.rules import Regime

CHARGES: Final = 33
SAVES, SPENDS, LIFTS = 0, 1, 2
STEPS: Final = 12  # of a lap, four to a sector
_MODES: Final = 3
_STRAIGHT: Final = 0.42  # of a lap's time on straights; 0.30 to 0.56 on the simulated circuits
_UNEVEN: Final = 0.28  # standard deviation of that share from one twelfth of a lap to the next
_SAVING_MW: Final = 0.012  # harvested beyond the ordinary by a driver who is not fighting
_CHARGING_MW: Final = 0.030  # the same by a driver who lifts
_WINNING_SD: Final = 0.25  # standard deviation of both, as a share
_RESERVE: Final = 0.15  # of the store: drivers do not fight below it
_EMPTY: Final = 0.25  # of the store: below it a driver lifts to charge
_READY: Final = 0.75  # and above it they stop lifting
_EDGE: Final = 0.04  # the width of these two limits
_WHIM: Final = 0.06  # chance that the driver does anything else
_LEAST_SD_MJ: Final = 0.02
_START: Final = (0.80, 0.06)  # at lights out, of the store: mean and standard deviation
_UNKNOWN: Final = (0.75, 0.30)  # the same for a car whose earlier laps are not known


@dataclass(frozen=True, slots=True)
class Moves:
    """The transition matrices of one twelfth of a lap; a row is the state before.

    Attributes:
        charges_mj: The charge of each state, shape (states,).
        modes: What the driver does in each state, shape (states,).
        fighting, free: With and without a rival within reach.
        holding: For a lap not raced throughout: charge is harvested for half of the time and not
            spent.
        armed: The change when Overtake Mode is granted.
    """

    charges_mj: Vector
    modes: Vector
    fighting: Vector
    free: Vector
    holding: Vector
    armed: Vector

    def start(self, *, known: bool) -> Vector:
        """Return the state at lights out, or that of a car whose earlier laps are unknown."""
        mean, sd = _START if known else _UNKNOWN
        store = float(self.charges_mj[-1])
        weight = np.exp(-0.5 * ((self.charges_mj / store - mean) / sd) ** 2)
        weight[self.modes != SAVES] *= 0.0 if known else 0.5
        return np.asarray(weight / weight.sum())


@lru_cache(maxsize=64)
def moves_of(regime: Regime, lap_s: int) -> Moves:
    """Return the transition matrices of a twelfth of a lap of `lap_s` seconds."""
    store, step_s = regime.store_mj, lap_s / STEPS
    charge = np.linspace(0.0, store, CHARGES)
    power_mw = (regime.boost_cap_kw or 0.5 * float(max(p for _, p in regime.motor_kw))) / 1000
    spend = power_mw * step_s
    shifts = np.array(
        [
            _shift(charge, _SAVING_MW * step_s, _WINNING_SD * _SAVING_MW * step_s, 0.0),
            _shift(charge, -_STRAIGHT * spend, _UNEVEN * spend, _RESERVE * store),
            _shift(charge, _CHARGING_MW * step_s, _WINNING_SD * _CHARGING_MW * step_s, 0.0),
        ]
    )
    still = np.eye(CHARGES)
    modes = np.repeat(np.arange(_MODES, dtype=np.float64), CHARGES)
    held = _combine(_switch(charge / store, SAVES), np.array([0.5 * (shifts[LIFTS] + still)] * 3))
    arm = _shift(charge, regime.overtake_extra_mj, _LEAST_SD_MJ, 0.0)
    return Moves(
        charges_mj=np.tile(charge, _MODES),
        modes=modes,
        fighting=_combine(_switch(charge / store, SPENDS), shifts),
        free=_combine(_switch(charge / store, SAVES), shifts),
        holding=held,
        armed=np.asarray(np.kron(np.eye(_MODES), arm), dtype=np.float64),
    )


def _switch(share: Vector, wish: int) -> Vector:
    """Return the chance of each next action, shape (before, charges, after).

    A driver with enough charge does `wish`.
    """
    begins = 1.0 / (1.0 + np.exp((share - _EMPTY) / _EDGE))
    goes_on = 1.0 / (1.0 + np.exp((share - _READY) / _EDGE))
    chance = np.zeros((_MODES, len(share), _MODES))
    for before in range(_MODES):
        lifts = goes_on if before == LIFTS else begins
        chance[before, :, LIFTS] = lifts
        chance[before, :, wish] += 1.0 - lifts
    return (1.0 - _WHIM) * chance + _WHIM / _MODES


def _shift(charge: Vector, mean_mj: float, sd_mj: float, floor_mj: float) -> Vector:
    """Return the transition matrix of the charge, from the floor (or a lower charge) to full."""
    step = float(charge[1] - charge[0])
    sd = max(sd_mj, _LEAST_SD_MJ)
    fine = np.linspace(-3.0, 3.0, 25)
    weights = np.exp(-0.5 * fine**2)
    weights /= weights.sum()
    table = np.zeros((len(charge), len(charge)))
    rows = np.arange(len(charge))
    for off, weight in zip(fine, weights, strict=True):
        moved = charge + mean_mj + sd * off
        low = np.minimum(charge, floor_mj)
        if mean_mj < 0:
            moved = np.minimum(moved, charge)
        place = np.clip(moved, low, charge[-1]) / step
        below = np.minimum(place.astype(np.int64), len(charge) - 2)
        part = place - below
        np.add.at(table, (rows, below), weight * (1.0 - part))
        np.add.at(table, (rows, below + 1), weight * part)
    return table


def _combine(switch: Vector, shifts: Vector) -> Vector:
    """Return P(mode and charge after | mode and charge before) as one square matrix."""
    joint = switch[:, :, :, None] * shifts.transpose(1, 0, 2)[None, :, :, :]
    states = _MODES * CHARGES
    return np.ascontiguousarray(joint.reshape(states, states))
