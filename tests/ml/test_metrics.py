"""Scores mean what the judge's scores mean."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from ml.metrics import Array, gain_interval, reliability, score


@pytest.fixture
def forecasts() -> tuple[Array, Array]:
    """Return outcomes that come exactly as often as forecast, and the forecasts."""
    random = np.random.default_rng(0)
    p = random.uniform(0.01, 0.6, 20_000)
    return (random.uniform(size=p.size) < p).astype(np.float64), p


def test_scores_of_a_calibrated_forecast(forecasts: tuple[Array, Array]) -> None:
    y, p = forecasts

    found = score(y, p)

    assert found.log_loss == pytest.approx(log_loss(y, p))
    assert found.brier == pytest.approx(brier_score_loss(y, p))
    assert found.ece < 0.015
    assert found.slope == pytest.approx(1, abs=0.1)
    assert found.intercept == pytest.approx(0, abs=0.1)


def test_certainty_that_is_wrong_costs_a_finite_amount() -> None:
    y = np.array([1.0, 0.0])

    assert score(y, np.array([0.0, 1.0])).log_loss == pytest.approx(-np.log(1e-5), rel=1e-6)


def test_a_constant_forecast_has_no_calibration_line() -> None:
    y = np.array([1.0, 0.0, 0.0, 0.0])

    found = score(y, np.full(4, 0.25))

    assert (found.slope, found.intercept) == (None, None)
    assert found.roc_auc == 0.5


def test_the_gain_is_drawn_over_whole_races() -> None:
    # One race in which the forecast is much better, and nine in which it is slightly worse.
    y = np.ones(100)
    races = np.repeat(np.arange(10), 10)
    p = np.where(races == 0, 0.9, 0.49)

    gain, low, high = gain_interval(y, p, np.full(100, 0.5), races)

    assert gain == pytest.approx((np.log(0.9 / 0.5) + 9 * np.log(0.49 / 0.5)) / 10)
    assert low < 0 < high


def test_no_gain_over_itself(forecasts: tuple[Array, Array]) -> None:
    y, p = forecasts

    assert gain_interval(y, p, p, np.arange(len(y)) // 100) == (0, 0, 0)


def test_reliability_bins_hold_every_row_once_and_rise(forecasts: tuple[Array, Array]) -> None:
    y, p = forecasts

    bins = reliability(y, p)

    assert sum(b.count for b in bins) == len(y)
    assert sum(b.passes for b in bins) == y.sum()
    assert [b.forecast for b in bins] == sorted(b.forecast for b in bins)
