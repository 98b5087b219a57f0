"""Measure what each group of features is worth to a mixture trained with all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from joblib import Parallel, delayed

from ml.members import Member, Training, fit_blob
from ml.metrics import gain_interval
from ml.mixture_table import BattleTable
from ml.out_of_fold import MixtureRecipe
from ml.races import with_progress
from ml.split_scores import Judged, opinions_of
from pitwall.prediction.columns.spec import EXPERTS, FeatureSpec
from pitwall.prediction.experts import read_expert
from pitwall.prediction.features import GROUPS

# The gate needs these columns, so they are never left out.
_ALWAYS: Final = ("interval_s", "since_neutral_pair_laps", "race_share", "season_year")


def group_costs(
    judged: Judged,
    recipe: MixtureRecipe,
    groups: Mapping[str, Sequence[FeatureSpec]] = GROUPS,
) -> dict[str, list[float]]:
    """Return what leaving out each group costs in log-loss of the next lap, with its interval.

    The three experts are refitted without the group, whose columns are then missing in
    training and test; gate and stacker stay as they were trained.
    """
    experts = [member for member in recipe.members if member.name in EXPERTS]
    work = [(member, group) for group in groups for member in experts]
    fits = Parallel(n_jobs=recipe.jobs, return_as="generator")(
        delayed(_fit)(member, judged.train, _columns_of(judged.train, groups[group]), recipe.seed)
        for member, group in work
    )
    blobs = with_progress(fits, len(work), "fits")
    known = np.isfinite(judged.test.y1)
    y, races = judged.test.y1[known], judged.test.races[known]
    whole = opinions_of(judged.trained.parts, judged.test).p_overtake[known]
    costs = {}
    for group in groups:
        test = _missing(judged.test, _columns_of(judged.test, groups[group]))
        fitted = {
            member.name: read_expert(member.library, next(blobs), test.columns, member.view)
            for member in experts
        }
        parts = replace(judged.trained.parts, experts={**judged.trained.parts.experts, **fitted})
        p = opinions_of(parts, test).p_overtake[known]
        costs[group] = [round(value, 5) for value in gain_interval(y, whole, p, races)]
    return costs


def _fit(member: Member, table: BattleTable, missing: Sequence[int], seed: int) -> bytes:
    known = np.isfinite(table.y1)
    rows = _missing(table, missing).rows[known]
    training = Training(rows, table.y1[known], table.columns, table.roles.gap)
    return fit_blob(member, training, seed, threads=1)


def _columns_of(table: BattleTable, group: Sequence[FeatureSpec]) -> list[int]:
    names = {spec.name for spec in group} - set(_ALWAYS)
    return [i for i, column in enumerate(table.columns) if column.name in names]


def _missing(table: BattleTable, columns: Sequence[int]) -> BattleTable:
    rows = table.rows.copy()
    rows[:, list(columns)] = np.nan
    return replace(table, rows=rows)
