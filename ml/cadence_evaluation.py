"""Evaluate a mixture on the rows at feed cadence on which the first release was scored."""

from __future__ import annotations

from typing import Any

import numpy as np

from ml.metrics import Array, score
from ml.mixture_table import BattleTable
from ml.split_scores import GAP_ONLY, MIXTURE, POOLED, Judged, gap_line, interval, reliability_rows
from ml.stacking import record_of_race
from pitwall.prediction.memory import running_residuals, season_residual
from pitwall.prediction.mixture import Mixture
from pitwall.prediction.stacker import sigmoid


def cadence_scores(judged: Judged, cadence: BattleTable) -> dict[str, Any]:
    """Return the scores of a split's mixture at feed cadence on its test year.

    The gap-only forecast that it is compared with is fitted on the cadence rows of earlier years.

    Args:
        judged: The split.
        cadence: Rows at feed cadence, of the test year and of at least one year before.
    """
    known = np.isfinite(cadence.y1)
    before = cadence.where(known & (cadence.years < judged.split.test_year))
    test = cadence.where(known & (cadence.years == judged.split.test_year))
    forecasts = _forecasts(judged, test)
    p = {
        GAP_ONLY: gap_line(before, np.ones(len(before), dtype=bool))(test),
        POOLED: Mixture(judged.trained.parts).pooled(test.rows),
        MIXTURE: forecasts,
    }
    return {
        "rows": len(test),
        "battles": len({*zip(test.races, test.attackers, test.defenders, strict=True)}),
        "races": len(np.unique(test.races)),
        "passes": round(float(test.y1.mean()), 5),
        "scores": {name: score(test.y1, values).rounded(5) for name, values in p.items()},
        "gain_over_gap_only": interval(test.y1, forecasts, p[GAP_ONLY], test.races),
        "reliability": reliability_rows(test.y1, forecasts),
    }


def _forecasts(judged: Judged, rows: BattleTable) -> Array:
    """Return the mixture's forecasts, with the residuals of the battles at the line so far."""
    mixture = Mixture(judged.trained.parts)
    line = judged.test.where(judged.test.at_line)
    plain = sigmoid(mixture.plain_logits(line.rows))
    residuals = np.zeros((len(rows), 4))
    passed, forecasts = np.empty(0), np.empty(0)
    for race in dict.fromkeys(line.races.tolist()):  # in order of time
        here, at_line = rows.races == race, line.races == race
        record = record_of_race(line.where(at_line), plain[at_line])
        of_race = rows.where(here)
        season = season_residual(passed, forecasts) if len(passed) else 0.0
        residuals[here] = running_residuals(
            record, of_race.t_ms / 1000, of_race.attackers, of_race.defenders, season
        )
        passed = np.concatenate([passed, record.passed])
        forecasts = np.concatenate([forecasts, record.forecasts])
    return mixture.opinions(rows.rows, residuals).p_overtake
