"""Define features and columns, and arithmetic that allows missing values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pitwall.domain.forecasts import ExpertName

Rows = npt.NDArray[np.float32]  # of the feature matrix, or of a view of it

EXPERTS: Final = tuple(ExpertName)

EVERYTHING: Final = "everything"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the feature matrix.

    Attributes:
        name: The name of the feature.
        views: The parts of the mixture that see it: `topics.SITUATION` or experts, its owner first.
    """

    name: str
    views: tuple[str, ...]

    def is_seen_by(self, view: str) -> bool:
        """Return whether a part of the mixture sees this column; `everything` sees all."""
        return view == EVERYTHING or view in self.views


def positions(columns: Sequence[Column], view: str) -> npt.NDArray[np.intp]:
    """Return where the columns of a view lie in the whole matrix, in its order."""
    return np.array([i for i, column in enumerate(columns) if column.is_seen_by(view)], np.intp)


Vector = npt.NDArray[np.float64]

Flags = npt.NDArray[np.bool_]

Columns = dict[str, Vector]

OF_BOTH: Final = (("attacker", "attacker's"), ("defender", "defender's"))


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """The definition of one feature.

    Attributes:
        name: `<what>_<of whom>_<window>_<unit>`; `diff` is attacker minus defender.
        unit: The unit of the value.
        meaning: One phrase that describes it.
        source: The live-timing fields that it comes from.
    """

    name: str
    unit: str
    meaning: str
    source: str


def least(*values: Vector) -> Vector:
    """Return the smallest of each row's known values; NaN where none is known."""
    return np.asarray(np.fmin.reduce(values))


def most(*values: Vector) -> Vector:
    """Return the largest of each row's known values; NaN where none is known."""
    return np.asarray(np.fmax.reduce(values))


def mean_of(values: Sequence[Vector] | Vector) -> Vector:
    """Return the mean of the known values over the first axis; NaN where none is known."""
    table = np.asarray(values)
    known = np.isfinite(table)
    return divide(np.where(known, table, 0.0).sum(0), known.sum(0).astype(np.float64))


def mean_along(table: Vector) -> Vector:
    """Return the mean of the known values over the last axis; NaN where none is known."""
    known = np.isfinite(table)
    return divide(np.where(known, table, 0.0).sum(-1), known.sum(-1).astype(np.float64))


def divide(top: Vector, bottom: Vector) -> Vector:
    """Return top / bottom; NaN where the bottom is 0 or missing."""
    usable = np.isfinite(bottom) & (bottom != 0)
    return np.where(usable, top / np.where(usable, bottom, 1.0), np.nan)


def within(values: Vector, limit: float) -> Vector:
    """Return values limited to -limit and limit; missing values stay missing."""
    return between(values, -limit, limit)


def between(values: Vector, low: float, high: float) -> Vector:
    """Return values limited to low and high; missing values stay missing."""
    return np.minimum(np.maximum(values, low), high)  # np.clip takes three times as long
