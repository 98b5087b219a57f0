"""Compute the columns from the feed's intervals of the last minutes, between line crossings.

A reading of the attacker counts if the defender was one place ahead at that time, because then the
attacker's interval to the car ahead was the gap between the two, and if the cars were racing: not
behind a safety car, under a red flag or before lights out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pitwall.prediction.columns.readings import AT, INTERVAL, POSITION
from pitwall.prediction.columns.scene import Scene
from pitwall.prediction.columns.spec import (
    Columns,
    FeatureSpec,
    Flags,
    Vector,
    between,
    divide,
    mean_along,
)

WINDOWS_S: Final = (10, 20, 30, 60, 90, 150)
_LONG_S: Final = (60, 90, 150)
_FIRST_LONG: Final = WINDOWS_S.index(_LONG_S[0])  # the long windows come last
_WINDOW_LIMITS_S: Final = np.array(WINDOWS_S, dtype=np.float64)[:, None, None]
_FURTHEST_S: Final = 20.0
_INTERVALS = "IntervalToPositionAhead and Line of both"

SPECS: Final = (
    FeatureSpec("reading_attacker_age_s", "s", "since the newest reading", _INTERVALS),
    *(
        FeatureSpec(f"reading_{k}_pair_s", "s", f"reading {k} before the newest", _INTERVALS)
        for k in range(4)
    ),
    FeatureSpec("reading_pair_age_s", "s", "since the newest reading of the pair", _INTERVALS),
    FeatureSpec("reading_change_pair_1_s", "s", "newest minus the one before", _INTERVALS),
    FeatureSpec("reading_change_pair_3_s", "s", "newest minus the third before", _INTERVALS),
    FeatureSpec("reading_change_pair_line_s", "s", "interval minus the newest reading", _INTERVALS),
    *(
        FeatureSpec(f"readings_{what}_pair_{w}s", unit, f"{meaning}, {w} s", _INTERVALS)
        for w in WINDOWS_S
        for what, unit, meaning in (
            ("mean", "s", "mean reading"),
            ("least", "s", "least reading"),
            ("sd", "s", "standard deviation of readings"),
            ("slope", "s/s", "least-squares slope of readings"),
        )
    ),
    *(
        FeatureSpec(f"readings_{what}_pair_{w}s", unit, f"{meaning}, {w} s", _INTERVALS)
        for w in _LONG_S
        for what, unit, meaning in (
            ("within_05", "share", "readings under 0.5 s"),
            ("within_1", "share", "readings under 1.0 s"),
            ("count", "readings", "readings of the pair"),
            ("most", "s", "largest reading"),
            ("residual", "s", "root mean square off the slope"),
            ("passed", "readings", "readings with the attacker ahead"),
        )
    ),
)


@dataclass(frozen=True, slots=True)
class PairReadings:
    """The readings of each battle's attacker, newest first, shape (battles, readings).

    Attributes:
        age_s: Age of each reading; NaN where there are no more readings.
        gap_s: The gap between the two; NaN where the reading is to another car.
        passed: Whether the attacker was ahead at that time.
        position: The attacker's place at that time.
    """

    age_s: Vector
    gap_s: Vector
    passed: Flags
    position: Vector


def pair_readings(scene: Scene) -> PairReadings:
    """Return the readings of the attackers of all battles."""
    cache = scene.cache.readings
    newest = np.array([cache.of(car).newest for car in scene.attackers])
    gap, place = newest[:, INTERVAL], newest[:, POSITION]
    age = scene.now_s - newest[:, AT]
    front = np.array(list(map(cache.places_ahead, scene.attackers, scene.defenders)))
    racing = age <= scene.now_s - scene.race.racing_since.timestamp()
    pair = (front == place - 1) & (gap >= 0) & (gap < _FURTHEST_S) & racing
    return PairReadings(age, np.where(pair, gap, np.nan), (front > place) & racing, place)


def values(scene: Scene, readings: PairReadings) -> Columns:
    """Return the columns of this module."""
    return _newest(scene, readings) | _windows(readings)


def _newest(scene: Scene, readings: PairReadings) -> Columns:
    known = np.isfinite(readings.gap_s)
    # A stable sort by "is missing" brings the pair's readings to the front, newest first.
    first = np.argsort(~known, axis=1, kind="stable")[:, :4]
    gap = np.take_along_axis(readings.gap_s, first, axis=1)
    age = np.take_along_axis(readings.age_s, first[:, :1], axis=1)[:, 0]
    return {
        "reading_attacker_age_s": readings.age_s[:, 0],
        **{f"reading_{k}_pair_s": gap[:, k] for k in range(4)},
        "reading_pair_age_s": np.where(known.any(1), age, np.nan),
        "reading_change_pair_1_s": gap[:, 0] - gap[:, 1],
        "reading_change_pair_3_s": gap[:, 0] - gap[:, 3],
        "reading_change_pair_line_s": scene.interval_s - gap[:, 0],
    }


def _windows(readings: PairReadings) -> Columns:
    """Return the columns of all windows, computed together, shape (windows, battles)."""
    recent = readings.age_s <= _WINDOW_LIMITS_S
    used = recent & np.isfinite(readings.gap_s)
    count = used.sum(-1).astype(np.float64)
    gap = np.where(used, readings.gap_s, np.nan)
    mean = mean_along(gap)
    off = np.where(used, readings.gap_s - mean[..., None], 0.0)
    ago = np.where(used, -readings.age_s, np.nan)
    ago = np.where(used, ago - mean_along(ago)[..., None], 0.0)
    spread = (ago * ago).sum(-1)
    slope = divide((ago * off).sum(-1), np.where(spread > 1, spread, np.nan))
    figures = {
        "mean": mean,
        "least": np.fmin.reduce(gap, axis=-1),
        "sd": np.sqrt(divide((off * off).sum(-1), count)),
        "slope": np.where(count >= 3, between(slope, -1.0, 1.0), np.nan),
    }
    gap, off, ago, slope, count = (each[_FIRST_LONG:] for each in (gap, off, ago, slope, count))
    residual = off - np.where(np.isfinite(slope), slope, 0.0)[..., None] * ago
    passed = readings.passed & recent[_FIRST_LONG:]
    of_long = {
        "within_05": divide((gap < 0.5).sum(-1).astype(np.float64), count),
        "within_1": divide((gap < 1.0).sum(-1).astype(np.float64), count),
        "count": count,
        "most": np.fmax.reduce(gap, axis=-1),
        "residual": np.sqrt(divide((residual * residual).sum(-1), count)),
        "passed": passed.sum(-1).astype(np.float64),
    }
    return {
        f"readings_{what}_pair_{window}s": values
        for group, windows in ((figures, WINDOWS_S), (of_long, _LONG_S))
        for what, by_window in group.items()
        for window, values in zip(windows, by_window, strict=True)
    }
