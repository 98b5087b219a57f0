"""Hold every completed lap of the field as numbers, with the field's usual values at that time.

A `LapTable` follows a race state: it adds new laps and removes those that the state no longer has,
so that it always equals a table built afresh from this state. A lap's figures depend only on laps
that any car completed before it; nothing later changes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pitwall.domain.crossings import crossing_s
from pitwall.domain.race import CarState, DriverNumber, LapRecord, RaceState
from pitwall.prediction.columns.energy_table import EnergyTable
from pitwall.prediction.columns.lap_cells import (
    CELLS,
    INDEX,
    LAGS,
    LAPS,
    MEASURED,
    RUNNING,
    SECTORS,
    TRAPS,
)
from pitwall.prediction.columns.passes import PassTable
from pitwall.prediction.rules import Regime

_FIELD_LAPS: Final = 20

_FEWEST: Final = 5

_NAN = float("nan")


class FieldReference:
    """The medians of the field's last green laps, by measured quantity."""

    def __init__(self) -> None:
        self._values: list[list[float]] = [[] for _ in MEASURED]
        self._order: list[list[int]] = [[] for _ in MEASURED]

    def add(self, measured: Sequence[float], order: int) -> None:
        """Add a green lap, the `order`-th lap of the field; missing values are left out."""
        for index, value in enumerate(measured):
            if value == value:
                self._values[index].append(value)
                self._order[index].append(order)

    def keep(self, laps: int) -> None:
        """Remove all but the first `laps` laps of the field."""
        for values, order in zip(self._values, self._order, strict=True):
            while order and order[-1] >= laps:
                order.pop()
                values.pop()

    def values(self) -> list[float]:
        """Return the medians; NaN before there are five laps."""
        return [
            _median(values[-_FIELD_LAPS:]) if len(values) >= _FEWEST else _NAN
            for values in self._values
        ]


def running_figures(own: npt.NDArray[np.float64], at: int) -> list[float]:
    """Return a car's running figures after the lap at index `at`, in the order of the cells.

    All are computed from values relative to the field, so that fuel, weather and the like cancel
    out.
    """
    clean = own[INDEX["clean"], LAGS : at + 1] == 1
    figures: list[float] = []
    for what, names in RUNNING.items():
        relative = own[INDEX[f"rel_{what}"], LAGS : at + 1]
        known = np.isfinite(relative)
        of_green: list[float] = relative[known].tolist()
        of_clean: list[float] = relative[known & clean].tolist()
        figures += [_figure(name, of_green, of_clean) for name in names]
    return figures


def _figure(name: str, green: list[float], clean: list[float]) -> float:
    kind, laps = _KINDS[name]
    values = clean if name.startswith("cl") else green
    if not values:
        return _NAN
    if kind == "half-life":
        return _weighted(values, laps)
    return _median(values[-laps:]) if kind == "median" else min(values[-laps:])


_KINDS: Final = {
    "med3": ("median", 3),
    "med8": ("median", 8),
    "clean10": ("median", 10),
    "clean20": ("median", 20),
    "best": ("least", LAPS),
    "best5": ("least", 5),
    "best8": ("least", 8),
    "best15": ("least", 15),
    "ewm3": ("half-life", 3),
    "ewm10": ("half-life", 10),
    "cl_e4": ("half-life", 4),
}

_WEIGHTS: Final = {
    laps: [0.5 ** (ago / laps) for ago in range(LAPS)]
    for kind, laps in _KINDS.values()
    if kind == "half-life"
}


def _weighted(values: list[float], half_life: int) -> float:
    weights = _WEIGHTS[half_life][: len(values)]
    total = sum(weight * value for weight, value in zip(weights, reversed(values), strict=True))
    return float(total / sum(weights))


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else 0.5 * (ordered[half - 1] + ordered[half])


CLEAR_AIR_S: Final = 1.8

_EMPTY: Final = 0  # the slot of a car without laps

_FIRST_SLOTS: Final = 32


class _Crossing(NamedTuple):
    """One line crossing; crossings sort in the order in which the field's laps were completed."""

    told: datetime
    crossed: float
    number: DriverNumber
    place: int  # index in the car's own laps


