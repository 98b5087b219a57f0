"""Compute how likely the measurements of a lap are for each way of driving it.

The ways are to save, to spend or to lift to charge. A speed trap gives evidence for the moment at
which it is passed; a sector time and the car's own channels give evidence for a whole sector.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from pitwall.prediction.energy.grid import LIFTS, SPENDS, STEPS
from pitwall.prediction.energy.straight import Surplus, Vector

TOW_KMH: Final = 18.0  # gain at a trap, nose to tail; falls with the gap
TOW_FALL_S: Final = 0.7
_ATTACK_S: Final = 1.4  # nearer than this to the car ahead a driver spends
_DEFEND_S: Final = 0.6  # the same for the car behind
_AHEAD_EDGE_S: Final = 0.12
_BEHIND_EDGE_S: Final = 0.20  # wider, as the gap behind is a lap old
_ANYWAY: Final = 0.05  # chance of spending without a rival near, for example on lapped cars
_EFFECT_SD: Final = 0.35  # of the effect of power, as a share
_TOW_SD: Final = 0.35
_SECTOR_SD_S: Final = 0.22
_STUCK_SD_S: Final = 0.5  # added right behind another car
_LIFT_COST: Final = 0.0035  # seconds for each second of lifting to charge
_TOW_W_KG: Final = 100.0  # power saved nose to tail, as there is less drag
_LIFT_SHARE: Final = 0.02  # of readings off the throttle before braking, while charging
_CORNER_KMH, _STRAIGHT_KMH = 215.0, 260.0  # a trap slower than the first shows no power
_OUTLIER: Final = 0.05
_OUTLIER_SD: Final = 5.0  # of its usual standard deviation
_A_SECTOR: Final = STEPS // 3
_TRAP_STEPS: Final = (0, _A_SECTOR - 1, 2 * _A_SECTOR - 1, STEPS - 1)
_MIDDLES: Final = (np.arange(STEPS) + 0.5) / STEPS
_ENDS: Final = (np.arange(STEPS) + 1.0) / STEPS


@dataclass(frozen=True, slots=True)
class LapReading:
    """One measurement, relative to the car's own usual value.

    Attributes:
        over: The difference, in its own unit.
        sd: Standard deviation of that in a lap without fight or tow.
        weight: For a trap, how far it is on a straight, 0 to 1.
    """

    over: float
    sd: float
    weight: float = 1.0


Three = tuple[LapReading | None, LapReading | None, LapReading | None]
_NOTHING: Final[Three] = (None, None, None)


@dataclass(frozen=True, slots=True)
class LapSigns:
    """The measurements of one lap, in driving order.

    Attributes:
        lap_s: Its duration, or a typical one.
        raced: Whether the track was clear throughout.
        traps_kmh: ST, I1, I2, FL; None where missing.
        sectors_s: Relative to the car's own usual times; NaN where missing.
        ahead_s: Gap ahead at the previous line, at S1, at S2 and at the line; NaN if unknown.
        behind_s: Gap behind at the previous line; NaN if unknown.
        allowed: Chance that the driver had Overtake Mode, or DRS, on this lap.
        pulls_w_kg: Power on the straights of each sector, from the car's own channels.
        lifts: Share of readings off throttle and brake in each sector.
    """

    lap_s: float
    raced: bool
    traps_kmh: tuple[LapReading | None, LapReading | None, LapReading | None, LapReading | None]
    sectors_s: tuple[float, float, float]
    ahead_s: tuple[float, float, float, float]
    behind_s: float
    allowed: float
    pulls_w_kg: Three = _NOTHING
    lifts: Three = _NOTHING


def near(gap_s: float, limit_s: float, edge_s: float) -> float:
    """Return the chance that a gap is below a limit; 0 for an unknown one."""
    if math.isnan(gap_s):
        return 0.0
    return 1.0 / (1.0 + math.exp(max(-40.0, min(40.0, (gap_s - limit_s) / edge_s))))


def tow(gap_s: Vector) -> Vector:
    """Return the share of the full tow that is left at a gap; 0 for an unknown gap."""
    return np.where(
        np.isfinite(gap_s), np.exp(-np.maximum(gap_s, 0.0) / TOW_FALL_S), 0.0
    )  # fmt: skip


def straightness(usual_kmh: float) -> float:
    """Return how far a trap with this usual speed is on a straight, 0 to 1."""
    if math.isnan(usual_kmh):
        return 0.0
    return max(0.0, min(1.0, (usual_kmh - _CORNER_KMH) / (_STRAIGHT_KMH - _CORNER_KMH)))


def wishes(signs: LapSigns) -> list[float]:
    """Return the chance, for each step of the lap, that the driver has reason to spend."""
    defends = near(signs.behind_s, _DEFEND_S, _BEHIND_EDGE_S)
    idle = (1.0 - _ANYWAY) * (1.0 - defends)
    gaps = _gaps(signs.ahead_s, _MIDDLES).tolist()
    return [1.0 - idle * (1.0 - near(gap, _ATTACK_S, _AHEAD_EDGE_S)) for gap in gaps]


def likelihoods(signs: LapSigns, surplus: Surplus) -> Vector | None:
    """Return the likelihood of the measurements at each step, (steps, ways); None without any."""
    likelihood = np.ones((STEPS, 3))
    slipstream = tow(_gaps(signs.ahead_s, _ENDS))
    has_evidence = False
    for step, trap in zip(_TRAP_STEPS, signs.traps_kmh, strict=True):
        if trap is not None and trap.weight > 0.0:
            likelihood[step] *= _of_trap(trap, float(slipstream[step]), signs.allowed, surplus)
            has_evidence = True
    for sector in range(3):
        chance = _of_sector(signs, sector, float(slipstream[(sector + 1) * _A_SECTOR - 1]), surplus)
        if chance is not None:
            # The sector's four steps share its evidence, so that together they count it once.
            steps = slice(sector * _A_SECTOR, (sector + 1) * _A_SECTOR)
            likelihood[steps] *= chance ** (1.0 / _A_SECTOR)
            has_evidence = True
    return likelihood if has_evidence else None


def _gaps(at_lines_s: tuple[float, ...], shares: Vector) -> Vector:
    """Return the gap ahead at shares of the lap, interpolated between the lines."""
    known = [(index / 3.0, gap) for index, gap in enumerate(at_lines_s) if gap == gap]
    if not known:
        return np.full(len(shares), np.nan)
    places, gaps = zip(*known, strict=True)
    return np.asarray(np.interp(shares, places, gaps))


def _of_trap(trap: LapReading, slipstream: float, allowed: float, surplus: Surplus) -> Vector:
    effect = np.zeros(3)
    effect[SPENDS], effect[LIFTS] = surplus.boost, surplus.charging
    towed = TOW_KMH * slipstream
    mode = allowed * surplus.mode * np.array([1.0, 1.0, 0.0])
    doubt = (_EFFECT_SD * effect) ** 2 + (_TOW_SD * towed) ** 2 + surplus.mode**2 * allowed
    mean = trap.weight * (effect + towed + mode)
    return _normal(trap, mean, trap.weight**2 * doubt)


def _of_sector(signs: LapSigns, sector: int, slipstream: float, surplus: Surplus) -> Vector | None:
    """Return the likelihood of a sector's time and channels; None without either."""
    chance: Vector | None = None
    late = signs.sectors_s[sector]
    if not math.isnan(late):
        cost = np.array([0.0, 0.0, _LIFT_COST * signs.lap_s / 3.0])
        time = LapReading(late, _SECTOR_SD_S + _STUCK_SD_S * slipstream)
        chance = _normal(time, cost, np.zeros(3))
    pull, lift = signs.pulls_w_kg[sector], signs.lifts[sector]
    if pull is not None:
        effect = np.array([0.0, surplus.boost_w_kg, 0.0])
        towed = _TOW_W_KG * slipstream
        doubt = (_EFFECT_SD * effect) ** 2 + (_TOW_SD * towed) ** 2
        of_pull = _normal(pull, effect + towed, doubt)
        chance = of_pull if chance is None else chance * of_pull
    if lift is not None:
        effect = np.array([0.0, 0.0, _LIFT_SHARE])
        of_lift = _normal(lift, effect, (_EFFECT_SD * effect) ** 2)
        chance = of_lift if chance is None else chance * of_lift
    return chance


def _normal(reading: LapReading, mean: Vector, doubt: Vector) -> Vector:
    """Return the density of a reading, normal with wide tails, for each expected mean."""
    variance = reading.sd**2 + doubt
    usual = np.exp(-0.5 * (reading.over - mean) ** 2 / variance) / np.sqrt(variance)
    wide_sd = _OUTLIER_SD * reading.sd
    wide = math.exp(-0.5 * (reading.over / wide_sd) ** 2) / wide_sd
    return (1.0 - _OUTLIER) * usual + _OUTLIER * wide
