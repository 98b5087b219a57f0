"""Test that a hypothetical battle is forecast like a real one with the same known features."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np
import pytest

from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.prediction.columns.spec import Rows
from pitwall.prediction.features import feature_matrix, feature_names
from pitwall.prediction.predictor import MixturePredictor
from pitwall.prediction.what_if import MixtureWhatIf

pytestmark = pytest.mark.slow

MANY = 50


@pytest.fixture(scope="module")
def predictor() -> MixturePredictor:
    return MixturePredictor.load()


@pytest.fixture(scope="module")
def rows(predictor: MixturePredictor) -> Rows:
    """Return the first rows of features of battles of a simulated race, shape (n, n_features)."""
    engine = RaceEngine(None)
    matrices = []
    for number, message in enumerate(islice(SimulatedFeed(3).messages(), 30_000)):
        engine.take(message)
        if number % 500 == 0 and engine.state.battles:
            state = engine.state
            matrices.append(feature_matrix(state.race, state.battles, predictor.bundle.knowledge))
        if sum(map(len, matrices)) > MANY:
            break
    return np.concatenate(matrices).astype(np.float32)


def test_features_that_training_saw_can_be_asked_about_and_no_others(
    predictor: MixturePredictor,
) -> None:
    features = {feature.name: feature for feature in MixtureWhatIf(predictor).features}

    assert features.keys() == predictor.bundle.ranges.keys()
    assert 0 <= features["interval_s"].lowest < 0.05
    assert features["interval_s"].highest == pytest.approx(2.0, abs=0.01)
    assert "full_throttle_attacker_share" not in features  # no training race had car telemetry
    assert all(one.lowest <= one.highest and one.meaning for one in features.values())


def test_a_battle_said_by_its_features_gets_its_own_forecast(
    predictor: MixturePredictor, rows: Rows
) -> None:
    what_if = MixtureWhatIf(predictor)
    expected = predictor.explained(rows[:40])

    assert len(rows) > MANY
    for row, forecast in zip(rows[:40], expected, strict=True):
        known = {
            name: float(value)
            for name, value in zip(feature_names(), row, strict=True)
            if not math.isnan(value)
        }
        answer = what_if.forecast(known)
        assert answer.p_overtake == pytest.approx(forecast.p_overtake, abs=1e-9)
        assert answer.reasons == forecast.reasons
    assert what_if.version == predictor.version
