"""Estimate the charge of every car's battery after every lap, from how the lap was driven.

A car's usual value is the median of its laps in clear air so far; the noise around it is estimated
from the same laps. Both start from values for all cars and rely more on the car's own laps as they
come in.

The filter makes one step for each lap when the lap table adds it, so that it uses only data from
before that line crossing, of any car.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pitwall.domain.car_use import SectorUse
from pitwall.domain.race import LapRecord
from pitwall.prediction.columns.lap_cells import INDEX, LAGS, LAPS, SECTORS
from pitwall.prediction.columns.spec import Vector
from pitwall.prediction.energy.grid import CHARGES, LIFTS, SPENDS
from pitwall.prediction.energy.lap_filter import Belief, allowance, follow_lap
from pitwall.prediction.energy.likelihoods import LapReading, LapSigns, Three, straightness
from pitwall.prediction.rules import Regime

_CLEAN_LAPS: Final = 20

_PRIOR_LAPS: Final = 6.0  # the weight of the noise of all cars, in laps of the car's own

_USUAL_LAP_S: Final = 90.0

_NAN = float("nan")

Indices = npt.NDArray[np.int64]


class _Usual(NamedTuple):
    """Standard deviations of a car's readings in clear air, and of the medians of cars."""

    noise: float
    cars: float


_TRAP: Final = _Usual(4.5, 5.3)  # km/h; from 2018-2026, by trap: 3.2 to 6.6 and 4.8 to 5.6

_PULL: Final = _Usual(60.0, 0.0)  # W/kg

_LIFT: Final = _Usual(0.02, 0.0)  # share of readings


def signs_of(cells: Vector, slot: int, at: int) -> LapSigns:
    """Return the signs of a car's lap at index `at`, read from the cells."""
    own = cells[slot]
    clean = np.flatnonzero(own[INDEX["clean"], LAGS:at] == 1)[-_CLEAN_LAPS:] + LAGS
    green = own[INDEX["green"], at] == 1
    allowed = float(own[INDEX["allowed"], at - 1])
    return LapSigns(
        lap_s=_lap_s(own, at),
        raced=not own[INDEX["neutral"], at],
        traps_kmh=(
            _trap(own, "st", at, clean),
            _trap(own, "i1", at, clean),
            _trap(own, "i2", at, clean),
            _trap(own, "fl", at, clean),
        ),
        sectors_s=_sectors(own, at),
        ahead_s=_gaps_ahead(cells, slot, at),
        behind_s=float(own[INDEX["chased"], at]),
        allowed=0.0 if math.isnan(allowed) else allowed,
        pulls_w_kg=_by_sector(own, "pull", at, clean, _PULL) if green else (None, None, None),
        lifts=_by_sector(own, "lift", at, clean, _LIFT) if green else (None, None, None),
    )


def _lap_s(own: Vector, at: int) -> float:
    for cell in ("ref_lap", "lap"):
        lap_s = float(own[INDEX[cell], at])
        if lap_s > 0:
            return lap_s
    return _USUAL_LAP_S


def _trap(own: Vector, trap: str, at: int, clean: Indices) -> LapReading | None:
    reading = _reading(own, f"rel_{trap}", at, clean, _TRAP)
    if reading is None:
        return None
    weight = straightness(float(own[INDEX[f"ref_{trap}"], at]))
    return LapReading(reading.over, reading.sd, weight)


def _by_sector(own: Vector, what: str, at: int, clean: Indices, usual: _Usual) -> Three:
    one, two, three = (_reading(own, f"{what}_{s}", at, clean, usual) for s in SECTORS)
    return one, two, three


