"""A made-up battle is forecast as a real one of which the same is known."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np
import pytest

from pitwall.feeds.simulated import SimulatedFeed
from pitwall.pipeline.engine import RaceEngine
from pitwall.prediction.features import feature_matrix, feature_names
from pitwall.prediction.predictor import LogisticPredictor
from pitwall.prediction.what_if import LogisticWhatIf


@pytest.fixture(scope="module")
def predictor() -> LogisticPredictor:
    return LogisticPredictor.load()


@pytest.fixture(scope="module")
def rows(predictor: LogisticPredictor) -> np.ndarray:
    """Return rows of features of battles of a simulated race, shape (n, n_features)."""
    engine = RaceEngine(None)
    found = []
    for number, message in enumerate(islice(SimulatedFeed(3).messages(), 30_000)):
        engine.take(message)
        if number % 500 == 0 and engine.state.battles:
            state = engine.state
            found.append(feature_matrix(state.race, state.battles, predictor.model.rates))
    return np.concatenate(found)


def test_real_battles_lie_within_the_ranges(rows: np.ndarray) -> None:
    assert len(rows) > 50
    for feature, column in zip(LogisticWhatIf.features, rows.T, strict=True):
        values = column[~np.isnan(column)]
        assert np.all(values >= feature.lowest - 1e-4), feature.name
        assert np.all(values <= feature.highest + 1e-4), feature.name


def test_a_battle_said_by_its_features_gets_its_own_forecast(
    predictor: LogisticPredictor, rows: np.ndarray
) -> None:
    what_if = LogisticWhatIf(predictor)
    expected = predictor.probabilities(rows[:40])

    for row, p_overtake in zip(rows[:40], expected, strict=True):
        known = {
            name: float(value)
            for name, value in zip(feature_names(), row, strict=True)
            if not math.isnan(value)
        }
        assert what_if.forecast(known).p_overtake == pytest.approx(p_overtake, abs=1e-12)


def test_a_part_that_follows_from_the_interval_need_not_be_said(
    predictor: LogisticPredictor,
) -> None:
    what_if = LogisticWhatIf(predictor)

    implied = what_if.forecast({"interval_s": 0.4})
    said = what_if.forecast({"interval_s": 0.4, "interval_below_1s_s": 0.6})

    assert implied == said
    assert what_if.version == predictor.version
