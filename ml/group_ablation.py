"""Measure what each group of features is worth to a mixture trained with all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from joblib import Parallel, delayed

from ml.mixture_table import BattleTable
from ml.out_of_fold import MixtureRecipe, fit_rows
from ml.races import with_progress
from ml.split_scores import Judged, interval
from ml.stacking import fit_platt
from pitwall.prediction.columns.spec import FeatureSpec
from pitwall.prediction.experts import read_expert
from pitwall.prediction.features import GROUPS

_YARDSTICK: Final = "pooled"


def group_costs(
    judged: Judged,
    recipe: MixtureRecipe,
    groups: Mapping[str, Sequence[FeatureSpec]] = GROUPS,
) -> dict[str, list[float]]:
    """Return what leaving out each group costs the pooled model at the line, with its interval.

    The pooled model sees every column, and is refitted without the group, whose columns are then
    missing in training and test; its calibration stays. In the mixture a column belongs to one
    part, so that leaving out a group there would cost what leaving out its part does.
    """
    pooled = next(member for member in recipe.members if member.name == _YARDSTICK)
    everything = np.ones(len(judged.train), dtype=bool)
    fits = Parallel(n_jobs=recipe.jobs, return_as="generator", prefer="threads")(
        delayed(fit_rows)([pooled], _without(judged.train, group), everything, recipe)
        for group in groups.values()
    )
    blobs = with_progress(fits, len(groups), "fits")
    test = judged.test.where(judged.test.at_line & np.isfinite(judged.test.y1))
    whole = judged.trained.parts.platts[_YARDSTICK].chances(
        judged.trained.parts.experts[_YARDSTICK].margins(test.rows)
    )
    known = np.isfinite(judged.train.y1)
    platt = fit_platt(judged.opinions.margins[_YARDSTICK][known], judged.train.y1[known])
    costs = {}
    for name, group in groups.items():
        rows = _without(test, group).rows
        expert = read_expert(pooled.library, next(blobs)[0], test.columns, pooled.view)
        p = platt.chances(expert.margins(rows))
        costs[name] = interval(test.y1, whole, p, test.races)
    return costs


def _without(table: BattleTable, group: Sequence[FeatureSpec]) -> BattleTable:
    names = {spec.name for spec in group}
    rows = table.rows.copy()
    rows[:, [i for i, column in enumerate(table.columns) if column.name in names]] = np.nan
    return replace(table, rows=rows)
