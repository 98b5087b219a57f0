"""What is usual: of the field at a moment, and of one car over its last laps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from pitwall.prediction.columns.cells import INDEX, LAGS, LAPS, MEASURED, RUNNING

_FIELD_LAPS: Final = 20
_FEWEST: Final = 5
_NAN = float("nan")


class FieldReference:
    """Medians of the field's last green laps, by what was measured."""

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
        """Forget all but the first `laps` laps of the field."""
        for values, order in zip(self._values, self._order, strict=True):
            while order and order[-1] >= laps:
                order.pop()
                values.pop()

    def values(self) -> list[float]:
        """Return the medians; NaN until there are five laps."""
        return [
            _median(values[-_FIELD_LAPS:]) if len(values) >= _FEWEST else _NAN
            for values in self._values
        ]


def running_figures(own: npt.NDArray[np.float64], at: int) -> list[float]:
    """Return a car's running figures after the lap at index `at`, in the order of the cells.

    All are of values relative to the field, so that fuel, tyres of the day and weather
    fall out.
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
