"""Score the mixture on the fixed splits: against other forecasts, and without each expert."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.metrics import Array, gain_interval, losses, perfect_ece, reliability, score, wilson
from ml.mixture_table import BattleTable, Ids
from ml.mixture_training import Trained, combine, expert_margins
from ml.out_of_fold import MixtureRecipe, OutOfFold, out_of_fold
from ml.stacking import fit_gate, fit_logistic, residuals_of
from pitwall.prediction.columns.spec import EXPERTS
from pitwall.prediction.gate import OUTCOMES
from pitwall.prediction.mixture import Mixture, MixtureParts, Opinions
from pitwall.prediction.stacker import sigmoid

POOLED, MIXTURE, GAP_ONLY = "pooled", "mixture", "gap only"
BINS: Final = 15


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
    training = table.where(table.years < split.test_year)
    test = table.where(table.years == split.test_year)
    opinions = out_of_fold(training, recipe)
    return Judged(split, training, opinions, combine(training, opinions, recipe), test)


def opinions_of(parts: MixtureParts, rows: BattleTable) -> Opinions:
    """Return a mixture's opinions on rows, their running residuals included."""
    mixture = Mixture(parts)
    residuals = residuals_of(rows, sigmoid(mixture.plain_logits(rows.rows)))
    return mixture.opinions(rows.rows, residuals)


def scores_of(judged: Judged) -> dict[str, Any]:
    """Return all scores of a split, ready for the card."""
    trained, test = judged.trained, judged.test
    mixture = Mixture(trained.parts)
    opinions = opinions_of(trained.parts, test)
    known, known_3 = np.isfinite(test.y1), np.isfinite(test.y3)
    p = {name: values[known] for name, values in next_lap(judged, mixture, opinions).items()}
    without = {name: values[known] for name, values in _without_each(judged, trained).items()}
    y, races = test.y1[known], test.races[known]
    y_3, races_3 = test.y3[known_3], test.races[known_3]
    three_alone = _three_alone(judged, trained)[known_3]
    return {
        "rows": len(y),
        "races": len(np.unique(races)),
        "passes": int(y.sum()),
        "next_lap": {name: score(y, values).rounded(5) for name, values in p.items()},
        "gain_over_pooled": _gains(
            y, {k: v for k, v in p.items() if k != POOLED}, p[POOLED], races
        ),
        "gain_over_gap_only": _gains(y, {k: p[k] for k in EXPERTS}, p[GAP_ONLY], races),
        "cost_without": {
            name: _interval(y, p[MIXTURE], values, races) for name, values in without.items()
        },
        "reliability": [
            asdict(one) | {"interval": wilson(one.passes, one.count)}
            for one in reliability(y, p[MIXTURE], BINS)
        ],
        "perfect_ece": perfect_ece(p[MIXTURE]),
        "by_circuit": _by_circuit(test, known, p),
        "three_laps": {
            "alone": score(y_3, three_alone).rounded(5),
            MIXTURE: score(y_3, opinions.p_overtake_3[known_3]).rounded(5),
            "gain_over_alone": _interval(y_3, opinions.p_overtake_3[known_3], three_alone, races_3),
        },
        "shares": _shares(opinions.shares[known]),
        "interval_width": _width(opinions, known),
        "interruption": _interruption(test.outcome, judged.train.outcome, opinions.p_outcomes),
    }


def next_lap(judged: Judged, mixture: Mixture, opinions: Opinions) -> dict[str, Array]:
    """Return every forecast of the next lap of the test rows by name, the baseline first."""
    test = judged.test
    still = mixture.opinions(test.rows, np.zeros((len(test), 3)))
    experts = dict(zip(EXPERTS, opinions.p_experts.T, strict=True))
    return {
        GAP_ONLY: gap_line(judged.train)(test),
        POOLED: mixture.pooled(test.rows),
        **experts,
        "mean of experts": sigmoid(mixture.plain_logits(test.rows)),
        "mixture without residuals": still.p_overtake,
        MIXTURE: opinions.p_overtake,
    }


