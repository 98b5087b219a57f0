"""Score the mixture by the rules of the seasons, on races that its members had not seen."""

from __future__ import annotations

import numpy as np

from ml.metrics import Array, score
from ml.mixture_training import part_margins
from ml.rulebook import read_rules
from ml.split_scores import GAP_ONLY, MIXTURE, POOLED, Judged, gap_line
from ml.stacking import residuals_of
from pitwall.prediction.gate import context_of
from pitwall.prediction.stacker import sigmoid

Scores = dict[str, float]


def scores_by_regime(judged: Judged) -> dict[str, Scores]:
    """Return battles, passes and scores at the line of each regime among the training years.

    Each race is forecast by the members fitted without its fold. The stacker and the calibrations
    were fitted on these same opinions, so the figures are slightly better than a test's.
    """
    train, rules = judged.train, read_rules()
    known = np.isfinite(train.y1) & train.at_line
    p = {name: values[known] for name, values in _out_of_fold(judged).items()}
    y, years = train.y1[known], train.years[known]
    scores: dict[str, Scores] = {}
    for regime in rules.regimes:
        here = (years >= regime.first_season) & (years <= regime.last_season)
        if not here.any():
            continue
        mixture = score(y[here], p[MIXTURE][here])
        scores[regime.name] = {
            "battles": int(here.sum()),
            "passes": int(y[here].sum()),
            **{name: round(score(y[here], values[here]).log_loss, 5) for name, values in p.items()},
            "ece": round(mixture.ece, 5),
            "slope": round(mixture.slope or 0.0, 3),
        }
    return scores


def _out_of_fold(judged: Judged) -> dict[str, Array]:
    train, parts = judged.train, judged.trained.parts
    margins = part_margins(judged.opinions.margins)
    residuals = residuals_of(train, sigmoid(margins.sum(axis=1)))
    context = context_of(train.rows, train.columns, parts.stacker.gate.terms)
    return {
        GAP_ONLY: gap_line(train, train.at_line)(train),
        POOLED: parts.platts[POOLED].chances(judged.opinions.margins[POOLED]),
        MIXTURE: sigmoid(parts.stacker.moves(margins, context, residuals).logits),
    }
