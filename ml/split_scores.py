"""Score the mixture on the fixed splits: at the line and at any second, condition by condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.metrics import Array, gain_interval, losses, perfect_ece, reliability, score, wilson
from ml.mixture_table import BattleTable, Flags, Ids
from ml.mixture_training import Trained, combine, part_margins
from ml.out_of_fold import MixtureRecipe, OutOfFold, out_of_fold
from ml.stacking import fit_logistic, fit_stacker, residuals_of
from pitwall.domain.forecasts import Condition
from pitwall.prediction.columns.spec import EXPERTS
from pitwall.prediction.gate import GAP, OUTCOMES, context_of
from pitwall.prediction.mixture import PARTS, Mixture, MixtureParts, Opinions
from pitwall.prediction.stacker import sigmoid

POOLED, MIXTURE, GAP_ONLY, SITUATION_ALONE = "pooled", "mixture", "gap only", "situation alone"
BINS: Final = 15
_FEWEST: Final = 50  # decided battles of a condition, to score it


@dataclass(frozen=True, slots=True)
class Split:
    """A split that trains on all years before one year, and tests on that year."""

    test_year: int

    @property
    def name(self) -> str:
        """The name of the split in tables."""
        return f"train < {self.test_year}, test {self.test_year}"


SPLITS: Final = (Split(2025), Split(2026))


@dataclass(frozen=True, slots=True)
class Judged:
    """A mixture trained on the years before a split's test year, and its test rows.

    Attributes:
        opinions: The members' out-of-fold opinions on the training rows.
    """

    split: Split
    train: BattleTable
    opinions: OutOfFold
    trained: Trained
    test: BattleTable


def train_split(table: BattleTable, split: Split, recipe: MixtureRecipe) -> Judged:
    """Train a recipe on the years before the test year."""
    training = table.where((table.years < split.test_year) & table.trains)
    test = table.where(table.years == split.test_year)
    opinions = out_of_fold(training, recipe)
    return Judged(split, training, opinions, combine(training, opinions, recipe), test)


def opinions_of(parts: MixtureParts, rows: BattleTable) -> Opinions:
    """Return a mixture's opinions on rows of whole races, their running residuals included."""
    mixture = Mixture(parts)
    residuals = residuals_of(rows, sigmoid(mixture.plain_logits(rows.rows)))
    return mixture.opinions(rows.rows, residuals)


def scores_of(judged: Judged) -> dict[str, Any]:
    """Return all scores of a split, ready for the card."""
    test = judged.test
    opinions = opinions_of(judged.trained.parts, test)
    clean = ~test.at_line & (test.kinds == Condition.CLEAN)
    without = _without_each(judged)
    return {
        "line": _rows_scores(judged, opinions, test.at_line, without),
        "seconds": _rows_scores(judged, opinions, clean, without),
        "kinds": {kind: _kind_scores(judged, opinions, kind) for kind in Condition},
        "all_kinds": _all_kinds(test, opinions),
        "contributions": _contributions(opinions, clean & np.isfinite(test.y1)),
        "three_laps": _three_laps(judged, opinions),
        "kept": _kept(judged, opinions),
        "by_circuit": _by_circuit(judged, opinions),
        "interval_width": _width(test, opinions),
        "interruption": _interruption(
            test.outcome[clean], judged.train.outcome, opinions.p_outcomes[clean]
        ),
    }


def _rows_scores(
    judged: Judged, opinions: Opinions, chosen: Flags, without: Mapping[str, Array]
) -> dict[str, Any]:
    """Return the scores of all forecasts on some of the test rows."""
    known = chosen & np.isfinite(judged.test.y1)
    y, races = judged.test.y1[known], judged.test.races[known]
    at_line = bool(judged.test.at_line[known].all())
    p = {
        GAP_ONLY: gap_line(judged.train, judged.train.at_line == at_line)(judged.test)[known],
        POOLED: Mixture(judged.trained.parts).pooled(judged.test.rows[known]),
        SITUATION_ALONE: sigmoid(opinions.base[known]),
        **dict(zip(EXPERTS, opinions.p_experts[known].T, strict=True)),
        MIXTURE: opinions.p_overtake[known],
    }
    return {
        "rows": len(y),
        "races": len(np.unique(races)),
        "passes": int(y.sum()),
        "scores": {name: score(y, values).rounded(5) for name, values in p.items()},
        "gain_over_pooled": interval(y, p[MIXTURE], p[POOLED], races),
        "gain_over_gap_only": interval(y, p[MIXTURE], p[GAP_ONLY], races),
        "cost_without": {
            name: interval(y, p[MIXTURE], values[known], races) for name, values in without.items()
        },
        "reliability": reliability_rows(y, p[MIXTURE]),
        "perfect_ece": perfect_ece(p[MIXTURE]),
    }


