"""Compute proper scores of probability forecasts, with intervals over whole races."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

Array = npt.NDArray[np.float64]

_EDGE = 1e-5  # probabilities are clipped here, as in the fixed evaluation
_ECE_BINS = 15
_NO_SPREAD = 1e-9


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of a set of forecasts.

    Attributes:
        log_loss, brier, ece: Lower is better.
        roc_auc, pr_auc: Higher is better; `pr_auc` is average precision.
        slope, intercept: Of the logistic calibration; 1 and 0 are perfect, None for a
            forecast that never changes.
    """

    log_loss: float
    brier: float
    roc_auc: float
    pr_auc: float
    ece: float
    slope: float | None
    intercept: float | None

    def rounded(self, digits: int = 4) -> dict[str, float | None]:
        """Return the scores by name, rounded."""
        return {k: None if v is None else round(v, digits) for k, v in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One bin of the sorted forecasts."""

    count: int
    passes: int
    forecast: float
    observed: float


def score(y: Array, p: Array) -> Scores:
    """Return every score of forecasts `p`, shape (n,), for outcomes `y` in {0, 1}, shape (n,)."""
    p = clipped(p)
    slope, intercept = _calibration_line(y, p)
    return Scores(
        log_loss=float(losses(y, p).mean()),
        brier=float(((p - y) ** 2).mean()),
        roc_auc=float(roc_auc_score(y, p)),
        pr_auc=float(average_precision_score(y, p)),
        ece=_expected_calibration_error(y, p),
        slope=slope,
        intercept=intercept,
    )


def clipped(p: Array) -> Array:
    """Return probabilities clipped away from 0 and 1, as in the fixed evaluation."""
    return np.clip(p, _EDGE, 1 - _EDGE)


def losses(y: Array, p: Array) -> Array:
    """Return the log-loss of each forecast, shape (n,)."""
    p = clipped(p)
    return -(y * np.log(p) + (1 - y) * np.log1p(-p))


def gain_interval(
    y: Array, p: Array, against: Array, races: npt.NDArray[np.int64], draws: int = 1000
) -> tuple[float, float, float]:
    """Return the log-loss gain of `p` over `against` and its 95 % interval.

    Whole races are drawn with replacement, because the battles of one race resemble each other.
    """
    gain = losses(y, against) - losses(y, p)
    _, race_index = np.unique(races, return_inverse=True)
    sums, counts = np.bincount(race_index, weights=gain), np.bincount(race_index)
    random = np.random.default_rng(0)
    drawn = random.integers(len(sums), size=(draws, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(gain.mean()), float(low), float(high)


def reliability(y: Array, p: Array, bins: int = 10) -> list[ReliabilityBin]:
    """Return forecasts and observed frequencies in bins of equal numbers, lowest first."""
    return [
        ReliabilityBin(len(rows), int(y[rows].sum()), float(p[rows].mean()), float(y[rows].mean()))
        for rows in np.array_split(np.argsort(p, kind="stable"), bins)
        if len(rows)
    ]


def wilson(passes: int, count: int) -> list[float]:
    """Return the 95 % interval of a counted share (Wilson 1927)."""
    z2 = 1.96**2
    middle = (passes + z2 / 2) / (count + z2)
    reach = 1.96 * np.sqrt(passes * (count - passes) / count + z2 / 4) / (count + z2)
    return [round(float(middle - reach), 5), round(float(middle + reach), 5)]


def perfect_ece(p: Array, draws: int = 500) -> float:
    """Return the expected calibration error of forecasts that are exactly right.

    With few rows it is never 0; outcomes are drawn from the forecasts themselves.
    """
    random = np.random.default_rng(0)
    errors = [
        _expected_calibration_error((random.random(len(p)) < p).astype(np.float64), p)
        for _ in range(draws)
    ]
    return round(float(np.mean(errors)), 5)


def _expected_calibration_error(y: Array, p: Array) -> float:
    parts = np.array_split(np.argsort(p), _ECE_BINS)
    return float(
        sum(len(rows) * abs(y[rows].mean() - p[rows].mean()) for rows in parts if len(rows))
        / len(y)
    )


def _calibration_line(y: Array, p: Array) -> tuple[float | None, float | None]:
    logits = np.log(p / (1 - p)).reshape(-1, 1)
    if np.ptp(logits) < _NO_SPREAD:
        return None, None
    line = LogisticRegression(C=1e9, max_iter=1000).fit(logits, y)
    return float(line.coef_[0, 0]), float(line.intercept_[0])
