"""Evaluate a season race by race, each forecast by a model of all races before it."""

from __future__ import annotations

from typing import Any

import numpy as np
from joblib import Parallel, delayed

from ml.metrics import Array, score
from ml.mixture_table import BattleTable, stacked
from ml.mixture_training import part_margins
from ml.out_of_fold import MixtureRecipe, fit_rows, fitted_together
from ml.races import with_progress
from ml.split_scores import MIXTURE, Judged, interval, opinions_of
from ml.stacking import fit_stacker, residuals_of
from pitwall.domain.forecasts import Condition
from pitwall.prediction.experts import read_expert
from pitwall.prediction.gate import TERMS, context_of
from pitwall.prediction.mixture import PARTS
from pitwall.prediction.stacker import sigmoid

FROZEN = "frozen before the season"


def chained_scores(judged: Judged, recipe: MixtureRecipe) -> dict[str, Any]:
    """Return the scores of a split's test year, chained forward.

    For each race the parts of the mixture are refitted on everything before it; the stacker, with
    its weight of the season so far, rests on the out-of-fold opinions of the years before and on
    the forecasts of the season's earlier races, each made before its race.
    """
    order = np.unique(judged.test.order).tolist()
    [parts] = fitted_together([one for one in recipe.members if one.name in PARTS])
    season = judged.test.where(judged.test.trains)
    whole, always = stacked(judged.train, season), np.ones(len(judged.train), dtype=bool)
    fits = Parallel(n_jobs=recipe.jobs, return_as="generator", prefer="threads")(
        delayed(fit_rows)(parts, rows, np.ones(len(rows), dtype=bool), recipe)
        for rows in (whole.where(np.concatenate([always, season.order < race])) for race in order)
    )
    work = with_progress(fits, len(order), "fits, each of the races before one")
    margins = {name: judged.opinions.margins[name] for name in PARTS}
    so_far, forecasts = judged.train, []
    for race, blobs in zip(order, work, strict=True):
        now = judged.test.where(judged.test.order == race)
        experts = {
            member.name: read_expert(member.library, blob, now.columns, member.view)
            for member, blob in zip(parts, blobs, strict=True)
        }
        with_now = stacked(so_far, now)
        both = {
            name: np.concatenate([margins[name], experts[name].margins(now.rows)]) for name in PARTS
        }
        forecasts.append(_forecast(with_now, both, len(now)))
        sparse = np.concatenate([np.ones(len(so_far), dtype=bool), now.trains])
        so_far = with_now.where(sparse)
        margins = {name: values[sparse] for name, values in both.items()}
    p = np.concatenate(forecasts)
    frozen = opinions_of(judged.trained.parts, judged.test).p_overtake
    chosen = {
        "line": judged.test.at_line,
        "seconds": ~judged.test.at_line & (judged.test.kinds == Condition.CLEAN),
    }
    answer: dict[str, Any] = {"races": len(order)}
    for name, rows in chosen.items():
        known = rows & np.isfinite(judged.test.y1)
        y, races = judged.test.y1[known], judged.test.races[known]
        answer[name] = {
            "rows": len(y),
            "scores": {
                FROZEN: score(y, frozen[known]).rounded(5),
                MIXTURE: score(y, p[known]).rounded(5),
            },
            "gain_over_frozen": interval(y, p[known], frozen[known], races),
        }
    return answer


def _forecast(table: BattleTable, margins: dict[str, Array], today: int) -> Array:
    """Return the forecasts of the last `today` rows, by a stacker fitted on those before."""
    own = part_margins(margins)
    residuals = residuals_of(table, sigmoid(own.sum(axis=1)))
    terms = tuple(TERMS)
    context = context_of(table.rows, table.columns, terms)
    before = np.isfinite(table.y1) & table.trains
    before[-today:] = False
    stacker = fit_stacker(own[before], context[before], residuals[before], terms, table.y1[before])
    moves = stacker.moves(own[-today:], context[-today:], residuals[-today:])
    return sigmoid(moves.logits)