def reliability_rows(y: Array, p: Array) -> list[dict[str, Any]]:
    """Return the bins of a reliability table, with the interval of what was observed."""
    return [
        asdict(one) | {"interval": wilson(one.passes, one.count)} for one in reliability(y, p, BINS)
    ]


def _kind_scores(judged: Judged, opinions: Opinions, kind: str) -> dict[str, Any]:
    """Return the scores of the moments of one condition, against the gap alone fitted on such."""
    test, train = judged.test, judged.train
    known = ~test.at_line & (test.kinds == kind) & np.isfinite(test.y1)
    y, races = test.y1[known], test.races[known]
    if len(y) < _FEWEST or not 0 < y.sum() < len(y):
        return {"rows": len(y), "passes": int(y.sum())}
    gap = gap_line(train, ~train.at_line & (train.kinds == kind))(test)[known]
    p = opinions.p_overtake[known]
    width = (opinions.high - opinions.low)[known]
    return {
        "rows": len(y),
        "passes": int(y.sum()),
        "gap_only": score(y, gap).rounded(5),
        MIXTURE: score(y, p).rounded(5),
        "gain_over_gap_only": interval(y, p, gap, races),
        "interval_width": round(float(width.mean()), 4),
    }


def _all_kinds(test: BattleTable, opinions: Opinions) -> dict[str, Any]:
    known = ~test.at_line & np.isfinite(test.y1)
    y, p = test.y1[known], opinions.p_overtake[known]
    return {"rows": len(y), "scores": score(y, p).rounded(5), "perfect_ece": perfect_ece(p)}


def _contributions(opinions: Opinions, chosen: Flags) -> dict[str, Any]:
    """Return spread and correlation of the experts' contributions, logits."""
    moved = opinions.contributions[chosen]
    together: Array = np.asarray(np.corrcoef(moved.T))
    pairs = [(one, two) for one in range(3) for two in range(one + 1, 3)]
    return {
        "sd": {name: round(float(moved[:, i].std()), 3) for i, name in enumerate(EXPERTS)},
        "sd_of_situation": round(float(opinions.base[chosen].std()), 3),
        "correlation": {
            f"{EXPERTS[one]} {EXPERTS[two]}": round(float(together[one, two]), 3)
            for one, two in pairs
        },
        "shares": {
            name: [round(float(values.mean()), 3), round(float(values.std()), 3)]
            for name, values in zip(EXPERTS, opinions.shares[chosen].T, strict=True)
        },
    }


def gap_line(train: BattleTable, chosen: Flags) -> Callable[[BattleTable], Array]:
    """Return the forecast by the gap alone: logistic in the gap and its logarithm."""
    known = np.isfinite(train.y1) & chosen
    gap = [column.name for column in train.columns].index(GAP)

    def design(table: BattleTable) -> Array:
        gaps = np.nan_to_num(table.rows[:, gap].astype(np.float64), nan=1.0)
        return np.column_stack([gaps, np.log(np.maximum(gaps, 0) + 0.1), np.ones(len(gaps))])

    line = fit_logistic(design(train)[known], train.y1[known])
    return lambda table: sigmoid(design(table) @ line)


def _without_each(judged: Judged) -> dict[str, Array]:
    """Return the forecasts of the test rows without each expert: the stacker is fitted anew."""
    train, test, parts = judged.train, judged.test, judged.trained.parts
    known = np.isfinite(train.y1)
    terms = parts.stacker.gate.terms
    held_out = part_margins(judged.opinions.margins)
    asked = np.stack([parts.experts[name].margins(test.rows) for name in PARTS], axis=1)
    before = context_of(train.rows, train.columns, terms)
    now = context_of(test.rows, test.columns, terms)
    answers: dict[str, Array] = {}
    for place, name in enumerate(EXPERTS, 1):
        own, new = np.delete(held_out, place, axis=1), np.delete(asked, place, axis=1)
        residuals = residuals_of(train, sigmoid(own.sum(axis=1)))
        stacker = fit_stacker(own[known], before[known], residuals[known], terms, train.y1[known])
        residuals = residuals_of(test, sigmoid(new.sum(axis=1)))
        answers[name] = sigmoid(stacker.moves(new, now, residuals).logits)
    return answers


