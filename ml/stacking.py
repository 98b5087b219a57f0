"""Fit stacker, gate and calibrations on opinions about races that the experts had not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from ml.metrics import Array
from ml.mixture_table import BattleTable
from pitwall.prediction.gate import Gate, class_chances, with_one
from pitwall.prediction.memory import RESIDUALS, Record, running_residuals, season_residual
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
BattleOutcomes = tuple[Array, Array]  # passed, and the plain forecasts made then
_Loss = Callable[[Array], tuple[float, Array]]
_Bounds = Sequence[tuple[float | None, float | None]]


def residuals_of(
    table: BattleTable, forecasts: Array, seasons: Mapping[int, float] | None = None
) -> Array:
    """Return the running residuals of every row, shape (n, 4), from earlier rows at the line.

    Args:
        table: Whole races.
        forecasts: The plain forecasts of all rows, shape (n,).
        seasons: The residuals of seasons; None to compute each race's from the races of its season
            before it in the table.
    """
    solution = np.zeros((len(table), len(RESIDUALS)))
    so_far: dict[int, list[BattleOutcomes]] = {}
    for race in np.unique(table.order).tolist():
        rows = table.order == race
        of_race = table.where(rows)
        year = int(of_race.years[0])
        record = record_of_race(of_race, forecasts[rows])
        before = so_far.setdefault(year, [])
        season = _season(before) if seasons is None else seasons.get(year, 0.0)
        solution[rows] = running_residuals(
            record, of_race.t_ms / 1000, of_race.attackers, of_race.defenders, season
        )
        before.append((record.passed, record.forecasts))
    return solution


def seasons_of(table: BattleTable, forecasts: Array) -> dict[int, float]:
    """Return the residual of each season after all its races in the table."""
    answer = {}
    for year in np.unique(table.years).tolist():
        rows = table.years == year
        record = record_of_race(table.where(rows), forecasts[rows])
        answer[year] = float(f"{season_residual(record.passed, record.forecasts):.9g}")
    return answer


def _season(before: Sequence[BattleOutcomes]) -> float:
    if not before:
        return 0.0
    passed, forecasts = zip(*before, strict=True)
    return season_residual(np.concatenate(passed), np.concatenate(forecasts))


def record_of_race(table: BattleTable, forecasts: Array) -> Record:
    """Return how the decided battles at the line came out, against what was forecast of them."""
    known = np.isfinite(table.y1) & table.at_line
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


def fit_stacker(
    margins: Array, context: Array, residuals: Array, terms: tuple[str, ...], y: Array
) -> Stacker:
    """Return the stacker and its gate, fitted together on held-out margins.

    Args:
        margins: Of the situation and each expert, shape (n, 1 + n_experts).
        context: The values of `terms`, shape (n, n_terms).
        residuals: Shape (n, n_residuals).
        terms: Names of what the gate reads.
        y: 1 for a pass, 0 for none, shape (n,).
    """
    centres = rounded_numbers(margins[:, 1:].mean(axis=0))
    situation, experts = pieces(margins[:, 0], UNLIKELY), margins[:, 1:] - centres
    ones = with_one(context)
    linear = np.column_stack([situation, ones, residuals])
    size, shape = linear.shape[1], (ones.shape[1], experts.shape[1])

    def loss(theta: Array) -> tuple[float, Array]:
        weights = theta[size:].reshape(shape)
        moves = np.exp(ones @ weights) * experts
        z = linear @ theta[:size] + moves.sum(axis=1)
        error = (sigmoid(z) - y) / len(y)
        held = np.concatenate([theta[4 : size - residuals.shape[1]], weights[1:].ravel()])
        penalty = GATE_PENALTY / len(y)
        gradient = ones.T @ (error[:, None] * moves)
        gradient[1:] += 2 * penalty * weights[1:]
        straight = linear.T @ error
        straight[4 : size - residuals.shape[1]] += (
            2 * penalty * theta[4 : size - residuals.shape[1]]
        )
        whole = np.concatenate([straight, gradient.ravel()])
        return _log_loss(z, y) + penalty * float((held**2).sum()), whole

    start = np.concatenate([np.ones(3), np.zeros(size - 3), np.zeros(shape[0] * shape[1])])
    # A residual never counts against itself: what came out above its forecasts raises the next.
    bounds: list[tuple[float | None, float | None]] = [(0.0, None)] * 3 + [(None, None)] * (
        size - 3 - residuals.shape[1]
    )
    bounds += [(0.0, None)] * residuals.shape[1] + [(-3.0, 1.0)] * shape[1]
    bounds += [(-1.0, 1.0)] * ((shape[0] - 1) * shape[1])
    theta = rounded_numbers(_least(loss, start, bounds))
    return Stacker(
        gate=Gate(terms, theta[size:].reshape(shape)),
        centres=centres,
        slopes=theta[:3],
        intercept=float(theta[3]),
        offsets=theta[4 : 4 + len(terms)],
        residual_weights=theta[4 + len(terms) : size],
    )


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


def fit_spread(by_fold: Array, context: Array, covariance: Array) -> Spread:
    """Return the width of the interval.

    Args:
        by_fold: The logit by each fold's models, shape (folds, m).
        context: The gate's terms, shape (m, n_terms).
        covariance: The covariance of the stacker's coefficients, shape (k, k).
    """
    jackknife = (len(by_fold) - 1) * by_fold.var(axis=0)
    design = with_one(context)
    wide = np.linalg.solve(design.T @ design + np.eye(design.shape[1]), design.T @ jackknife)
    # A condition seen seldom is never given a narrower interval than the rest.
    wide[1:] = np.maximum(wide[1:], 0)
    return Spread(rounded_numbers(wide), rounded_numbers(covariance))


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
