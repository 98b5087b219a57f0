"""Evaluate a mixture at feed cadence, between line crossings, where it was not trained."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import numpy as np

from ml.metrics import Array, gain_interval, reliability, score, wilson
from ml.mixture_table import BattleTable
from ml.split_scores import GAP_ONLY, MIXTURE, Judged, gap_line
from ml.stacking import record_of_race
from pitwall.prediction.memory import running_residuals
from pitwall.prediction.mixture import Mixture
from pitwall.prediction.stacker import sigmoid

BINS: Final = 15


def cadence_scores(judged: Judged, cadence: BattleTable) -> dict[str, Any]:
    """Return the scores of a split's mixture at feed cadence on its test year.

    The gap-only forecast that it is compared with is fitted on the cadence rows of earlier years,
    so that it knows what a gap means between the lines; the mixture has seen none of them.

    Args:
        judged: The split.
        cadence: Rows at feed cadence, of the test year and of at least one year before.
    """
    known = np.isfinite(cadence.y1)
    before = cadence.where(known & (cadence.years < judged.split.test_year))
    test = cadence.where(known & (cadence.years == judged.split.test_year))
    forecasts = _forecasts(judged, test)
    p = {GAP_ONLY: gap_line(before)(test), MIXTURE: forecasts}
    return {
        "rows": len(test),
        "battles": len({*zip(test.races, test.attackers, test.defenders, strict=True)}),
        "races": len(np.unique(test.races)),
        "passes": round(float(test.y1.mean()), 5),
        "scores": {name: score(test.y1, values).rounded(5) for name, values in p.items()},
        "gain_over_gap_only": [
            round(value, 5) for value in gain_interval(test.y1, forecasts, p[GAP_ONLY], test.races)
        ],
        "reliability": [
            asdict(one) | {"interval": wilson(one.passes, one.count)}
            for one in reliability(test.y1, forecasts, BINS)
        ],
    }


def _forecasts(judged: Judged, rows: BattleTable) -> Array:
    """Return the mixture's forecasts, with the residuals of the battles at the line so far."""
    mixture = Mixture(judged.trained.parts)
    plain = sigmoid(mixture.plain_logits(judged.test.rows))
    residuals = np.zeros((len(rows), 3))
    for race in np.unique(rows.races).tolist():
        here, at_line = rows.races == race, judged.test.races == race
        record = record_of_race(judged.test.where(at_line), plain[at_line])
        of_race = rows.where(here)
        residuals[here] = running_residuals(
            record, of_race.t_ms / 1000, of_race.attackers, of_race.defenders
        )
    return mixture.opinions(rows.rows, residuals).p_overtake