class LapTable:
    """The figures of the laps of a race, by car, cell and lap number.

    Attributes:
        cells: Shape (slots, cells, LAGS + LAPS); the lap number starts at index `LAGS`.
        passes: The battles at the line whose next lap is over.
        energy: The estimates of the batteries after each lap.
        state: Another object after every change, by which a cache knows whether it is up to date.
    """

    def __init__(self) -> None:
        self._begin(None)

    def _begin(self, regime: Regime | None) -> None:
        """Empty the table, for a race by these rules."""
        self.cells: npt.NDArray[np.float64] = np.full(
            (_FIRST_SLOTS, len(CELLS), LAGS + LAPS), np.nan
        )
        self.passes = PassTable()
        self.energy = EnergyTable(_FIRST_SLOTS)
        self._regime = regime
        self._slots: dict[DriverNumber, int] = {}
        self._numbers: list[DriverNumber] = [DriverNumber(0)]  # by slot; slot 0 is always empty
        self._known: dict[DriverNumber, tuple[LapRecord, ...]] = {}
        self._crossed: dict[DriverNumber, list[float]] = {}
        self._order: list[_Crossing] = []
        self._usual = FieldReference()
        self.state = object()

    def follow(self, race: RaceState, regime: Regime | None = None) -> None:
        """Bring the table up to `race`, which runs by the rules of `regime`."""
        if regime != self._regime:
            self._begin(regime)  # estimates by other rules must not stay
        changed = [c for c in race.cars.values() if self._known.get(c.number, ()) is not c.laps]
        removed = [number for number in self._known if number not in race.cars]
        if not changed and not removed:
            return
        self.state = object()
        changed += [CarState(number) for number in removed]
        first = min((at for car in changed for at in self._first_difference(car)), default=None)
        if first is not None:
            self._take_back(first)
        fresh: list[_Crossing] = []
        for number, car in {**race.cars, **{car.number: car for car in changed}}.items():
            fresh += self._times(number, car.laps)
        for crossing in sorted(fresh):
            self._add(crossing)

    def slot_of(self, number: DriverNumber) -> int:
        """Return the slot of a car's laps; the empty slot for a car without laps."""
        return self._slots.get(number, _EMPTY)

    def number_of(self, slot: int) -> DriverNumber:
        """Return the car whose laps are in a slot."""
        return self._numbers[slot]

    def crossed_s(self, number: DriverNumber, lap: int) -> float:
        """Return when a car completed a lap, seconds since 1970; NaN if unknown."""
        if not 0 <= lap < LAPS:
            return _NAN
        return float(self.cells[self.slot_of(number), INDEX["crossed"], LAGS + lap])

    def _first_difference(self, car: CarState) -> list[datetime]:
        """Return the reporting times of the first lap in which table and car differ, if any."""
        known = self._known.get(car.number, ())
        same = min(len(known), len(car.laps))
        while same and known[same - 1] is not car.laps[same - 1]:
            same -= 1
        return [laps[same].completed_at for laps in (known, car.laps) if same < len(laps)]

    def _take_back(self, first: datetime) -> None:
        """Remove all laps reported at `first` or later; those that still hold are added again."""
        while self._order and self._order[-1].told >= first:
            crossing = self._order.pop()
            lap = self._known[crossing.number][crossing.place]
            self._known[crossing.number] = self._known[crossing.number][: crossing.place]
            del self._crossed[crossing.number][crossing.place :]
            if not 0 <= lap.lap_number < LAPS:
                continue
            slot, at = self._slots[crossing.number], LAGS + lap.lap_number
            ahead = self.cells[slot, INDEX["ahead"], at]
            if ahead == ahead:
                self.cells[int(ahead), INDEX["behind"], at] = np.nan
            self.cells[slot, :, at] = np.nan
            self.energy.forget(slot, at)
        self._usual.keep(len(self._order))
        self.passes.keep(len(self._order))

    def _times(self, number: DriverNumber, laps: tuple[LapRecord, ...]) -> list[_Crossing]:
        """Return the crossings of laps that are not in the table, with corrected instants."""
        times = self._crossed.setdefault(number, [])
        begin = len(times)
        for place in range(begin, len(laps)):
            lap = laps[place]
            before = times[-1] if place and _follows(lap, laps[place - 1]) else None
            reported, raced = lap.completed_at.timestamp(), lap.track_clear and not lap.pitted
            times.append(crossing_s(before, reported, lap.lap_time_s, raced=raced))
        self._known[number] = laps
        return [
            _Crossing(laps[place].completed_at, times[place], number, place)
            for place in range(begin, len(laps))
        ]

    def _add(self, crossing: _Crossing) -> None:
        laps = self._known[crossing.number]
        lap = laps[crossing.place]
        self._order.append(crossing)
        if not 0 <= lap.lap_number < LAPS:
            return
        slot, at = self._take_slot(crossing.number), LAGS + lap.lap_number
        before = laps[crossing.place - 1] if crossing.place else None
        measured = _measured(lap, before, self._crossed[crossing.number], crossing)
        green = lap.lap_number > 1 and not lap.pitted and lap.track_clear
        green = green and measured[0] == measured[0]
        if green:
            self._usual.add(measured, len(self._order) - 1)
        usual = self._usual.values()
        own = self.cells[slot]
        own[INDEX["crossed"], at] = crossing.crossed
        own[INDEX["lap"] : INDEX["lap"] + len(MEASURED), at] = measured
        own[INDEX["ref_lap"] : INDEX["ref_lap"] + len(MEASURED), at] = usual
        if green:
            own[INDEX["rel_lap"] : INDEX["rel_lap"] + len(MEASURED), at] = _relative(
                measured, usual
            )
        self._place_in_line(slot, at)
        self._flags(own, at, lap, green=green)
        begin = INDEX["lap_med3"]
        figures = running_figures(own, at)
        own[begin : begin + len(figures), at] = figures
        self.energy.add(self.cells, (slot, at), lap, self._regime)
        self.passes.resolve(self.cells, slot, at, lap.completed_at, len(self._order) - 1)

    def _place_in_line(self, slot: int, at: int) -> None:
        """Write which car crossed the line before this one on the same lap."""
        crossed = self.cells[:, INDEX["crossed"], at]
        own = crossed[slot]
        others = crossed.copy()
        others[slot] = np.nan
        self.cells[slot, INDEX["rank"], at] = 1.0 + np.isfinite(others).sum()
        others[~(others <= own)] = -np.inf
        ahead = int(others.argmax())
        if others[ahead] > -np.inf:
            self.cells[slot, INDEX["front"], at] = own - others[ahead]
            self.cells[slot, INDEX["ahead"], at] = ahead
            self.cells[ahead, INDEX["behind"], at] = slot

    @staticmethod
    def _flags(own: npt.NDArray[np.float64], at: int, lap: LapRecord, *, green: bool) -> None:
        """Write the flags of a lap, and the counts that follow from them."""
        front = own[INDEX["front"], at - 1 : at + 1]
        clean = green and not bool((front < CLEAR_AIR_S).any())
        own[INDEX["pitted"], at] = lap.pitted
        own[INDEX["neutral"], at] = not lap.track_clear
        own[INDEX["green"], at] = green
        own[INDEX["clean"], at] = clean
        before = own[:, at - 1]
        counts = (("clean_laps", clean, 0.0), ("since_pit", lap.pitted, lap.lap_number - 1.0))
        for name, counted, start in (*counts, ("since_neutral", not lap.track_clear, 98.0)):
            last = before[INDEX[name]]
            last = start if last != last else last
            step = last + counted if name == "clean_laps" else (0.0 if counted else last + 1.0)
            own[INDEX[name], at] = min(step, 99.0)

    def _take_slot(self, number: DriverNumber) -> int:
        if number not in self._slots:
            self._slots[number] = len(self._slots) + 1
            self._numbers.append(number)
            if self._slots[number] >= len(self.cells):
                self.cells = np.concatenate([self.cells, np.full_like(self.cells, np.nan)])
                self.energy.grow()
        return self._slots[number]


def _follows(lap: LapRecord, before: LapRecord) -> bool:
    return lap.lap_number == before.lap_number + 1


def _measured(
    lap: LapRecord, before: LapRecord | None, times: list[float], crossing: _Crossing
) -> list[float]:
    lap_s = lap.lap_time_s
    if lap_s is None and before is not None and _follows(lap, before):
        lap_s = times[crossing.place] - times[crossing.place - 1]
    return [
        _NAN if lap_s is None else lap_s,
        *(_NAN if value is None else value for value in lap.sectors_s),
        *(
            _NAN if trap in lap.stale_traps else lap.speeds_kmh.get(trap, _NAN)
            for trap in map(str.upper, TRAPS)
        ),
    ]


def _relative(measured: list[float], usual: list[float]) -> list[float]:
    """Return measured minus usual values; NaN beyond 6 s or 60 km/h, below racing speed."""
    limits = [6.0] * (1 + len(SECTORS)) + [60.0] * len(TRAPS)
    differences = [value - ref for value, ref in zip(measured, usual, strict=True)]
    return [
        difference if abs(difference) <= limit else _NAN
        for difference, limit in zip(differences, limits, strict=True)
    ]
