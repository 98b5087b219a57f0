"""What the cells of a lap tell of how it was driven, each against the car's own usual.

The usual is a car's median of its laps in clear air so far, and so is the noise around it; both
begin with what is usual among cars, and lean on the car itself as laps come in.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pitwall.prediction.columns.cells import INDEX, LAGS, SECTORS
from pitwall.prediction.columns.spec import Vector
from pitwall.prediction.energy.signs import LapSigns, Reading, Three, straightness

_CLEAN_LAPS: Final = 20
_PRIOR_LAPS: Final = 6.0  # of its own that the usual noise of all cars counts for
_USUAL_LAP_S: Final = 90.0
_NAN = float("nan")
Indices = npt.NDArray[np.int64]


class _Usual(NamedTuple):
    """Standard deviations: of a car's own readings in clear air, and of cars' medians."""

    noise: float
    cars: float


_TRAP: Final = _Usual(4.5, 5.3)  # km/h; counted on 2018-2026, by trap: 3.2 to 6.6, 4.8 to 5.6
_PULL: Final = _Usual(60.0, 0.0)  # W/kg
_LIFT: Final = _Usual(0.02, 0.0)  # share of readings


def signs_of(cells: Vector, slot: int, at: int) -> LapSigns:
    """Return what the lap at index `at` of a car tells; what it rests on is in the cells."""
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


def _trap(own: Vector, trap: str, at: int, clean: Indices) -> Reading | None:
    reading = _reading(own, f"rel_{trap}", at, clean, _TRAP)
    if reading is None:
        return None
    weight = straightness(float(own[INDEX[f"ref_{trap}"], at]))
    return Reading(reading.over, reading.sd, weight)


def _by_sector(own: Vector, what: str, at: int, clean: Indices, usual: _Usual) -> Three:
    one, two, three = (_reading(own, f"{what}_{s}", at, clean, usual) for s in SECTORS)
    return one, two, three


def _reading(own: Vector, cell: str, at: int, clean: Indices, usual: _Usual) -> Reading | None:
    """Return a value against the car's own median in clear air, and its noise.

    Cars differ by `usual.cars` around the field; where that is 0 there is no common measure,
    and a car without laps in clear air tells nothing.
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
    return Reading(value - middle, math.sqrt(noise + noise / (many + prior)))


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
