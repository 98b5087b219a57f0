"""Compute the columns of the gap's pattern around the lap: where it was smallest, how it changed.

Readings are interpolated at eight points of a lap, counted back from the present in eighths.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from pitwall.prediction.columns.scene import Scene
from pitwall.prediction.columns.spec import Columns, FeatureSpec, Vector, between, mean_of
from pitwall.prediction.columns.stream import PairReadings

_POINTS: Final = 8
_EIGHTHS: Final = 1 - np.arange(_POINTS) / _POINTS
_SAME: Final = (0, 2, 4, 5, 6, 7)
_PARTS: Final = (slice(0, 8), slice(8, 14), slice(14, 22), slice(22, 30), slice(30, 31))
_NEAR_S: Final = 8.0
_INTERVALS = "IntervalToPositionAhead and Line of both"

SPECS: Final = (
    *(
        FeatureSpec(f"profile_pair_{q}eighth_s", "s", f"gap {8 - q}/8 lap ago", _INTERVALS)
        for q in range(_POINTS)
    ),
    FeatureSpec("gap_repeated_least_pair_s", "s", "least gap if the lap repeats", _INTERVALS),
    FeatureSpec("gap_repeated_least_pair_half_s", "s", "as before, first five points", _INTERVALS),
    FeatureSpec("profile_range_pair_s", "s", "largest minus least of the pattern", _INTERVALS),
    FeatureSpec("profile_least_pair_eighth", "eighths", "where the gap was least", _INTERVALS),
    *(
        FeatureSpec(f"gap_repeated_least_pair_{j}lap_s", "s", f"as {j} laps before", _INTERVALS)
        for j in (1, 2)
    ),
    *(
        FeatureSpec(f"profile_least_pair_{j}lap_s", "s", f"least gap, {j} laps before", _INTERVALS)
        for j in (1, 2)
    ),
    FeatureSpec("gap_repeated_least_pair_mean3_s", "s", "mean of the three laps", _INTERVALS),
    *(
        FeatureSpec(
            f"same_place_pair_{q}eighth_s", "s", "change in one lap, same place", _INTERVALS
        )
        for q in _SAME
    ),
    FeatureSpec("same_place_pair_now_s", "s", "newest reading minus a lap before", _INTERVALS),
    FeatureSpec("same_place_pair_growth_s", "s", "lap's change minus that at half lap", _INTERVALS),
)


def values(scene: Scene, readings: PairReadings, newest: Columns) -> Columns:
    """Return the columns of this module; `newest` has the newest readings of the pair."""
    lap_s = scene.a("lap")
    this = lap_s[:, None] * _EIGHTHS
    ages = [this, this[:, _SAME] + lap_s[:, None]]
    for j in (1, 2):
        since_s = scene.now_s - scene.a("crossed", j)
        ages.append(since_s[:, None] + scene.a("lap", j)[:, None] * _EIGHTHS)
    back_s = np.where(np.isfinite(newest["reading_pair_age_s"]), newest["reading_pair_age_s"], 0.0)
    ages.append((lap_s + back_s)[:, None])
    gaps = _gaps_at(readings, np.concatenate(ages, axis=1))
    profile, lap_before, first, second, then = (gaps[:, part] for part in _PARTS)
    least = np.fmin.reduce(profile, axis=1)
    known = np.isfinite(profile)
    interval, gap = scene.interval_s, scene.gaps
    before = {
        j: (np.fmin.reduce(points, axis=1), scene.lines[:, j + 1])
        for j, points in ((1, first), (2, second))
    }
    repeated = [interval + least - gap[:, 1]]
    repeated += [interval + low - line for low, line in before.values()]
    same = profile[:, _SAME] - lap_before
    where = np.where(known, profile, np.inf).argmin(1)
    return {
        **{f"profile_pair_{q}eighth_s": profile[:, q] for q in range(_POINTS)},
        "gap_repeated_least_pair_s": repeated[0],
        "gap_repeated_least_pair_half_s": (
            interval + np.fmin.reduce(profile[:, :5], axis=1) - gap[:, 1]
        ),
        "profile_range_pair_s": np.fmax.reduce(profile, axis=1) - least,
        "profile_least_pair_eighth": np.where(known.any(1), where, np.nan),
        **{f"gap_repeated_least_pair_{j}lap_s": repeated[j] for j in (1, 2)},
        **{f"profile_least_pair_{j}lap_s": before[j][0] for j in (1, 2)},
        "gap_repeated_least_pair_mean3_s": mean_of(repeated),
        **{f"same_place_pair_{q}eighth_s": same[:, i] for i, q in enumerate(_SAME)},
        "same_place_pair_now_s": newest["reading_0_pair_s"] - then[:, 0],
        "same_place_pair_growth_s": (
            between(gap[:, 0] - gap[:, 1], -5.0, 5.0) - same[:, _SAME.index(4)]
        ),
    }


def _gaps_at(readings: PairReadings, ages_s: Vector) -> Vector:
    """Return the gaps at these ages, interpolated; NaN where no reading is within 8 s.

    Args:
        readings: The readings of n battles.
        ages_s: Shape (n, k), of each battle.
    """
    known = np.isfinite(readings.gap_s)
    many = known.sum(1)[:, None]
    # Readings of the pair in front, newest first; where there are no more, infinitely long ago.
    order = np.argsort(~known, axis=1, kind="stable")[:, : max(many.max(), 1)]
    age = np.where(known, readings.age_s, np.inf)
    age, gap = (np.take_along_axis(each, order, axis=1) for each in (age, readings.gap_s))
    newer = (age[:, None, :] < ages_s[:, :, None]).sum(-1)
    last = np.maximum(many - 1, 0)
    after = np.minimum(np.maximum(newer, 1), last)
    before = np.maximum(after, 1) - 1
    age_after, age_before = (np.take_along_axis(age, each, axis=1) for each in (after, before))
    gap_after, gap_before = (np.take_along_axis(gap, each, axis=1) for each in (after, before))
    near = np.minimum(np.abs(ages_s - age_after), np.abs(ages_s - age_before))
    slope = (gap_after - gap_before) / (age_after - age_before)
    between_two = slope * (ages_s - age_before) + gap_before
    found = np.where(
        (newer > 0) & (newer <= last), between_two, np.where(newer, gap_after, gap_before)
    )
    found = np.where(ages_s == age_after, gap_after, found)
    return np.where(near < _NEAR_S, found, np.nan)
