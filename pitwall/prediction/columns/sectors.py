"""Compute the columns that project the gap around the lap from the sector times of both cars."""

from __future__ import annotations

from typing import Final

import numpy as np

from pitwall.prediction.columns.lap_cells import SECTORS
from pitwall.prediction.columns.scene import Scene
from pitwall.prediction.columns.spec import Columns, FeatureSpec, Vector, least, mean_of, within

_SECTORS = "Sectors of both"

SPECS: Final = (
    *(
        FeatureSpec(
            f"{s}_diff_{j}lap_s",
            "s",
            f"sector {s[1]}, {j} laps before the last",
            _SECTORS,
        )
        for s in SECTORS
        for j in range(3)
    ),
    *(
        FeatureSpec(f"{s}_diff_mean3_s", "s", f"sector {s[1]}, mean of 3 laps", _SECTORS)
        for s in SECTORS
    ),
    FeatureSpec("gap_projected_s1_s", "s", "gap at the next S1 line if the lap repeats", _SECTORS),
    FeatureSpec("gap_projected_s2_s", "s", "gap at the next S2 line if the lap repeats", _SECTORS),
    FeatureSpec("gap_projected_least_s", "s", "least gap at the next three lines", _SECTORS),
    FeatureSpec("gap_projected_s1_mean3_s", "s", "as gap_projected_s1_s, of 3 laps", _SECTORS),
    FeatureSpec("gap_projected_least_mean3_s", "s", "least gap, mean of 3 laps", _SECTORS),
    *(
        FeatureSpec(
            f"gap_projected_least_{j}lap_s", "s", f"least gap, as {j} laps before", _SECTORS
        )
        for j in (1, 2)
    ),
    FeatureSpec("gap_projected_least_weighted_s", "s", "least gap, laps .5 .3 .2", _SECTORS),
    FeatureSpec("gap_regained_1lap_s", "s", "least minus final gain of the last lap", _SECTORS),
    FeatureSpec("gap_pair_s1_s", "s", "gap at S1 of the last lap", _SECTORS),
    FeatureSpec("gap_pair_s2_s", "s", "gap at S2 of the last lap", _SECTORS),
    FeatureSpec("gap_least_1lap_s", "s", "least gap at the lines of the last lap", _SECTORS),
)


def values(scene: Scene) -> Columns:
    """Return the columns of this module."""
    columns, ways = scene.once("sectors", _of_laps)
    last, interval, line = ways[:, 0], scene.interval_s, scene.lines[:, 1]
    ahead = _from_here(scene, ways)  # (sectors, ways, battles)
    lowest = interval + least(*ahead)
    return columns | {
        "gap_projected_s1_s": interval + ahead[0, 0],
        "gap_projected_s2_s": interval + ahead[1, 0],
        "gap_projected_least_s": lowest[0],
        "gap_projected_s1_mean3_s": interval + ahead[0, 1],
        "gap_projected_least_mean3_s": lowest[1],
        "gap_projected_least_1lap_s": lowest[2],
        "gap_projected_least_2lap_s": lowest[3],
        "gap_projected_least_weighted_s": lowest[4],
        "gap_regained_1lap_s": least(*last) - last[2],
        "gap_pair_s1_s": line + last[0],
        "gap_pair_s2_s": line + last[1],
        "gap_least_1lap_s": least(line + last[0], line + last[1], interval, line),
    }


def _of_laps(scene: Scene) -> tuple[Columns, Vector]:
    """Return the columns of completed laps, and the gains of a lap driven in several ways.

    The ways are: as the last lap, as the mean of three, as each of the two before the last, and as
    a weighted mean; shape (sectors, ways, battles).
    """
    laps = within(scene.diffs("s1", "s3", 3), 3.0)  # (laps, sectors, battles)
    means = mean_of(laps)
    last, *before = (_gains(lap) for lap in laps)
    complete = [np.where(np.isfinite(gains), gains, last) for gains in before]
    weighted = 0.5 * last + 0.3 * complete[0] + 0.2 * complete[1]
    columns = {f"{s}_diff_{j}lap_s": laps[j, i] for i, s in enumerate(SECTORS) for j in range(3)}
    columns |= {f"{s}_diff_mean3_s": means[i] for i, s in enumerate(SECTORS)}
    return columns, np.stack([last, _gains(means), *before, weighted], axis=1)


def _gains(differences: Vector) -> Vector:
    """Return how far the gap had grown since the line at the end of each of the three sectors."""
    s1, s2, s3 = differences
    return np.array([s1, s1 + s2, s1 + s2 + s3])


def _from_here(scene: Scene, gains: Vector) -> Vector:
    """Return how the gap grows from now to the ends of the next three sectors.

    At the line these are the gains themselves. Within the lap, the change since the line is
    subtracted, and sectors that have already ended count for the next lap.

    Args:
        scene: The battles.
        gains: In several ways of driving the lap, shape (sectors, ways, battles).
    """
    s1, s2, s3 = (scene.a(name) for name in SECTORS)
    lap_s = s1 + s2 + s3
    ends = (s1 / lap_s, (s1 + s2) / lap_s)
    g1, g2, g3 = gains
    here = scene.phase
    in_third = g2 + (g3 - g2) * (here - ends[1]) / (1 - ends[1])
    in_second = g1 + (g2 - g1) * (here - ends[0]) / (ends[1] - ends[0])
    so_far = np.where(here < ends[0], g1 * here / ends[0], in_third)
    so_far = np.where((here >= ends[0]) & (here < ends[1]), in_second, so_far)
    so_far = np.where(here == 0, 0.0, so_far)
    passed = [np.where(here >= end, g3, 0.0) for end in ends]
    return np.array([g1 + passed[0] - so_far, g2 + passed[1] - so_far, g3 - so_far])
