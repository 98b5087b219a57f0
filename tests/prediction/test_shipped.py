"""Test that the shipped mixture keeps what every mixture promises, on rows of any values."""

from __future__ import annotations

import numpy as np
import pytest

from pitwall.prediction.bundle import SHIPPED, load_bundle
from pitwall.prediction.columns.spec import Rows
from pitwall.prediction.experts import Logits
from pitwall.prediction.features import feature_columns, feature_names
from pitwall.prediction.gate import GAP
from pitwall.prediction.memory import RESIDUALS
from pitwall.prediction.mixture import PARTS, Mixture
from pitwall.prediction.stacker import sigmoid

pytestmark = pytest.mark.slow

MANY = 150


@pytest.fixture(scope="module")
def mixture() -> Mixture:
    """Return the shipped mixture."""
    return Mixture(load_bundle(SHIPPED, feature_columns()).parts)


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Return rows within the ranges of training, a tenth of their values missing."""
    ranges = load_bundle(SHIPPED).ranges
    random = np.random.default_rng(12)
    rows = np.full((MANY, len(feature_names())), np.nan, dtype=np.float32)
    for place, name in enumerate(feature_names()):
        if name in ranges:
            low, high = ranges[name]
            rows[:, place] = random.uniform(low, high, MANY)
    rows[random.random(rows.shape) < 0.1] = np.nan
    return rows


@pytest.fixture(scope="module")
def residuals() -> Logits:
    """Return running residuals up to their largest values."""
    return np.random.default_rng(1).normal(scale=0.3, size=(MANY, len(RESIDUALS)))


def test_closer_is_never_less_likely(mixture: Mixture, rows: Rows, residuals: Logits) -> None:
    gaps = np.linspace(2.5, 0.0, 26)
    moved = np.repeat(rows[:, None, :], len(gaps), axis=1)
    moved[:, :, feature_names().index(GAP)] = gaps
    opinions = mixture.opinions(
        moved.reshape(-1, rows.shape[1]), np.repeat(residuals, len(gaps), axis=0)
    )

    for p in (opinions.p_overtake, opinions.p_overtake_3, *opinions.p_experts.T):
        assert (np.diff(p.reshape(MANY, -1), axis=1) >= -1e-12).all()
    pooled = mixture.pooled(moved.reshape(-1, rows.shape[1])).reshape(MANY, -1)
    assert (np.diff(pooled, axis=1) >= -1e-12).all()


def test_contributions_and_points_add_up(mixture: Mixture, rows: Rows, residuals: Logits) -> None:
    opinions = mixture.opinions(rows, residuals)

    logits = opinions.base + opinions.contributions.sum(axis=1)
    assert sigmoid(logits) == pytest.approx(opinions.p_overtake, abs=1e-12)
    total = sigmoid(opinions.base) + opinions.points.sum(axis=1)
    assert total == pytest.approx(opinions.p_overtake, abs=1e-12)
    # The model card has the spread on real battles; on such rows every expert says something.
    assert (opinions.contributions.std(axis=0) > 0.05).all()


def test_no_slope_and_no_weight_of_a_residual_is_below_nought(mixture: Mixture) -> None:
    parts = mixture.parts

    assert (parts.stacker.slopes >= 0).all()
    assert (parts.stacker.residual_weights >= 0).all()
    assert (parts.three_laps.slopes >= 0).all()
    assert (parts.three_laps.margin_weights >= 0).all()
    assert all(platt.slope > 0 for platt in parts.platts.values())
    assert set(parts.experts) >= set(PARTS)
    assert all(abs(value) < 1 for value in parts.seasons.values())
