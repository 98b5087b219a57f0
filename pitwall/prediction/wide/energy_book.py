"""What is thought of every car's battery after every lap, kept beside the lap book.

One step of the filter for each lap, made when the book takes the lap in, so that it rests on
what was told before that crossing by anyone, and on nothing later.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from pitwall.domain.driving import Stretch
from pitwall.domain.race import LapRecord
from pitwall.prediction.energy.grid import CHARGES, LIFTS, SPENDS
from pitwall.prediction.energy.lap_filter import (
    Belief,
    LapSigns,
    TrapReading,
    allowance,
    follow_lap,
    straightness,
)
from pitwall.prediction.rules import Regime
from pitwall.prediction.wide.cells import INDEX, LAGS, LAPS, SECTORS
from pitwall.prediction.wide.spec import Vector

_TRAPS: Final = ("st", "i1", "i2", "fl")  # in the order of driving from the line
_NOISE_KMH: Final = 4.5  # of a trap in clear air, counted on 2018-2026: 3.2 to 6.6
_NOISE_LAPS: Final = 6.0  # laps that this counts for
_CARS_SD_KMH: Final = 5.3  # cars against each other in clear air, counted alike
_SLOWER_S: Final = 4.0  # a car that has not driven in clear air: its sectors tell nothing
_NAN = float("nan")
Slots = npt.NDArray[np.int64]


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
        belief = follow_lap(regime, before, _signs(cells, slot, at), first=first)
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


def _signs(cells: Vector, slot: int, at: int) -> LapSigns:
    own = cells[slot]
    clean = np.flatnonzero(own[INDEX["clean"], LAGS:at] == 1)[-20:] + LAGS
    lap_s, usual_s = own[INDEX["lap"], at], own[INDEX["ref_lap"], at]
    allowed = own[INDEX["allowed"], at - 1]
    return LapSigns(
        lap_s=float(usual_s if usual_s == usual_s else min(lap_s, 120.0) if lap_s > 0 else 90.0),
        raced=not own[INDEX["neutral"], at],
        traps=tuple(_trap(own, trap, at, clean) for trap in _TRAPS),
        sectors_s=_sectors(own, at),
        ahead_s=_gaps_ahead(cells, slot, at),
        behind_s=float(own[INDEX["chased"], at]),
        allowed=float(allowed) if allowed == allowed else 0.0,
    )


def _trap(own: Vector, trap: str, at: int, clean: Slots) -> TrapReading | None:
    over = float(own[INDEX[f"rel_{trap}"], at])
    if math.isnan(over):
        return None
    past = own[INDEX[f"rel_{trap}"], clean]
    past = past[np.isfinite(past)]
    many = len(past)
    usual, squares = 0.0, 0.0
    if many:
        share = many / (many + (_NOISE_KMH / _CARS_SD_KMH) ** 2)
        middle = float(np.median(past))
        usual, squares = share * middle, float(((past - middle) ** 2).sum())
    noise = (_NOISE_LAPS * _NOISE_KMH**2 + squares) / (_NOISE_LAPS + many)
    doubt = noise / (many + noise / _CARS_SD_KMH**2)
    sd = math.sqrt(noise + doubt)
    return TrapReading(over - usual, sd, straightness(float(own[INDEX[f"ref_{trap}"], at])))


def _sectors(own: Vector, at: int) -> tuple[float, float, float]:
    one, two, three = (
        float(own[INDEX[f"rel_{s}"], at] - own[INDEX[f"{s}_clean10"], at - 1]) for s in SECTORS
    )
    return one, two, three


def _gaps_ahead(cells: Vector, slot: int, at: int) -> tuple[float, float, float, float]:
    """Return the gaps ahead at the four lines of a lap.

    Between the lines that to the car that was ahead at the first, as long as it still is:
    whoever was passed has not completed the lap, and his sectors are not known.
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
