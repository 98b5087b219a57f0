"""Evaluate a season race by race, each forecast by a model of all races before it."""

from __future__ import annotations

from typing import Any

import numpy as np
from joblib import Parallel, delayed

from ml.members import Member, Training, fit_blob
from ml.metrics import Array, gain_interval, score
from ml.mixture_table import BattleTable, stacked
from ml.mixture_training import expert_margins
from ml.out_of_fold import MixtureRecipe
from ml.races import with_progress
from ml.split_scores import MIXTURE, POOLED, Judged
from ml.stacking import fit_gate, fit_platt, residuals_of
from pitwall.prediction.columns.spec import EXPERTS
from pitwall.prediction.experts import read_expert
from pitwall.prediction.gate import MONOTONE_TERMS
from pitwall.prediction.stacker import sigmoid


def chained_scores(judged: Judged, recipe: MixtureRecipe) -> dict[str, Any]:
    """Return the scores of a split's test year, chained forward.

    For each race the members are refitted on everything before it; gate, stacker and
    calibration rest on the out-of-fold opinions of the years before and on the forecasts of
    the season's earlier races, each made before its race.
    """
    order = np.unique(judged.test.races)  # races are numbered in time
    members = [member for member in recipe.members if member.name in (*EXPERTS, POOLED)]
    work = [(member, race) for race in order.tolist() for member in members]
    fits = Parallel(n_jobs=recipe.jobs, return_as="generator")(
        delayed(_fit)(member, judged, race, recipe.seed) for member, race in work
    )
    blobs = with_progress(fits, len(work), "fits")
    margins = {name: judged.opinions.margins[name] for name in (*EXPERTS, POOLED)}
    so_far, forecasts = judged.train, []
    for race in order.tolist():
        now = judged.test.where(judged.test.races == race)
        new = {}
        for member in members:
            expert = read_expert(member.library, next(blobs), now.columns, member.view)
            new[member.name] = expert.margins(now.rows)
        forecasts.append(_forecasts(so_far, margins, now, new))
        so_far = stacked(so_far, now)
        margins = {name: np.concatenate([margins[name], new[name]]) for name in margins}
    known = np.isfinite(judged.test.y1)
    y, races = judged.test.y1[known], judged.test.races[known]
    p = {
        name: np.concatenate([one[name] for one in forecasts])[known] for name in (POOLED, MIXTURE)
    }
    return {
        "rows": len(y),
        "races": len(order),
        "scores": {name: score(y, values).rounded(5) for name, values in p.items()},
        "gain_over_pooled": [
            round(value, 5) for value in gain_interval(y, p[MIXTURE], p[POOLED], races)
        ],
    }


def _fit(member: Member, judged: Judged, race: int, seed: int) -> bytes:
    before = stacked(judged.train, judged.test.where(judged.test.races < race))
    known = np.isfinite(before.y1)
    training = Training(before.rows[known], before.y1[known], before.columns, before.roles.gap)
    return fit_blob(member, training, seed, threads=1)


def _forecasts(
    before: BattleTable, margins: dict[str, Array], now: BattleTable, new: dict[str, Array]
) -> dict[str, Array]:
    """Return the forecasts of the pooled model and the mixture for one race."""
    known = np.isfinite(before.y1)
    opinions, asked = expert_margins(margins), expert_margins(new)
    residuals = residuals_of(before, sigmoid(opinions.mean(axis=1)))
    seen = before.roles.situations(before.rows[known], before.columns, residuals[known])
    gate, stacker = fit_gate(opinions[known], seen, MONOTONE_TERMS, before.y1[known])
    today = residuals_of(now, sigmoid(asked.mean(axis=1)))
    shares = gate.shares(now.roles.situations(now.rows, now.columns, today))
    platt = fit_platt(margins[POOLED][known], before.y1[known])
    return {
        POOLED: platt.chances(new[POOLED]),
        MIXTURE: sigmoid(stacker.logits((shares * asked).sum(axis=1), today)),
    }