def _three_laps(judged: Judged, opinions: Opinions) -> dict[str, Any]:
    """Return the scores of a pass within three laps, at the line."""
    train, test = judged.train, judged.test
    known, asked = np.isfinite(train.y3), np.isfinite(test.y3) & test.at_line
    margins = judged.opinions.margins["three"][known]
    line = fit_logistic(np.column_stack([margins, np.ones(len(margins))]), train.y3[known])
    new = judged.trained.parts.experts["three"].margins(test.rows[asked])
    alone, p, y = sigmoid(line[0] * new + line[1]), opinions.p_overtake_3[asked], test.y3[asked]
    return {
        "alone": score(y, alone).rounded(5),
        MIXTURE: score(y, p).rounded(5),
        "gain_over_alone": interval(y, p, alone, test.races[asked]),
    }


def _kept(judged: Judged, opinions: Opinions) -> dict[str, Any]:
    """Return the scores of a pass that still stands two laps later, against the training's rate."""
    known = np.isfinite(judged.test.kept)
    y, p = judged.test.kept[known], opinions.p_kept[known]
    trained_on = judged.train.kept[np.isfinite(judged.train.kept)]
    rate = np.full(len(y), trained_on.mean())
    if len(np.unique(y)) < 2:
        return {"rows": len(y), "stood": int(y.sum())}
    return {
        "rows": len(y),
        "stood": int(y.sum()),
        "rate": score(y, rate).rounded(5),
        MIXTURE: score(y, p).rounded(5),
        "gain_over_rate": interval(y, p, rate, judged.test.races[known]),
    }


def _by_circuit(judged: Judged, opinions: Opinions) -> dict[str, dict[str, float]]:
    """Return battles, passes and log-loss at the line by circuit, the most battles first."""
    test = judged.test
    known = test.at_line & np.isfinite(test.y1)
    circuits, y, p = test.circuits[known], test.y1[known], opinions.p_overtake[known]
    gap = gap_line(judged.train, judged.train.at_line)(test)[known]
    pooled = Mixture(judged.trained.parts).pooled(test.rows[known])
    scores = {}
    for name in sorted(set(circuits.tolist()), key=lambda name: -int((circuits == name).sum())):
        here = circuits == name
        scores[name] = {
            "battles": int(here.sum()),
            "passes": int(y[here].sum()),
            **{
                forecast: round(float(losses(y[here], values[here]).mean()), 4)
                for forecast, values in ((GAP_ONLY, gap), (POOLED, pooled), (MIXTURE, p))
            },
        }
    return scores


def interval(y: Array, p: Array, against: Array, races: Ids) -> list[float]:
    """Return the gain in log-loss and its 95 % interval, rounded for the card."""
    return [round(value, 5) for value in gain_interval(y, p, against, races)]


def _width(test: BattleTable, opinions: Opinions) -> dict[str, float]:
    width = (opinions.high - opinions.low)[test.at_line & np.isfinite(test.y1)]
    return {"mean": round(float(width.mean()), 4), "median": round(float(np.median(width)), 4)}


def _interruption(
    outcome: Ids, trained_on: Ids, chances: npt.NDArray[np.float64]
) -> dict[str, Any]:
    """Return the scores of the competing outcomes, against the training's rates alone."""
    asked = outcome >= 0
    outcome, chances = outcome[asked], chances[asked]
    rates = np.bincount(trained_on[trained_on >= 0], minlength=len(OUTCOMES)) / np.sum(
        trained_on >= 0
    )
    rows: Sequence[int] | Ids = np.arange(len(outcome))
    y = (outcome > 0).astype(np.float64)
    return {
        "rows": len(outcome),
        "log_loss": round(float(-np.log(chances[rows, outcome]).mean()), 5),
        "log_loss_of_rates": round(float(-np.log(rates[outcome]).mean()), 5),
        "interrupted": score(y, 1 - chances[:, 0]).rounded(5),
        "by_outcome": {
            name: {
                "forecast": round(float(chances[:, i].mean()), 5),
                "observed": round(float((outcome == i).mean()), 5),
            }
            for i, name in enumerate(OUTCOMES)
        },
    }
