"""Fit the gate, stacker and calibrations on opinions about races that experts had not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from ml.metrics import Array
from ml.mixture_table import BattleTable
from pitwall.prediction.gate import Gate, Situations, class_chances, softmax_shares
from pitwall.prediction.memory import Record, running_residuals
from pitwall.prediction.stacker import (
    UNLIKELY,
    Platt,
    Spread,
    Stacker,
    ThreeLapStacker,
    pieces,
    sigmoid,
)

GATE_PENALTY: Final = 30.0  # L2 on the gate's weights, in rows
_STEPS: Final = {"maxiter": 500, "ftol": 1e-12, "gtol": 1e-9}
_Loss = Callable[[Array], tuple[float, Array]]
_Bounds = Sequence[tuple[float | None, float | None]]


def residuals_of(table: BattleTable, forecasts: Array) -> Array:
    """Return the running residuals of every row, shape (n, 3), from its own race's earlier rows."""
    solution = np.zeros((len(table), 3))
    for race in np.unique(table.races).tolist():
        rows = table.races == race
        record = record_of_race(table.where(rows), forecasts[rows])
        times = table.t_ms[rows] / 1000
        solution[rows] = running_residuals(
            record, times, table.attackers[rows], table.defenders[rows]
        )
    return solution


def record_of_race(table: BattleTable, forecasts: Array) -> Record:
    """Return how the decided battles of one race came out, against what was forecast of them."""
    known = np.isfinite(table.y1)
    return Record(
        resolved_s=table.resolved_ms[known] / 1000,
        attackers=table.attackers[known],
        defenders=table.defenders[known],
        passed=table.y1[known],
        forecasts=forecasts[known],
    )


def fit_logistic(design: Array, y: Array, not_below_0: int = 0) -> Array:
    """Return logistic coefficients, shape (k,), the first `not_below_0` of which are at least 0.

    The design, shape (n, k), brings its own column of ones. There is no penalty to speak of.
    """

    def loss(coefficients: Array) -> tuple[float, Array]:
        z = design @ coefficients
        return _log_loss(z, y), design.T @ (sigmoid(z) - y) / len(y)

    bounds = [(0.0, None) if i < not_below_0 else (None, None) for i in range(design.shape[1])]
    return rounded_numbers(_least(loss, np.zeros(design.shape[1]), bounds))


def fit_platt(margins: Array, y: Array) -> Platt:
    """Return the straight line that calibrates held-out margins, shape (n,)."""
    slope, intercept = fit_logistic(np.column_stack([margins, np.ones(len(y))]), y, 1).tolist()
    return Platt(slope, intercept)


def fit_gate(
    margins: Array, situations: Situations, terms: tuple[str, ...], y: Array
) -> tuple[Gate, Stacker]:
    """Return gate and stacker, fitted together on held-out margins, shape (n, n_experts)."""
    context = situations.context(terms)
    size = context.shape[1] * (margins.shape[1] - 1)
    constant = np.column_stack([np.ones(len(y)), situations.residuals])

    def loss(theta: Array) -> tuple[float, Array]:
        weights = theta[:size].reshape(context.shape[1], -1)
        shares = softmax_shares(context @ weights)
        opinion = (shares * margins).sum(axis=1)
        parts = pieces(opinion, UNLIKELY)
        slopes, rest = theta[size : size + 3], theta[size + 3 :]
        z = parts @ slopes + constant @ rest
        error = (sigmoid(z) - y) / len(y)
        slope = slopes[np.where(opinion < UNLIKELY, 0, np.where(opinion < 0, 1, 2))]
        toward = (shares * (margins - opinion[:, None]))[:, :-1]
        penalty = GATE_PENALTY / len(y)
        gradient = context.T @ ((error * slope)[:, None] * toward) + 2 * penalty * weights
        whole = np.concatenate([gradient.ravel(), parts.T @ error, constant.T @ error])
        return _log_loss(z, y) + penalty * float((weights**2).sum()), whole

    start = np.concatenate([np.zeros(size), np.ones(3), np.zeros(constant.shape[1])])
    bounds = [(None, None)] * size + [(0.0, None)] * 3 + [(None, None)] * constant.shape[1]
    theta = rounded_numbers(_least(loss, start, bounds))
    gate = Gate(terms, theta[:size].reshape(context.shape[1], -1))
    rest = theta[size + 3 :]
    return gate, Stacker(theta[size : size + 3], float(rest[0]), rest[1:])


def fit_three_laps(three: Array, margins: Array, residuals: Array, y: Array) -> ThreeLapStacker:
    """Return the stacker of three laps, fitted on held-out margins."""
    bounded = 3 + margins.shape[1]
    solution = fit_logistic(ThreeLapStacker.design(three, margins, residuals), y, bounded)
    return ThreeLapStacker(
        solution[:3], solution[3:bounded], float(solution[bounded]), solution[bounded + 1 :]
    )


def fit_classes(margins: Array, outcomes: npt.NDArray[np.int64]) -> tuple[float, Array]:
    """Return slope and offsets that calibrate held-out margins, shape (n, n_classes)."""
    rows = np.arange(len(outcomes))
    hit = np.eye(margins.shape[1])[outcomes]

    def loss(theta: Array) -> tuple[float, Array]:
        offsets = np.concatenate([[0.0], theta[1:]])
        chances = class_chances(margins, float(theta[0]), offsets)
        error = (chances - hit) / len(outcomes)
        gradient = np.concatenate([[(error * margins).sum()], error.sum(axis=0)[1:]])
        chosen = np.maximum(chances[rows, outcomes], 1e-300)
        return float(-np.log(chosen).mean()), gradient

    start = np.concatenate([[1.0], np.zeros(margins.shape[1] - 1)])
    solution = rounded_numbers(
        _least(loss, start, [(0.0, None)] + [(None, None)] * (len(start) - 1))
    )
    return float(solution[0]), np.concatenate([[0.0], solution[1:]])


def fit_spread(by_fold: Array, covariance: Array) -> Spread:
    """Return the width of the interval.

    Args:
        by_fold: The experts' part of the logit by each fold's models, shape (folds, m).
        covariance: The covariance of the stacker's coefficients, shape (7, 7).
    """
    jackknife = (len(by_fold) - 1) * by_fold.var(axis=0)
    return Spread(float(f"{jackknife.mean():.9g}"), rounded_numbers(covariance))


def sandwich(design: Array, y: Array, p: Array, races: npt.NDArray[np.int64]) -> Array:
    """Return the covariance of logistic coefficients, with whole races as independent units."""
    information = design.T @ (design * (p * (1 - p))[:, None])
    bread = np.linalg.inv(information + 1e-6 * np.eye(design.shape[1]))
    _, index = np.unique(races, return_inverse=True)
    scores = np.zeros((index.max() + 1, design.shape[1]))
    np.add.at(scores, index, design * (y - p)[:, None])
    covariance: Array = bread @ (scores.T @ scores) @ bread
    return covariance


def rounded_numbers(values: Array) -> Array:
    """Round to nine digits, so that the last bits of a BLAS do not change a content hash."""
    return np.array([float(f"{value:.9g}") for value in values.ravel().tolist()]).reshape(
        values.shape
    )


def _log_loss(z: Array, y: Array) -> float:
    return float(np.mean(np.logaddexp(0, z) - y * z))


def _least(loss: _Loss, start: Array, bounds: _Bounds) -> Array:
    solution = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=_STEPS)
    answer: Array = np.asarray(solution.x, dtype=np.float64)
    return answer
