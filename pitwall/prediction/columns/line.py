"""Compute the columns of the gap between the two cars at the line, lap by lap."""

from __future__ import annotations

from typing import Final

import numpy as np

from pitwall.prediction.columns.scene import Scene
from pitwall.prediction.columns.spec import (
    Columns,
    FeatureSpec,
    Flags,
    Vector,
    between,
    divide,
    mean_of,
    within,
)

_LINES = "NumberOfLaps of both"
_LAPS_BACK: Final = 6
_LINES_BACK: Final = 16
_NUMBERS: Final = np.arange(1, _LINES_BACK + 1)
_OPEN_S: Final = 30.0

SPECS: Final = (
    FeatureSpec("interval_s", "s", "attacker behind defender, now", "IntervalToPositionAhead"),
    *(
        FeatureSpec(f"gap_pair_{j}lap_s", "s", f"gap {j} laps ago; negative if ahead", _LINES)
        for j in range(1, _LAPS_BACK + 1)
    ),
    *(
        FeatureSpec(f"gap_change_pair_{j}lap_s", "s", f"gap {j - 1} minus {j} laps ago", _LINES)
        for j in (1, 2, 3)
    ),
    FeatureSpec("gap_trend_pair_3lap_s", "s/lap", "mean change of the gap, 3 laps", _LINES),
    FeatureSpec("gap_trend_pair_5lap_s", "s/lap", "mean change of the gap, 5 laps", _LINES),
    FeatureSpec("gap_extrapolated_pair_1lap_s", "s", "gap if the last lap repeats", _LINES),
    FeatureSpec("gap_extrapolated_pair_3lap_s", "s", "gap if the 3-lap trend goes on", _LINES),
    *(
        FeatureSpec(
            f"lap_diff_{j}lap_s", "s", f"lap times, {j} laps before the last", "LastLapTime"
        )
        for j in range(3)
    ),
    FeatureSpec("lap_diff_mean3_s", "s", "lap times, mean of 3 laps", "LastLapTime"),
    FeatureSpec("run_within_2s_laps", "laps", "lines in a row less than 2 s behind", _LINES),
    FeatureSpec("run_within_1s_laps", "laps", "lines in a row less than 1 s behind", _LINES),
    FeatureSpec("swaps_pair_10lap_count", "swaps", "changes of order on the track", _LINES),
    FeatureSpec("since_swap_pair_laps", "laps", "since the last swap; 99 for none", _LINES),
    FeatureSpec("lines_within_1s_10lap", "lines", "lines of the last 10 within 1 s", _LINES),
    FeatureSpec("lines_within_05s_10lap", "lines", "as before, 0.5 s", _LINES),
    FeatureSpec("catch_rate_pair_15lap_s", "s/lap", "gain while 1.5 to 12 s apart", _LINES),
    FeatureSpec("catch_laps_pair_15lap", "laps", "laps behind that rate", _LINES),
)


def values(scene: Scene) -> Columns:
    """Return the columns of this module."""
    gap = [scene.gaps[:, j] for j in range(_LAPS_BACK + 1)]
    change = [within(gap[j] - gap[j + 1], 5.0) for j in range(3)]
    trend = within((gap[0] - gap[3]) / 3, 5.0)
    columns = {"interval_s": gap[0]}
    columns |= {f"gap_pair_{j}lap_s": within(gap[j], _OPEN_S) for j in range(1, _LAPS_BACK + 1)}
    columns |= {f"gap_change_pair_{j + 1}lap_s": change[j] for j in range(3)}
    columns |= {
        "gap_trend_pair_3lap_s": trend,
        "gap_trend_pair_5lap_s": within((gap[0] - gap[5]) / 5, 5.0),
        "gap_extrapolated_pair_1lap_s": gap[0] + change[0],
        "gap_extrapolated_pair_3lap_s": gap[0] + trend,
        **scene.once("line", _of_laps),
    }
    counts = _together(scene) | _catching(scene)
    never = scene.lap == 0  # without a lap in common there is nothing to count
    return columns | {name: np.where(never, np.nan, value) for name, value in counts.items()}


def _of_laps(scene: Scene) -> Columns:
    laps = [within(scene.diff("lap", j), 5.0) for j in range(3)]
    columns = {f"lap_diff_{j}lap_s": laps[j] for j in range(3)}
    return columns | {"lap_diff_mean3_s": mean_of(laps)}


def _pitted(scene: Scene) -> Flags:
    attacker, defender = scene.of_both("pitted", _LINES_BACK)
    return np.asarray((attacker == 1) | (defender == 1))


def _green(scene: Scene) -> Flags:
    attacker, defender = scene.of_both("green", _LINES_BACK - 1)
    return np.asarray((attacker == 1) & (defender == 1))


def _together(scene: Scene) -> Columns:
    """Return how long the two cars have been close together, from the gaps at the line."""
    lines = scene.lines[:, :_LINES_BACK]
    known = np.isfinite(lines)
    pitted = scene.once("pitted", _pitted)
    follows = [known & (lines > 0) & (lines < limit) for limit in (2.0, 1.0, 0.5)]
    # Going back line by line: the side at the newest known line since, 1 (behind) without one.
    sides = np.concatenate([np.ones((len(lines), 1)), np.sign(lines)], axis=1)
    newest_known = np.maximum.accumulate(np.where(known, _NUMBERS, 0), axis=1)
    before = np.take_along_axis(sides, newest_known[:, :-1], axis=1)
    swapped = known[:, 1:] & (sides[:, 2:] != before) & (np.abs(lines[:, 1:]) < 20)
    swapped &= ~pitted[:, 1:] & ~pitted[:, :-1]
    swaps = swapped[:, :10].sum(1).astype(np.float64)
    since = np.where(swapped.any(1), swapped.argmax(1) + 1.0, 99.0)
    return {
        "run_within_2s_laps": _run(follows[0]),
        "run_within_1s_laps": _run(follows[1]),
        "swaps_pair_10lap_count": swaps,
        "since_swap_pair_laps": since,
        "lines_within_1s_10lap": follows[1][:, :10].sum(1).astype(np.float64),
        "lines_within_05s_10lap": follows[2][:, :10].sum(1).astype(np.float64),
    }


def _run(flags: Flags) -> Vector:
    return np.asarray(np.logical_and.accumulate(flags, axis=1).sum(1), dtype=np.float64)


def _catching(scene: Scene) -> Columns:
    after, before = scene.lines[:, :15], scene.lines[:, 1:16]
    green = scene.once("green", _green)
    counts = green & (before > 1.5) & (before < 12) & (after > 0)
    gained = np.where(counts, between(before - after, -3.0, 3.0), 0.0).sum(1)
    laps = counts.sum(1).astype(np.float64)
    return {"catch_rate_pair_15lap_s": divide(gained, laps), "catch_laps_pair_15lap": laps}
