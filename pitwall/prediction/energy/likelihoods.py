"""How likely what the feed told of a lap is, for each way in which a driver may have driven it.

He saves, spends or lifts to charge. A trap speaks of the moment it is passed at; a sector's
time and a car's own channels speak of a whole sector.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from pitwall.prediction.energy.grid import LIFTS, SPENDS, STEPS
from pitwall.prediction.energy.straight import Surplus, Vector

TOW_KMH: Final = 18.0  # at a trap, nose to tail; falls with the gap
TOW_FALL_S: Final = 0.7
_ATTACK_S: Final = 1.4  # nearer than this to the car ahead a driver spends
_DEFEND_S: Final = 0.6  # and nearer than this to the car behind
_AHEAD_EDGE_S: Final = 0.12
_BEHIND_EDGE_S: Final = 0.20  # the gap behind is that of a lap ago
_ANYWAY: Final = 0.05  # chance that he spends without a rival in sight: lapped cars, a whim
_EFFECT_SD: Final = 0.35  # of what power is worth, as a share
_TOW_SD: Final = 0.35
_SECTOR_SD_S: Final = 0.22
_STUCK_SD_S: Final = 0.5  # more, right behind another car
_LIFT_COST: Final = 0.0035  # seconds for each second of lifting to charge
_TOW_W_KG: Final = 100.0  # of pull, nose to tail: air that the car need not push
_LIFT_SHARE: Final = 0.02  # of readings off the throttle before braking, while charging
_CORNER_KMH, _STRAIGHT_KMH = 215.0, 260.0  # a trap slower than the first says nothing of power
_OUTLIER: Final = 0.05
_OUTLIER_SD: Final = 5.0  # of its usual standard deviation
_A_SECTOR: Final = STEPS // 3
_TRAP_STEPS: Final = (0, _A_SECTOR - 1, 2 * _A_SECTOR - 1, STEPS - 1)
_MIDDLES: Final = (np.arange(STEPS) + 0.5) / STEPS
_ENDS: Final = (np.arange(STEPS) + 1.0) / STEPS


@dataclass(frozen=True, slots=True)
class LapReading:
    """One thing measured, against the car's own usual.

    Attributes:
        over: In its own unit.
        sd: Of that in a lap without fight or tow.
        weight: For a trap, how much of a straight it is on, 0 to 1.
    """

    over: float
    sd: float
    weight: float = 1.0


Three = tuple[LapReading | None, LapReading | None, LapReading | None]
_NOTHING: Final[Three] = (None, None, None)


@dataclass(frozen=True, slots=True)
class LapSigns:
    """What the feed told of one lap, in the order of driving.

    Attributes:
        lap_s: Its duration, or a usual one.
        raced: Whether the track was clear throughout.
        traps_kmh: ST, I1, I2, FL; None where nothing is told.
        sectors_s: Against the car's own usual; NaN where not told.
        ahead_s: Gap ahead at the line before, at S1, at S2 and at the line; NaN if unknown.
        behind_s: Gap behind at the line before; NaN if unknown.
        allowed: Chance that the driver had Overtake Mode, or could open his wing, on this lap.
        pulls_w_kg: Power on the straights of each sector, by the car's own channels.
        lifts: Share of readings off the throttle and the brake, of each sector.
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
    """Return how much of the tow nose to tail is left at a gap; 0 for an unknown one."""
    return np.where(
        np.isfinite(gap_s), np.exp(-np.maximum(gap_s, 0.0) / TOW_FALL_S), 0.0
    )  # fmt: skip


def straightness(usual_kmh: float) -> float:
    """Return how much of a straight a trap is on whose usual speed is this, 0 to 1."""
    if math.isnan(usual_kmh):
        return 0.0
    return max(0.0, min(1.0, (usual_kmh - _CORNER_KMH) / (_STRAIGHT_KMH - _CORNER_KMH)))


def wishes(signs: LapSigns) -> list[float]:
    """Return for each step of the lap the chance that the driver has reason to spend."""
    defends = near(signs.behind_s, _DEFEND_S, _BEHIND_EDGE_S)
    idle = (1.0 - _ANYWAY) * (1.0 - defends)
    gaps = _gaps(signs.ahead_s, _MIDDLES).tolist()
    return [1.0 - idle * (1.0 - near(gap, _ATTACK_S, _AHEAD_EDGE_S)) for gap in gaps]


def likelihoods(signs: LapSigns, surplus: Surplus) -> Vector | None:
    """Return how likely what was told is after each step, shape (steps, ways); None without."""
    seen = np.ones((STEPS, 3))
    slipstream = tow(_gaps(signs.ahead_s, _ENDS))
    told = False
    for step, trap in zip(_TRAP_STEPS, signs.traps_kmh, strict=True):
        if trap is not None and trap.weight > 0.0:
            seen[step] *= _of_trap(trap, float(slipstream[step]), signs.allowed, surplus)
            told = True
    for sector in range(3):
        chance = _of_sector(signs, sector, float(slipstream[(sector + 1) * _A_SECTOR - 1]), surplus)
        if chance is not None:
            # The sector's four steps share what it tells, so that together they count it once.
            seen[sector * _A_SECTOR : (sector + 1) * _A_SECTOR] *= chance ** (1.0 / _A_SECTOR)
            told = True
    return seen if told else None


def _gaps(at_lines_s: tuple[float, ...], shares: Vector) -> Vector:
    """Return the gap ahead at shares of the lap, between the lines where it is known."""
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
    """Return what a sector's time and the car's channels tell of it; None without either."""
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
    """Return the density of a reading, normal with a wide foot, for each expected mean."""
    variance = reading.sd**2 + doubt
    usual = np.exp(-0.5 * (reading.over - mean) ** 2 / variance) / np.sqrt(variance)
    wide_sd = _OUTLIER_SD * reading.sd
    wide = math.exp(-0.5 * (reading.over / wide_sd) ** 2) / wide_sd
    return (1.0 - _OUTLIER) * usual + _OUTLIER * wide
