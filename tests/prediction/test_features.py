"""One definition of every feature, the same live and in training."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings

from pitwall.domain.applying import apply
from pitwall.domain.battles import Battle
from pitwall.domain.events import CarTimed
from pitwall.domain.gaps import TimeGap
from pitwall.domain.race import Compound, DriverNumber, GapSample, RaceState, Stint
from pitwall.prediction.circuits import count_rates
from pitwall.prediction.features import FEATURES, feature_hash, feature_matrix, feature_names
from tests.prediction.makers import RATES, a_battle, a_car, a_chase, fields, with_car


def values(race: RaceState, battle: Battle) -> dict[str, float]:
    row = feature_matrix(race, [battle], RATES)[0]
    return dict(zip(feature_names(), row.tolist(), strict=True))


def test_at_the_line_a_lap_ago_is_the_crossing_before() -> None:
    found = values(*a_chase(3.0, 2.0, 1.4, 0.8))

    assert found["interval_s"] == pytest.approx(0.8)
    assert found["interval_below_1s_s"] == pytest.approx(0.2)
    assert math.atanh(found["interval_change_1lap_s"]) == pytest.approx(-0.6, abs=0.01)


def test_in_mid_lap_a_lap_ago_lies_between_two_crossings() -> None:
    race, battle = a_chase(3.0, 2.0, 1.0, after_line_s=45.0)

    found = values(race, replace(battle, interval_s=0.9))

    assert math.atanh(found["interval_change_1lap_s"]) == pytest.approx(0.9 - 1.5, abs=0.02)


def test_earlier_lines_behind_the_same_car_are_counted_without_the_present_one() -> None:
    found = values(*a_chase(0.5, 0.9, 1.6, 0.8, 0.7, 0.6))

    assert found["lines_within_1s_5lap"] == 4
    assert found["lines_within_2s_7lap"] == 5


def test_a_lap_in_which_the_attacker_was_ahead_shows() -> None:
    race, battle = a_chase(1.0, 1.0, -0.5, 0.4)

    found = values(race, battle)

    assert found["attacker_ahead_1lap_share"] > 0.5
    assert found["closest_1lap_log_s"] == pytest.approx(math.log(0.1))


@pytest.mark.parametrize("leads", [1, 2])
def test_a_leader_whose_gap_the_feed_cleared_is_placed_by_the_car_behind(leads: int) -> None:
    race, battle = a_chase(1.0, 1.0, 0.4)
    samples = race.cars[DriverNumber(1)].trace
    for number in (1, 2):
        gap_s = None if number == leads else 0.3
        trace = tuple(GapSample(sample.at, gap_s, gap_s) for sample in samples)
        race = with_car(race, number, trace=trace)

    found = values(race, battle)

    assert found["attacker_ahead_1lap_share"] == (1.0 if leads == 2 else 0.0)
    assert math.exp(found["closest_1lap_log_s"]) == pytest.approx(0.1 if leads == 2 else 0.3)


def test_without_gaps_to_the_leader_the_last_line_stands_for_the_lap() -> None:
    race, battle = a_chase(1.0, 1.2, 0.8)

    found = values(with_car(race, 2, trace=()), battle)

    assert found["closest_1lap_log_s"] == pytest.approx(math.log(1.2))
    assert found["attacker_ahead_1lap_share"] == 0


def test_differences_are_attacker_minus_defender() -> None:
    race, battle = a_chase(1.0, 0.8, 0.5)
    fresh = (Stint(1, Compound.HARD), Stint(2, Compound.SOFT, tyre_life_laps=1))

    found = values(with_car(race, 2, stints=fresh), battle)

    assert found["tyre_life_diff_laps"] == -2
    assert found["compound_softness_diff"] == 1
    assert found["speed_trap_diff_kmh"] == 1
    assert found["pace_diff_5lap_s"] < 0


def test_laps_of_only_one_of_the_two_are_not_compared() -> None:
    race, battle = a_chase(1.0, 0.9, 0.8, 0.7)
    waiting = race.cars[DriverNumber(2)]
    race = with_car(race, 2, laps=waiting.laps[:-1], laps_completed=3)

    found = values(race, battle)

    # The third lap is a lap old: nothing has happened to the attacker since.
    assert math.atanh(found["interval_change_1lap_s"]) == pytest.approx(-0.1, abs=0.01)
    assert found["lines_within_1s_5lap"] == 2


def test_the_leader_defends_in_clear_air_and_a_follower_does_not() -> None:
    race, battle = a_chase(1.0, 0.9, 0.8)
    third = a_car(3, 3, [1.6, 1.5, 1.4], now=race.as_of)
    race = replace(race, cars={**race.cars, third.number: third})
    sample = replace(race.cars[DriverNumber(2)].trace[-1], interval_s=0.8)
    race = with_car(race, 2, trace=(sample,))

    leading = values(race, battle)
    following = values(race, a_battle(race, 0.6, attacker=3, defender=2))

    assert (leading["defender_interval_s"], leading["defender_within_1s"]) == (2.0, 0.0)
    assert (following["defender_interval_s"], following["defender_within_1s"]) == (0.8, 1.0)


def test_an_old_interval_gives_way_to_a_newer_crossing() -> None:
    race, battle = a_chase(1.0, 0.9, 0.5)
    stale = replace(battle, interval_s=0.9, interval_at=race.as_of - timedelta(seconds=8))

    assert values(race, stale)["interval_s"] == pytest.approx(0.5)
    assert values(race, battle)["interval_s"] == pytest.approx(0.5)


def test_what_is_not_known_is_missing_and_never_zero() -> None:
    race, battle = a_chase(1.0, 0.9, 0.8)
    for number in (1, 2):
        race = with_car(race, number, laps=(), trace=(), stints=())

    found = values(race, battle)

    missing = {name for name, value in found.items() if math.isnan(value)}
    assert missing == set(feature_names()) - {
        *("interval_s", "interval_below_1s_s", "circuit_overtake_log_ratio"),
        *("defender_interval_s", "defender_within_1s"),
    }


def test_a_battle_of_unknown_cars_is_a_row_of_nothing() -> None:
    race, _ = a_chase(1.0, 0.9)

    matrix = feature_matrix(race, [a_battle(race, 0.5, attacker=77)], RATES)

    assert np.isnan(matrix).all()


def test_no_battles_make_an_empty_matrix() -> None:
    assert feature_matrix(RaceState(), [], RATES).shape == (0, len(FEATURES))


@given(fields())
def test_one_battle_at_a_time_equals_all_at_once(field: tuple[RaceState, list[Battle]]) -> None:
    race, battles = field

    together = feature_matrix(race, battles, RATES)
    alone = [feature_matrix(race, [battle], RATES)[0] for battle in battles]

    np.testing.assert_array_equal(together, np.array(alone))


@given(fields())
@settings(max_examples=50)
def test_nothing_that_comes_later_changes_a_state_that_was_kept(
    field: tuple[RaceState, list[Battle]],
) -> None:
    race, battles = field
    before = feature_matrix(race, battles, RATES)

    later = race
    for car in race.cars.values():
        sent_at = race.as_of + timedelta(seconds=30)
        told = CarTimed(sent_at, car.number, laps_completed=99, interval=TimeGap(0.1))
        later = apply(later, told)

    np.testing.assert_array_equal(before, feature_matrix(race, battles, RATES))
    assert later is not race


@given(fields())
def test_values_are_finite_or_missing(field: tuple[RaceState, list[Battle]]) -> None:
    assert not np.isinf(feature_matrix(*field, RATES)).any()


def test_features_that_move_with_the_interval_say_which_way() -> None:
    race, battle = a_chase(1.0, 0.9, 0.8)
    near = feature_matrix(race, [replace(battle, interval_s=0.4)], RATES)[0]
    far = feature_matrix(race, [replace(battle, interval_s=0.7)], RATES)[0]

    assert np.sign(far - near).tolist() == [float(spec.with_interval) for spec in FEATURES]


def test_names_are_unique_and_follow_the_glossary() -> None:
    names = feature_names()

    assert len(set(names)) == len(names) <= 16
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", name) for name in names)


def test_the_hash_changes_with_order_and_with_meaning() -> None:
    reordered = FEATURES[::-1]
    redefined = (replace(FEATURES[0], meaning="something else"), *FEATURES[1:])

    assert len({feature_hash(), feature_hash(reordered), feature_hash(redefined)}) == 3


def test_circuit_rates_are_shrunk_and_an_unknown_circuit_is_average() -> None:
    outcomes = [("Monza", 1.0)] * 20 + [("Monza", 0.0)] * 80 + [("Monaco", 0.0)] * 100

    rates = count_rates(outcomes)

    assert rates.base == pytest.approx(0.1)
    assert rates.by_circuit["monza"] == pytest.approx((20 + 20) / 300)
    assert rates.log_ratio(" MONZA ") > 0 > rates.log_ratio("Monaco")
    assert rates.log_ratio("Nowhere") == 0
    with pytest.raises(ValueError, match="both passes and holds"):
        count_rates([("Monza", 0.0)])
