"""Test that rows of simulated races hold features, outcomes and truth, and that reports add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.simulated_report import TRUTHS, calibration, decided, page, rank_interval, truth_tests
from ml.simulated_rows import PARTS, TRUE, simulated_rows
from pitwall.prediction.features import feature_names
from pitwall.prediction.predictor import MixturePredictor


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return simulated_rows(601, MixturePredictor.load(), laps=12, every_s=60)


def test_rows_have_every_feature_and_the_truth(rows: pd.DataFrame) -> None:
    assert set(rows.kind) == {"line", "moment"}
    assert set(feature_names()) | set(TRUE) | set(PARTS) <= set(rows.columns)
    assert rows.true_charge_diff_mj.between(-4.0, 4.0).all()
    assert rows.true_charge_diff_mj.std() > 0.1
    assert (rows.true_wake_s >= 0.0).all()
    assert rows.true_wake_s.max() > 0.1


def test_parts_add_up_to_the_logit_of_the_forecast(rows: pd.DataFrame) -> None:
    logits = np.log(rows.p_overtake / (1.0 - rows.p_overtake))

    assert np.allclose(rows[list(PARTS)].sum(axis=1), logits, atol=1e-3)


def test_outcomes_come_after_their_rows_and_clean_battles_are_some_of_all(
    rows: pd.DataFrame,
) -> None:
    assert set(rows.outcome) <= {"pass", "hold", "pit", "neutralised", "retired", "finished"}
    assert rows.y1.notna().sum() > 50
    assert 0 < len(decided(rows, "clean moment")) < len(decided(rows, "moment"))


def test_a_correlation_that_is_there_is_found() -> None:
    random = np.random.default_rng(1)
    true = random.normal(size=600)
    rows = pd.DataFrame(
        {"seed": np.repeat(np.arange(6), 100), "part": true + random.normal(size=600), "true": true}
    )

    rho, low, high = rank_interval(rows, "part", "true", draws=50)

    assert 0.5 < low < rho < high < 0.9


def test_the_page_holds_what_was_found(rows: pd.DataFrame) -> None:
    both = pd.concat([rows, rows.assign(seed=602)], ignore_index=True)
    scores = [calibration(both, "moment")]

    text = page("mixture-x", (601, 602), scores, None, truth_tests(both, draws=20))

    assert f"{len(decided(both, 'moment')):,} | 2 |" in text
    assert all(f"| {expert} |" in text for expert, *_ in TRUTHS)
