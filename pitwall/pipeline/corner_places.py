"""Where along a compared lap the corners of its circuit are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from pitwall.domain.circuits import CircuitGuide, CornerOnLap, Point

BESIDE_M: Final = 60.0  # a corner farther from the outline belongs to another circuit
_FEWEST_POINTS: Final = 30

Vector = npt.NDArray[np.float64]


def corners_on_lap(
    guide: CircuitGuide, length_m: float, outline: Sequence[Point] = ()
) -> tuple[CornerOnLap, ...]:
    """Return the corners along a lap, in order of driving; without those whose place is not known.

    A distance that the guide tells is taken as it is: it is not told how long the lap was along
    which it was measured. Any other is found on the outline.

    Args:
        guide: Of the lap's circuit.
        length_m: Of the lap.
        outline: One lap around the circuit from the line on, in the feed's axes, metres; the last
            point lies before the first. Empty where it is not known.
    """
    found = _projected(guide, length_m, outline)
    told = [
        (corner.name, at_m if corner.distance_m is None else corner.distance_m)
        for corner, at_m in zip(guide.corners, found, strict=True)
    ]
    placed = [
        CornerOnLap(name, at_m) for name, at_m in told if at_m is not None and at_m <= length_m
    ]
    return tuple(sorted(placed, key=lambda corner: corner.at_m))


def _projected(
    guide: CircuitGuide, length_m: float, outline: Sequence[Point]
) -> list[float | None]:
    """Return how far along the lap the outline is nearest to each corner."""
    if len(outline) < _FEWEST_POINTS:
        return [None] * len(guide.corners)
    begins = np.array(outline, dtype=float)
    steps = np.roll(begins, -1, axis=0) - begins
    long_m = np.hypot(steps[:, 0], steps[:, 1])
    whole_m = float(long_m.sum())
    if whole_m <= 0:
        return [None] * len(guide.corners)
    before_m = np.cumsum(long_m) - long_m
    return [
        None if nearest is None else nearest * length_m / whole_m
        for nearest in (
            _nearest_m(np.array(corner.at), begins, steps, before_m) for corner in guide.corners
        )
    ]


def _nearest_m(place: Vector, begins: Vector, steps: Vector, before_m: Vector) -> float | None:
    """Return the distance along the outline; None where it passes nowhere near."""
    squared = np.maximum((steps**2).sum(axis=1), 1e-9)
    share = np.clip(((place - begins) * steps).sum(axis=1) / squared, 0.0, 1.0)
    beside = place - (begins + steps * share[:, None])
    off_m = np.hypot(beside[:, 0], beside[:, 1])
    nth = int(off_m.argmin())
    if off_m[nth] > BESIDE_M:
        return None
    return float(before_m[nth] + share[nth] * np.sqrt(squared[nth]))
