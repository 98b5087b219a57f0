"""Test that features are the same alone or together, cached or new, and NaN where unknown."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from ml.rulebook import read_rules
from pitwall.domain.battles import Battle
from pitwall.domain.race import RaceState
from pitwall.prediction.columns.energy_table import EnergyTable
from pitwall.prediction.columns.history import Histories, SeasonHistory
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.columns.spec import EXPERTS
from pitwall.prediction.columns.topics import INTERACTING, SITUATION, owner_of
from pitwall.prediction.features import (
    FEATURES,
    GROUPS,
    FeatureCache,
    feature_matrix,
    feature_names,
)
from tests.makers import at
from tests.prediction.columns.makers import COLUMN, LAP_S, after, events_of, pairs, states
from tests.prediction.makers import a_battle, fields

CHASE = {
    1: [0.0] * 8,
    2: [3.0, 2.6, 2.2, 1.8, 1.5, 1.2, 0.9, 0.7],
    3: [4.0 + j / 5 for j in range(8)],
}
BY_RULES = Knowledge(rules=read_rules())
AT_LINE_S = 8 * LAP_S + 0.7


def row_at(seconds: float, interval_s: float) -> dict[str, float]:
    race = after(CHASE, seconds)
    values = feature_matrix(race, [a_battle(race, interval_s)])[0]
    return {name: float(values[index]) for name, index in COLUMN.items()}


def test_columns_are_named_once_and_described() -> None:
    names = feature_names()

    assert len(set(names)) == len(names) == len(FEATURES)
    for spec in FEATURES:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", spec.name)
        assert all((spec.unit, spec.meaning, spec.source))
        assert owner_of(spec.name) in {SITUATION, *EXPERTS}


def test_every_expert_sees_its_own_columns_and_a_few_of_the_situation() -> None:
    own = {
        part: {spec.name for spec in FEATURES if owner_of(spec.name) == part}
        for part in (SITUATION, *EXPERTS)
    }

    assert set.union(*own.values()) == set(feature_names())
    assert set(feature_names(SITUATION)) == own[SITUATION] > INTERACTING
    assert len(INTERACTING) <= 10
    for expert in EXPERTS:
        assert set(feature_names(expert)) == own[expert] | INTERACTING
        assert len(own[expert]) > 50


def test_what_was_measured_behind_a_safety_car_is_no_gap_of_a_race() -> None:
    race = after(CHASE, AT_LINE_S)
    restarted = replace(race, racing_since=race.as_of)
    raced, behind = (
        dict(zip(feature_names(), feature_matrix(one, [a_battle(one, 0.7)])[0], strict=True))
        for one in (race, restarted)
    )

    for name in (
        "readings_least_pair_90s",
        "reading_0_pair_s",
        "gap_pair_1lap_s",
        "lap_diff_0lap_s",
    ):
        assert np.isfinite(raced[name]), name
        assert np.isnan(behind[name]), name
    assert behind["interval_s"] == raced["interval_s"] == 0.7
    assert behind["run_within_2s_laps"] <= 1
    assert (behind["racing_for_s"], raced["racing_for_s"] > 600) == (0.0, True)


def test_no_battles_give_no_rows() -> None:
    assert feature_matrix(RaceState(), []).shape == (0, len(FEATURES))


def test_a_battle_of_unknown_cars_is_a_row_of_nan() -> None:
    race = after(CHASE, AT_LINE_S)

    matrix = feature_matrix(race, [a_battle(race, 0.7), a_battle(race, 1.0, attacker=77)])

    assert np.isfinite(matrix[0]).any()
    assert np.isnan(matrix[1]).all()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fields())
def test_one_at_a_time_equals_all_at_once(field: tuple[RaceState, list[Battle]]) -> None:
    race, battles = field

    together = feature_matrix(race, battles, BY_RULES)

    alone = [feature_matrix(race, [battle], BY_RULES)[0] for battle in battles]
    np.testing.assert_array_equal(together, np.array(alone).reshape(together.shape))
    assert not np.isinf(together).any()


def test_a_kept_book_changes_nothing_forwards_and_backwards() -> None:
    cache = FeatureCache()
    races = list(states(events_of(CHASE)))
    forwards = range(40, len(races), 23)

    for index in (*forwards, *reversed(forwards)):
        race = races[index]
        cached = feature_matrix(race, pairs(race), BY_RULES, cache)
        np.testing.assert_array_equal(cached, feature_matrix(race, pairs(race), BY_RULES))


def test_a_lap_told_anew_is_seen_though_no_car_has_crossed_the_line() -> None:
    race, cache = after(CHASE, AT_LINE_S), FeatureCache()
    before = feature_matrix(race, pairs(race), BY_RULES, cache)
    number = pairs(race)[0].attacker
    car = race.cars[number]
    told = replace(car.laps[-1], lap_time_s=LAP_S + 3.0, speeds_kmh={"ST": 301.0})
    corrected = replace(race, cars={**race.cars, number: replace(car, laps=(*car.laps[:-1], told))})

    after_it = feature_matrix(corrected, pairs(race), BY_RULES, cache)

    assert not np.array_equal(before, after_it, equal_nan=True)
    np.testing.assert_array_equal(after_it, feature_matrix(corrected, pairs(race), BY_RULES))


def test_a_book_that_has_seen_another_race_changes_nothing() -> None:
    cache = FeatureCache()
    other = after({4: [0.0] * 5, 2: [1.0] * 5, 1: [1.5] * 5}, 5 * LAP_S + 2)
    feature_matrix(other, pairs(other), BY_RULES, cache)
    race = after(CHASE, AT_LINE_S)

    cached = feature_matrix(race, pairs(race), BY_RULES, cache)

    np.testing.assert_array_equal(cached, feature_matrix(race, pairs(race), BY_RULES))


def test_an_error_leaves_no_half_read_laps_in_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    race, cache = after(CHASE, AT_LINE_S), FeatureCache()
    earlier = after(CHASE, 3 * LAP_S)
    feature_matrix(earlier, pairs(earlier), BY_RULES, cache)
    with monkeypatch.context() as patched:
        patched.setattr(EnergyTable, "add", fail)
        with pytest.raises(IndexError):
            feature_matrix(race, pairs(race), BY_RULES, cache)

    again = feature_matrix(race, pairs(race), BY_RULES, cache)

    np.testing.assert_array_equal(again, feature_matrix(race, pairs(race), BY_RULES))


def fail(*_: object) -> None:
    """Fail in the middle of reading a lap."""
    raise IndexError


def test_what_is_not_known_is_nan_and_never_nought() -> None:
    race = after(CHASE, 5.0)  # no car has completed a lap

    values = feature_matrix(race, [a_battle(race, 0.7)], BY_RULES)[0]

    for group in ("sectors", "pace", "traps", "race so far", "energy"):
        for spec in GROUPS[group]:
            if spec.name == "gap_least_1lap_s":  # the interval is known
                continue
            assert np.isnan(values[COLUMN[spec.name]]), spec.name
    for name in (
        "compound_attacker_steps",
        "tyre_life_diff_laps",
        "weather_track_c",
        "gap_pair_1lap_s",
        "run_within_2s_laps",
        "lines_within_1s_10lap",
        "catch_laps_pair_15lap",
        "lapped_between_cars",
    ):
        assert np.isnan(values[COLUMN[name]]), name


def test_at_the_line_the_gaps_are_those_of_the_lines() -> None:
    row = row_at(AT_LINE_S, 0.7)

    assert [row[f"gap_pair_{j}lap_s"] for j in (1, 2, 3)] == pytest.approx([0.9, 1.2, 1.5])
    assert row["gap_change_pair_1lap_s"] == pytest.approx(-0.2)
    assert row["gap_extrapolated_pair_1lap_s"] == pytest.approx(0.5)
    assert row["lap_diff_0lap_s"] == pytest.approx(-0.2)
    assert row["run_within_2s_laps"] == 5
    assert row["speed_st_diff_0lap_kmh"] == 1


def test_at_the_line_the_projection_repeats_the_last_lap() -> None:
    row = row_at(AT_LINE_S, 0.7)

    # Both drive the first two sectors alike; the attacker gains 0.2 s in the third.
    assert row["gap_projected_s1_s"] == pytest.approx(0.7)
    assert row["gap_projected_least_s"] == pytest.approx(0.5)
    assert row["gap_repeated_least_pair_s"] == pytest.approx(0.5, abs=0.05)


def test_within_the_lap_the_gap_a_lap_ago_lies_between_the_lines() -> None:
    half = row_at(7 * LAP_S + 0.9 + LAP_S / 2, 0.8)

    # The gaps at the lines were 1.2 and 0.9; half a lap later, the gap a lap ago is halfway.
    assert half["gap_pair_1lap_s"] == pytest.approx(1.05, abs=0.01)
    assert half["gap_pair_2lap_s"] == pytest.approx(1.35, abs=0.01)


def test_the_pairs_readings_are_those_with_one_place_between() -> None:
    row = row_at(AT_LINE_S, 0.7)
    swapped = after(CHASE, AT_LINE_S)
    trace = swapped.cars[pairs(swapped)[0].attacker].trace
    moved = tuple(replace(sample, position=3) for sample in trace)
    car = replace(swapped.cars[pairs(swapped)[0].attacker], trace=moved)
    swapped = replace(swapped, cars={**swapped.cars, car.number: car})

    values = feature_matrix(swapped, [a_battle(swapped, 0.7)])[0]

    assert row["reading_0_pair_s"] == pytest.approx(0.7, abs=0.05)
    assert row["readings_count_pair_60s"] >= 10
    assert np.isnan(values[COLUMN["reading_0_pair_s"]])
    assert values[COLUMN["readings_count_pair_60s"]] == 0


def test_earlier_seasons_come_from_the_tables() -> None:
    race = after(CHASE, AT_LINE_S)
    known = Knowledge(Histories({2025: SeasonHistory(circuit={"silverstone": 0.4})}))

    with_tables = feature_matrix(race, [a_battle(race, 0.7)], known)[0]
    without = feature_matrix(race, [a_battle(race, 0.7)])[0]

    assert with_tables[COLUMN["history_circuit_log_ratio"]] == 0.4
    assert without[COLUMN["history_circuit_log_ratio"]] == 0.0


def test_what_happens_later_changes_no_row_of_now() -> None:
    cache = FeatureCache()
    now = after(CHASE, 5 * LAP_S + 30)
    before = feature_matrix(now, pairs(now), BY_RULES, cache)

    later = after(CHASE, AT_LINE_S)
    feature_matrix(later, pairs(later), BY_RULES, cache)

    np.testing.assert_array_equal(before, feature_matrix(now, pairs(now), BY_RULES, cache))
    assert now.as_of < at(AT_LINE_S)
