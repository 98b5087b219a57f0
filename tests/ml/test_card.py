"""Test that the model card agrees with the scores, and calls uncertain costs uncertain."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from ml.cadence_evaluation import cadence_scores
from ml.card import model_card
from ml.evaluate import headline
from ml.feature_list import feature_list
from ml.forward_chaining import chained_scores
from ml.mixture_table import BattleTable, battle_table, stacked
from ml.regimes import scores_by_regime
from ml.reliability_plot import reliability_svg
from ml.split_scores import Judged, Split, scores_of
from pitwall.domain.forecasts import Condition
from pitwall.prediction.bundle import Bundle
from pitwall.prediction.features import feature_names
from tests.ml.mixture_tables import (
    COLUMNS,
    RECIPE,
    a_frame,
    the_mixture,
    the_opinions,
    the_table,
)
from tests.prediction.small_bundle import the_bundle

SPLIT = Split(2025)


def the_test() -> BattleTable:
    """Return races of a year that nothing was trained on."""
    table = battle_table(a_frame(races=3, seed=8), COLUMNS)
    return replace(table, years=np.full(len(table), SPLIT.test_year))


@cache
def the_scores() -> dict[str, Any]:
    """Return all scores of a small mixture."""
    judged = Judged(SPLIT, the_table(), the_opinions(), the_mixture(), the_test())
    return scores_of(judged) | {
        "cadence": cadence_scores(judged, stacked(the_table(), the_test())),
        "chained": chained_scores(judged, RECIPE),
        "by_regime": scores_by_regime(judged),
        "coverage": {"moments": 200, "share": 0.99, "refused": {"pit": 2}},
        "cost_without_group": {"tyres": [0.002, 0.001, 0.003], "pace": [0.001, -0.001, 0.002]},
    }


def the_judged_bundle() -> Bundle:
    """Return a bundle with its scores."""
    return replace(the_bundle(), scores={"splits": {SPLIT.name: the_scores()}})


def test_the_card_holds_the_figures_that_were_found() -> None:
    card = model_card(the_judged_bundle())

    mixture = the_scores()["line"]["scores"]["mixture"]
    assert f"| **mixture** | {mixture['log_loss']:.4f} |" in card
    assert f"![Reliability, {SPLIT.name}](pictures/reliability-2025.svg)" in card
    for heading in (
        "Three laps",
        "By condition",
        "What the experts move",
        "Passes that stand",
        "Interrupted",
        "Between the lines",
        "Race by race",
        "By circuit",
    ):
        assert f"### {heading}" in card
    assert "{" not in card


def test_what_is_not_certain_is_called_so() -> None:
    card = model_card(the_judged_bundle())

    assert "| tyres | +0.0020 [+0.0010, +0.0030] |" in card
    assert "| pace | +0.0010 [-0.0010, +0.0020]: not certain to cost anything |" in card


def test_between_the_lines_only_the_test_year_is_judged() -> None:
    found = the_scores()["cadence"]

    assert found["rows"] == np.isfinite(the_test().y1).sum()
    assert found["races"] == 3
    assert set(found["scores"]) == {"gap only", "pooled", "mixture"}


def test_each_era_of_rules_has_its_scores() -> None:
    found = the_scores()["by_regime"]
    line = the_table().where(the_table().at_line)

    assert list(found) == ["2018-21", "2022-25"]  # what was trained on is of 2021 to 2023
    assert sum(one["battles"] for one in found.values()) == np.isfinite(line.y1).sum()
    assert sum(one["passes"] for one in found.values()) == np.nansum(line.y1)
    for one in found.values():
        assert {"gap only", "pooled", "mixture", "ece", "slope"} <= one.keys()
        assert 0 < one["mixture"] < one["gap only"] + 0.05


def test_health_gets_the_headline() -> None:
    shown = headline({SPLIT.name: the_scores()})

    assert shown[SPLIT.name]["log_loss"] == the_scores()["line"]["scores"]["mixture"]["log_loss"]
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown


def test_the_reliability_picture_has_a_point_for_each_bin() -> None:
    bins = the_scores()["line"]["reliability"]
    picture = reliability_svg(bins, "train < 2025, test 2025")

    assert picture.count("<circle") == len(bins)
    assert "train &lt; 2025" in picture


def test_every_feature_is_listed_once() -> None:
    page = feature_list()

    for name in feature_names():
        assert page.count(f"| `{name}` |") == 1, name


def test_a_perfect_forecast_is_less_wrong_than_one_that_is_too_sure() -> None:
    scores = the_scores()["line"]

    assert 0 < scores["perfect_ece"] < 0.1
    low, high = scores["reliability"][-1]["interval"]
    assert (
        low
        < scores["reliability"][-1]["observed"]
        == pytest.approx(scores["reliability"][-1]["passes"] / scores["reliability"][-1]["count"])
    )
    assert high <= 1


def test_every_condition_and_every_part_is_on_the_card() -> None:
    card, scores = model_card(the_judged_bundle()), the_scores()

    for kind in Condition:
        assert f"| {kind} | " in card
    assert "99.0% of 200 decided moments have a forecast; without one: 2 pit." in card
    for expert, sd in scores["contributions"]["sd"].items():
        assert f"| {expert.upper()} | {sd:.2f} |" in card
    assert set(scores["contributions"]["correlation"]) == {"om boost", "om aero", "boost aero"}
