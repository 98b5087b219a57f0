"""Test that a what-if changes features together, so that they still describe one battle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pitwall.domain.race import Compound
from pitwall.prediction.scenario import Scenario, changed
from pitwall.prediction.what_if import WhatIfFeature

SEEN = {
    "interval_s": 0.9,
    "gap_pair_1lap_s": 1.3,
    "gap_change_pair_1lap_s": -0.4,
    "gap_trend_pair_3lap_s": -0.3,
    "readings_least_pair_30s": 0.7,
    "readings_sd_pair_30s": 0.1,
    "tyre_life_attacker_laps": 5.0,
    "tyre_life_defender_laps": 15.0,
    "tyre_life_diff_laps": -10.0,
    "compound_attacker_steps": 0.0,
    "compound_defender_steps": 2.0,
    "compound_diff_steps": -2.0,
    "overtake_allowed_attacker": 1.0,
    "weather_air_c": 21.0,
}
RANGES = [WhatIfFeature(name, "", "", -50.0, 50.0) for name in [*SEEN, "overtake_enabled"]]


def moved(scenario: Scenario, ranges: list[WhatIfFeature] = RANGES) -> dict[str, Any]:
    """Return the features that were changed."""
    return {
        name: pytest.approx(value)
        for name, value in changed(SEEN, scenario, ranges).items()
        if value != SEEN.get(name)
    }


def test_nothing_changed_is_exactly_what_was_seen() -> None:
    assert changed(SEEN, Scenario(), RANGES) == SEEN


def test_with_another_gap_all_gaps_move_alike_and_the_trend_stays() -> None:
    assert moved(Scenario(gap_s=0.4)) == {
        "interval_s": 0.4,
        "gap_pair_1lap_s": 0.8,
        "readings_least_pair_30s": 0.2,
    }


def test_the_differences_follow_the_tyres() -> None:
    assert moved(Scenario(attacker_tyre_laps=20)) == {
        "tyre_life_attacker_laps": 20,
        "tyre_life_diff_laps": 5,
    }
    assert moved(Scenario(defender_compound=Compound.MEDIUM)) == {
        "compound_defender_steps": 1,
        "compound_diff_steps": -1,
    }


def test_without_the_mode_the_attacker_alone_lacks_it() -> None:
    assert moved(Scenario(has_mode=False)) == {"overtake_allowed_attacker": 0}


def test_to_give_him_the_mode_is_to_enable_it() -> None:
    assert moved(Scenario(has_mode=True)) == {"overtake_enabled": 1}


def test_changes_are_held_within_what_training_showed() -> None:
    ranges = [replace(each, lowest=0.6, highest=1.0) for each in RANGES]

    assert moved(Scenario(gap_s=0.1), ranges) == {
        "interval_s": 0.6,
        "gap_pair_1lap_s": 0.6,
        "readings_least_pair_30s": 0.6,
    }


def test_what_training_never_saw_cannot_be_changed() -> None:
    ranges = [each for each in RANGES if each.name != "tyre_life_attacker_laps"]

    assert "tyre_life_attacker_laps" not in moved(Scenario(attacker_tyre_laps=20), ranges)
