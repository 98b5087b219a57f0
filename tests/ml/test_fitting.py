"""Fitting is reproducible, keeps races whole, and looks at no later race."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.evaluation import Split, forecast, judge, usable
from ml.fitting import (
    CIRCUIT_COLUMN,
    NotMonotoneError,
    Recipe,
    fit,
    labels,
    race_folds,
    training_matrix,
)
from ml.train import save_model
from pitwall.prediction.features import FEATURES, feature_names
from pitwall.prediction.model_file import to_document
from tests.ml.tables import a_table

CIRCUIT = feature_names().index(CIRCUIT_COLUMN)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Return a made-up table of twelve races."""
    return a_table()


def test_training_twice_gives_the_same_model(table: pd.DataFrame) -> None:
    first, second = (to_document(fit(table)) for _ in range(2))

    assert first["content_hash"] == second["content_hash"]


def test_the_order_of_the_rows_does_not_matter(table: pd.DataFrame) -> None:
    shuffled = table.sample(frac=1, random_state=5)

    assert to_document(fit(shuffled))["content_hash"] == to_document(fit(table))["content_hash"]


def test_the_fit_finds_what_moves_the_truth(table: pd.DataFrame) -> None:
    model = fit(table)

    weights = dict(zip(model.features, model.coefficients, strict=True))
    strongest = sorted(weights, key=lambda name: abs(weights[name]), reverse=True)[:2]
    assert set(strongest) == {"interval_s", "interval_change_1lap_s"}
    assert model.calibration_slope == pytest.approx(1, abs=0.3)


def test_a_model_by_which_closer_is_less_likely_is_refused(table: pd.DataFrame) -> None:
    backwards = table.assign(y1=1 - table.y1)

    with pytest.raises(NotMonotoneError, match="closer attacker would be less likely"):
        fit(backwards)


def test_circuit_rates_of_a_race_count_earlier_races_only(table: pd.DataFrame) -> None:
    later = table.assign(y1=table.y1.where(table.race_order < 6, 1 - table.y1))

    before, after = training_matrix(table)[:, CIRCUIT], training_matrix(later)[:, CIRCUIT]

    known = (table.race_order <= 6).to_numpy()
    np.testing.assert_array_equal(before[known], after[known])
    assert (before[~known] != after[~known]).any()
    assert (before[(table.race_order == 0).to_numpy()] == 0).all()


def test_folds_keep_races_whole_and_hold_each_out_once(table: pd.DataFrame) -> None:
    races = table.session_id.to_numpy()

    folds = list(race_folds(races, Recipe()))

    assert np.sum(folds, axis=0).tolist() == [1] * len(races)
    for held_out in folds:
        assert not set(races[held_out]) & set(races[~held_out])


def test_races_of_doubtful_order_are_left_out(table: pd.DataFrame) -> None:
    doubtful = table.assign(quality=np.where(table.race_order == 3, "fair", "good"))

    assert set(usable(doubtful).race_order) == set(range(12)) - {3}


def test_a_judged_year_is_not_trained_on(table: pd.DataFrame) -> None:
    spoiled = table.assign(y1=table.y1.where(table.year < 2024, 1 - table.y1))

    honest, other = judge(table, Split(2024)), judge(spoiled, Split(2024))

    assert honest.rows == int((table.year == 2024).sum())
    assert honest.train_rows == int((table.year < 2024).sum())
    assert list(honest.scores) == ["base rate", "gap only", "first-logistic"]
    # The same forecasts, scored against opposite outcomes.
    assert honest.scores["first-logistic"].roc_auc == pytest.approx(
        1 - other.scores["first-logistic"].roc_auc
    )
    assert honest.gains["gap only"][0] > 0


def test_a_saved_model_forecasts_what_the_fitted_one_does(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    model = fit(table)

    read = save_model(model, tmp_path / "model.json")

    np.testing.assert_array_equal(forecast(read, table), forecast(model, table))
    assert forecast(read, table).mean() == pytest.approx(labels(table).mean(), abs=0.02)
    assert len(read.coefficients) == len(FEATURES)
