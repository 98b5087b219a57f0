"""What one lap tells of a car's battery: a Bayes filter over twelve steps of the lap.

    before -> [move, move, ST] [move, move, I1 and S1] .. [move, move, FL and S3] -> after

Besides the charge now it carries the charge with which the lap began, by moments, so that
what the lap spent is known with its own uncertainty, not as the difference of two estimates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from pitwall.prediction.energy.grid import LIFTS, SPENDS, STEPS, Moves, moves_of
from pitwall.prediction.energy.straight import Surplus, Vector, surplus_of
from pitwall.prediction.rules import Regime

TOW_KMH: Final = 18.0  # at a trap, nose to tail; falls with the gap
TOW_FALL_S: Final = 0.7
_ATTACK_S: Final = 1.4  # nearer than this to the car ahead a driver spends
_DEFEND_S: Final = 0.6  # and nearer than this to the car behind
_AHEAD_EDGE_S: Final = 0.12
_BEHIND_EDGE_S: Final = 0.20  # the gap behind is that of a lap ago
_ALLOWED_EDGE_S: Final = 0.08
_ANYWAY: Final = 0.05  # chance that he spends without a rival in sight: lapped cars, a whim
_UNTOLD: Final = 0.8  # chance that the mode is enabled while race control is silent
_EFFECT_SD: Final = 0.35  # of what power is worth at a trap, as a share
_TOW_SD: Final = 0.35
_SECTOR_SD_S: Final = 0.22
_STUCK_SD_S: Final = 0.5  # more, right behind another car
_LIFT_COST: Final = 0.0035  # seconds for each second of lifting to charge
_CORNER_KMH, _STRAIGHT_KMH = 215.0, 260.0  # a trap slower than the first says nothing of power
_OUTLIER: Final = 0.05
_OUTLIER_SD_KMH: Final = 25.0
_SHORTEST_S, _LONGEST_S = 50, 150


@dataclass(frozen=True, slots=True)
class TrapReading:
    """One trap of one lap.

    Attributes:
        over_kmh: Against the car's own usual there, both against the field.
        sd_kmh: Of that in a lap without fight or tow.
        straight: How much of a straight the trap is on, 0 to 1.
    """

    over_kmh: float
    sd_kmh: float
    straight: float


@dataclass(frozen=True, slots=True)
class LapSigns:
    """What the feed told of one lap, in the order of driving.

    Attributes:
        lap_s: Its duration, or a usual one.
        raced: Whether the track was clear throughout.
        traps: ST, I1, I2, FL; None where nothing is told.
        sectors_s: Against the car's own usual; NaN where not told.
        ahead_s: Gap ahead at the line before, at S1, at S2 and at the line; NaN if unknown.
        behind_s: Gap behind at the line before; NaN if unknown.
        allowed: Chance that the driver had Overtake Mode, or could open his wing, on this lap.
    """

    lap_s: float
    raced: bool
    traps: tuple[TrapReading | None, ...]
    sectors_s: tuple[float, float, float]
    ahead_s: tuple[float, float, float, float]
    behind_s: float
    allowed: float


@dataclass(frozen=True, slots=True)
class Belief:
    """What is thought of a car at a line.

    Attributes:
        state: Chance of each state of the grid.
        spent_mj: Mean and standard deviation of what the lap took, harvest beyond the ordinary
            taken off.
    """

    state: Vector
    spent_mj: tuple[float, float]


def follow_lap(regime: Regime, before: Vector | None, signs: LapSigns, *, first: bool) -> Belief:
    """Return what is thought after a lap.

    Args:
        regime: The season's rules.
        before: The state at the line before; None if that is not known.
        signs: What was told of the lap.
        first: Whether this lap began at lights out.
    """
    moves = moves_of(regime, round(max(_SHORTEST_S, min(_LONGEST_S, signs.lap_s)) / 5) * 5)
    state = moves.start(known=first) if before is None else before
    if regime.overtake_extra_mj:
        state = (1.0 - signs.allowed) * state + signs.allowed * (state @ moves.armed)
    charge = moves.charges_mj
    moments = np.stack([state, state * charge, state * charge * charge])
    surplus = surplus_of(regime)
    for step in range(STEPS):
        wish = _wish(signs, (step + 0.5) / STEPS)
        if signs.raced:
            moments = wish * (moments @ moves.fighting) + (1.0 - wish) * (moments @ moves.free)
        else:
            moments = moments @ moves.holding
        seen = _seen(signs, step, surplus)
        if seen is not None:
            moments = moments * seen[moves.modes.astype(np.int64)]
            moments = moments / moments[0].sum()
    return Belief(moments[0], _spent(moments, moves))


def _spent(moments: Vector, moves: Moves) -> tuple[float, float]:
    now = moves.charges_mj
    began, spread = moments[1], moments[2]
    mean = float(began.sum() - (moments[0] * now).sum())
    square = float(spread.sum() - 2.0 * (began * now).sum() + (moments[0] * now * now).sum())
    return mean, math.sqrt(max(square - mean * mean, 0.0))


def near(gap_s: float, limit_s: float, edge_s: float) -> float:
    """Return the chance that a gap is below a limit; 0 for an unknown one."""
    if math.isnan(gap_s):
        return 0.0
    return 1.0 / (1.0 + math.exp(max(-40.0, min(40.0, (gap_s - limit_s) / edge_s))))


def allowance(gap_s: float, detection_s: float, *, enabled: bool | None) -> float:
    """Return the chance of Overtake Mode, or DRS, on the lap after a line crossed with this gap."""
    switched = _UNTOLD if enabled is None else float(enabled)
    return switched * near(gap_s, detection_s, _ALLOWED_EDGE_S)


def tow_kmh(gap_s: Vector) -> Vector:
    """Return what the car ahead is worth at the end of a straight; 0 for an unknown gap."""
    fall = np.exp(-np.maximum(gap_s, 0.0) / TOW_FALL_S)
    return np.where(np.isfinite(gap_s), TOW_KMH * fall, 0.0)


def _wish(signs: LapSigns, share: float) -> float:
    """Return the chance that the driver has reason to spend at a share of the lap."""
    attacks = near(_ahead(signs, share), _ATTACK_S, _AHEAD_EDGE_S)
    defends = near(signs.behind_s, _DEFEND_S, _BEHIND_EDGE_S)
    return 1.0 - (1.0 - _ANYWAY) * (1.0 - attacks) * (1.0 - defends)


def _ahead(signs: LapSigns, share: float) -> float:
    """Return the gap ahead at a share of the lap, between the lines around it."""
    place = 3.0 * share
    first = min(int(place), 2)
    before, after = signs.ahead_s[first], signs.ahead_s[first + 1]
    if math.isnan(before) or math.isnan(after):
        return after if math.isnan(before) else before
    return before + (place - first) * (after - before)


_TRAP_AT: Final = {0: 0, STEPS // 3 - 1: 1, 2 * STEPS // 3 - 1: 2, STEPS - 1: 3}
_SECTOR_AT: Final = {STEPS // 3 - 1: 0, 2 * STEPS // 3 - 1: 1, STEPS - 1: 2}


def _seen(signs: LapSigns, step: int, surplus: Surplus) -> Vector | None:
    """Return the likelihood of what was told after a step, by what the driver does; or None."""
    seen: Vector | None = None
    share = (step + 1) / STEPS
    trap = signs.traps[_TRAP_AT[step]] if step in _TRAP_AT else None
    if trap is not None and trap.straight > 0.0:
        seen = _trap_likelihood(trap, _ahead(signs, share), signs.allowed, surplus)
    late = signs.sectors_s[_SECTOR_AT[step]] if step in _SECTOR_AT else math.nan
    if not math.isnan(late):
        cost = _LIFT_COST * signs.lap_s / 3.0
        gap = _ahead(signs, share)
        sd = _SECTOR_SD_S + (0.0 if math.isnan(gap) else _STUCK_SD_S * math.exp(-max(gap, 0.0)))
        expected = np.array([0.0, 0.0, cost])
        of_sector = np.exp(-0.5 * ((max(-3 * sd, min(3 * sd, late)) - expected) / sd) ** 2)
        seen = of_sector if seen is None else seen * of_sector
    return seen


def _trap_likelihood(trap: TrapReading, gap_s: float, allowed: float, surplus: Surplus) -> Vector:
    """Return how likely a trap speed is for each of the three ways to drive."""
    tow = 0.0 if math.isnan(gap_s) else TOW_KMH * math.exp(-max(gap_s, 0.0) / TOW_FALL_S)
    mode = allowed * surplus.mode
    effect = np.zeros(3)
    effect[SPENDS], effect[LIFTS] = surplus.boost, surplus.charging
    mean = trap.straight * (effect + tow + mode * np.array([1.0, 1.0, 0.0]))
    doubt = (_EFFECT_SD * effect) ** 2 + (_TOW_SD * tow) ** 2 + surplus.mode**2 * allowed
    variance = trap.sd_kmh**2 + trap.straight**2 * doubt
    off = (trap.over_kmh - mean) ** 2
    usual = np.exp(-0.5 * off / variance) / np.sqrt(variance)
    wide = math.exp(-0.5 * trap.over_kmh**2 / _OUTLIER_SD_KMH**2) / _OUTLIER_SD_KMH
    return (1.0 - _OUTLIER) * usual + _OUTLIER * wide


def straightness(usual_kmh: float) -> float:
    """Return how much of a straight a trap is on whose usual speed is this, 0 to 1."""
    if math.isnan(usual_kmh):
        return 0.0
    return max(0.0, min(1.0, (usual_kmh - _CORNER_KMH) / (_STRAIGHT_KMH - _CORNER_KMH)))