def _reading(own: Vector, cell: str, at: int, clean: Indices, usual: _Usual) -> LapReading | None:
    """Return a value minus the car's own median in clear air, and its noise.

    Cars differ from the field by `usual.cars`; where that is 0 the cars cannot be compared, and a
    car without laps in clear air has no reading.
    """
    value = float(own[INDEX[cell], at])
    if math.isnan(value):
        return None
    past = own[INDEX[cell], clean]
    past = past[np.isfinite(past)]
    many = len(past)
    if not many and not usual.cars:
        return None
    middle = float(np.median(past)) if many else 0.0
    squares = float(((past - middle) ** 2).sum())
    noise = (_PRIOR_LAPS * usual.noise**2 + squares) / (_PRIOR_LAPS + many)
    prior = noise / usual.cars**2 if usual.cars else 0.0
    middle *= many / (many + prior)
    return LapReading(value - middle, math.sqrt(noise + noise / (many + prior)))


def _sectors(own: Vector, at: int) -> tuple[float, float, float]:
    one, two, three = (
        float(own[INDEX[f"rel_{s}"], at] - own[INDEX[f"{s}_clean10"], at - 1]) for s in SECTORS
    )
    return one, two, three


def _gaps_ahead(cells: Vector, slot: int, at: int) -> tuple[float, float, float, float]:
    """Return the gaps ahead at the four lines of a lap.

    At the two sector lines it is the gap to the car that was ahead at the start of the lap, while
    that car is still ahead: a car that was passed has not completed the lap, so its sectors are not
    known.
    """
    own = cells[slot]
    start, end = float(own[INDEX["front"], at - 1]), float(own[INDEX["front"], at])
    ahead = own[INDEX["ahead"], at - 1]
    if math.isnan(ahead):
        return start, _NAN, _NAN, end
    other = cells[int(ahead)]
    lost = [float(own[INDEX[s], at] - other[INDEX[s], at]) for s in SECTORS[:2]]
    first = start + lost[0]
    return start, first, first + lost[1], end


class EnergyTable:
    """Beliefs about batteries, by slot and lap number.

    Attributes:
        states: Shape (slots, LAGS + LAPS, states of the grid); NaN where there is no belief.
    """

    def __init__(self, slots: int) -> None:
        self.states: Vector = np.full((slots, LAGS + LAPS, 3 * CHARGES), np.nan)

    def grow(self) -> None:
        """Make room for twice as many cars."""
        self.states = np.concatenate([self.states, np.full_like(self.states, np.nan)])

    def forget(self, slot: int, at: int) -> None:
        """Remove one lap."""
        self.states[slot, at] = np.nan

    def add(
        self, cells: Vector, place: tuple[int, int], lap: LapRecord, regime: Regime | None
    ) -> None:
        """Estimate a lap whose other cells are written, and write the cells of this module.

        Args:
            cells: The cells of the lap table.
            place: Slot and index of the lap.
            lap: The record of the lap.
            regime: The season's rules; without them nothing is estimated.
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
    """Return the probability of each charge over all ways of driving, shape (.., charges)."""
    return np.asarray(states.reshape(*states.shape[:-1], 3, CHARGES).sum(-2))


def _write_driving(own: Vector, at: int, driving: tuple[SectorUse, ...]) -> None:
    """Write the cells of the car's own channels; without readings they stay NaN."""
    readings = sum(sector_use.readings for sector_use in driving)
    if not readings:
        return
    own[INDEX["full_share"], at] = sum(sector_use.full for sector_use in driving) / readings
    own[INDEX["brake_share"], at] = sum(sector_use.braking for sector_use in driving) / readings
    own[INDEX["top"], at] = max(sector_use.top_kmh for sector_use in driving)
    for sector, sector_use in zip(SECTORS, driving, strict=False):
        if sector_use.pulls:
            own[INDEX[f"pull_{sector}"], at] = sector_use.pull_w_kg / sector_use.pulls
        if sector_use.readings:
            own[INDEX[f"lift_{sector}"], at] = sector_use.coasting / sector_use.readings


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
    """Return the gap behind at a line, if the car behind has crossed it."""
    behind = cells[slot, INDEX["behind"], at]
    if math.isnan(behind):
        return _NAN
    crossed = cells[:, INDEX["crossed"], at]
    return float(crossed[int(behind)] - crossed[slot])
