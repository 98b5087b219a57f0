"""Judge the mixture on the fixed splits: against its yardstick, its experts, and without each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ml.mixing import Trained, combine, expert_margins
from ml.mixture_table import BattleTable, Ids
from ml.out_of_fold import MixtureRecipe, OutOfFold, out_of_fold
from ml.scores import Array, gain_interval, score
from ml.stacking import fit_gate, fit_logistic, residuals_of
from pitwall.prediction.experts import EXPERTS
from pitwall.prediction.interruption import OUTCOMES
from pitwall.prediction.logits import sigmoid
from pitwall.prediction.mixture import Mixture, Opinions

POOLED, MIXTURE, GAP_ONLY = "pooled", "mixture", "gap only"


@dataclass(frozen=True, slots=True)
class Split:
    """Train on all years before, test on one year."""

    test_year: int

    @property
    def name(self) -> str:
        """How tables call it."""
        return f"train < {self.test_year}, test {self.test_year}"


SPLITS: Final = (Split(2025), Split(2026))


@dataclass(frozen=True, slots=True)
class Judged:
    """A split's training rows with their out-of-fold opinions, and its test rows."""

    train: BattleTable
    opinions: OutOfFold
    test: BattleTable
    recipe: MixtureRecipe


def judge(table: BattleTable, split: Split, recipe: MixtureRecipe) -> dict[str, Any]:
    """Train on the years before the test year and return all scores, ready for the card."""
    training = table.where(table.years < split.test_year)
    test = table.where(table.years == split.test_year)
    return judge_fitted(Judged(training, out_of_fold(training, recipe), test, recipe))


def judge_fitted(judged: Judged) -> dict[str, Any]:
    """Return the scores of members that are fitted already."""
    trained = combine(judged.train, judged.opinions, judged.recipe)
    mixture = Mixture(trained.parts)
    test = judged.test
    residuals = residuals_of(test, sigmoid(mixture.plain_logits(test.rows)))
    said = mixture.opinions(test.rows, residuals)
    known, known_3 = np.isfinite(test.y1), np.isfinite(test.y3)
    p = {name: values[known] for name, values in _next_lap(judged, mixture, said).items()}
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
        "three_laps": {
            "alone": score(y_3, three_alone).rounded(5),
            MIXTURE: score(y_3, said.p_overtake_3[known_3]).rounded(5),
            "gain_over_alone": _interval(y_3, said.p_overtake_3[known_3], three_alone, races_3),
        },
        "shares": _shares(said.shares[known]),
        "interval_width": _width(said, known),
        "interruption": _interruption(test.outcome, judged.train.outcome, said.p_outcomes),
    }


def _next_lap(judged: Judged, mixture: Mixture, said: Opinions) -> dict[str, Array]:
    train, test = judged.train, judged.test
    known = np.isfinite(train.y1)
    gap = [column.name for column in train.columns].index(train.roles.gap)

    def design(table: BattleTable) -> Array:
        gaps = table.rows[:, gap].astype(np.float64)
        return np.column_stack([gaps, np.log(gaps + 0.1), np.ones(len(gaps))])

    line = fit_logistic(design(train)[known], train.y1[known])
    still = mixture.opinions(test.rows, np.zeros((len(test), 3)))
    mean = sigmoid(mixture.plain_logits(test.rows))
    experts = dict(zip(EXPERTS, said.p_experts.T, strict=True))
    return {
        GAP_ONLY: sigmoid(design(test) @ line),
        POOLED: mixture.pooled(test.rows),
        **experts,
        "mean of experts": mean,
        "mixture without residuals": still.p_overtake,
        MIXTURE: said.p_overtake,
    }


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


def _width(said: Opinions, known: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, float]:
    width = (said.high - said.low)[known]
    return {"mean": round(float(width.mean()), 4), "median": round(float(np.median(width)), 4)}


def _interruption(outcome: Ids, trained_on: Ids, chances: Array) -> dict[str, Any]:
    """Return how the competing outcomes were forecast, against the training's rates alone."""
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