def gap_line(train: BattleTable) -> Callable[[BattleTable], Array]:
    """Return the forecast by the gap alone: logistic in the gap and its logarithm."""
    known = np.isfinite(train.y1)
    gap = [column.name for column in train.columns].index(train.roles.gap)

    def design(table: BattleTable) -> Array:
        gaps = table.rows[:, gap].astype(np.float64)
        return np.column_stack([gaps, np.log(gaps + 0.1), np.ones(len(gaps))])

    line = fit_logistic(design(train)[known], train.y1[known])
    return lambda table: sigmoid(design(table) @ line)


def _without_each(judged: Judged, trained: Trained) -> dict[str, Array]:
    """Return the mixture refitted without each expert, its residuals included."""
    train, test = judged.train, judged.test
    known = np.isfinite(train.y1)
    held_out = expert_margins(judged.opinions.margins)
    asked = np.stack([trained.parts.experts[name].margins(test.rows) for name in EXPERTS], axis=1)
    answers: dict[str, Array] = {}
    for left_out, name in enumerate(EXPERTS):
        own, new = np.delete(held_out, left_out, axis=1), np.delete(asked, left_out, axis=1)
        residuals = residuals_of(train, sigmoid(own.mean(axis=1)))
        seen = train.roles.situations(train.rows[known], train.columns, residuals[known])
        gate, stacker = fit_gate(own[known], seen, trained.parts.gate.terms, train.y1[known])
        residuals = residuals_of(test, sigmoid(new.mean(axis=1)))
        situations = test.roles.situations(test.rows, test.columns, residuals)
        opinion = (gate.shares(situations) * new).sum(axis=1)
        answers[name] = sigmoid(stacker.logits(opinion, residuals))
    return answers


def _three_alone(judged: Judged, trained: Trained) -> Array:
    known = np.isfinite(judged.train.y3)
    margins = judged.opinions.margins["three"][known]
    line = fit_logistic(np.column_stack([margins, np.ones(len(margins))]), judged.train.y3[known])
    asked = trained.parts.experts["three"].margins(judged.test.rows)
    return sigmoid(line[0] * asked + line[1])


def _by_circuit(
    test: BattleTable, known: npt.NDArray[np.bool_], p: Mapping[str, Array]
) -> dict[str, dict[str, float]]:
    """Return battles, passes and log-loss by circuit, the most battles first."""
    circuits, y = test.circuits[known], test.y1[known]
    scores = {}
    for name in sorted(set(circuits.tolist()), key=lambda name: -int((circuits == name).sum())):
        here = circuits == name
        scores[name] = {
            "battles": int(here.sum()),
            "passes": int(y[here].sum()),
            **{
                forecast: round(float(losses(y[here], p[forecast][here]).mean()), 4)
                for forecast in (GAP_ONLY, POOLED, MIXTURE)
            },
        }
    return scores


def _gains(
    y: Array, forecasts: Mapping[str, Array], against: Array, races: Ids
) -> dict[str, list[float]]:
    return {name: _interval(y, p, against, races) for name, p in forecasts.items()}


def _interval(y: Array, p: Array, against: Array, races: Ids) -> list[float]:
    return [round(value, 5) for value in gain_interval(y, p, against, races)]


def _shares(shares: Array) -> dict[str, list[float]]:
    """Return mean and standard deviation of each expert's share."""
    return {
        name: [round(float(values.mean()), 3), round(float(values.std()), 3)]
        for name, values in zip(EXPERTS, shares.T, strict=True)
    }


def _width(opinions: Opinions, known: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, float]:
    width = (opinions.high - opinions.low)[known]
    return {"mean": round(float(width.mean()), 4), "median": round(float(np.median(width)), 4)}


def _interruption(outcome: Ids, trained_on: Ids, chances: Array) -> dict[str, Any]:
    """Return the scores of the competing outcomes, against the training's rates alone."""
    asked = outcome >= 0
    outcome, chances = outcome[asked], chances[asked]
    rates = np.bincount(trained_on[trained_on >= 0], minlength=len(OUTCOMES)) / np.sum(
        trained_on >= 0
    )
    rows = np.arange(len(outcome))
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
