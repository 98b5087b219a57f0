"""Forecasts: calibrated, explained, monotone, and withheld where the model was never trained."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.battles import Battle
from pitwall.domain.race import Compound, DriverNumber, Phase, RaceState, Stint, TrackStatus
from pitwall.ports import Predictor
from pitwall.prediction.features import feature_matrix
from pitwall.prediction.predictor import LogisticPredictor
from tests.prediction.makers import a_battle, a_chase, a_model, fields, with_car

SHIPPED = LogisticPredictor.load()


def test_it_is_a_predictor() -> None:
    predictor: Predictor = SHIPPED

    assert predictor.version.startswith("first-logistic-")
    assert predictor.trained_at is not None
    assert predictor.trained_at.tzinfo is not None


def test_a_closer_chase_is_likelier_to_end_in_a_pass() -> None:
    near, far = ([1.6, 1.0, 0.3], [1.6, 1.7, 1.8])

    chances = []
    for gaps_s in (near, far):
        race, battle = a_chase(*gaps_s)
        chances += [SHIPPED.forecast(race, [battle])[0].p_overtake]

    assert chances[0] is not None
    assert chances[1] is not None
    assert 0 < chances[1] < 0.05 < chances[0] < 1


@given(fields(), st.floats(0, 0.5))
def test_closer_is_never_less_likely(
    field: tuple[RaceState, list[Battle]], nearer_s: float
) -> None:
    race, battles = field
    closer = [replace(b, interval_s=max(0.0, b.interval_s - nearer_s)) for b in battles]

    far = SHIPPED.probabilities(feature_matrix(race, battles, SHIPPED.model.rates))
    near = SHIPPED.probabilities(feature_matrix(race, closer, SHIPPED.model.rates))

    assert (near >= far - 1e-12).all()


@pytest.mark.parametrize("history", [(1.0, 1.0), (3.0, 2.0), (-0.5, -0.5), (0.4, 0.4, 0.4, 0.4)])
def test_closer_is_never_less_likely_on_a_grid(history: tuple[float, ...]) -> None:
    race, battle = a_chase(*history, 0.8)

    grid = [replace(battle, interval_s=float(s)) for s in np.linspace(0, 2.5, 251)]
    chances = [answer.p_overtake for answer in SHIPPED.forecast(race, grid)]

    known = [chance for chance in chances if chance is not None]
    assert len(known) == len(grid)
    assert all(near >= far for near, far in pairwise(known))


@given(fields())
def test_one_battle_at_a_time_equals_all_at_once(field: tuple[RaceState, list[Battle]]) -> None:
    race, battles = field

    together = SHIPPED.forecast(race, battles)
    alone = [SHIPPED.forecast(race, [battle])[0] for battle in battles]

    assert [a.no_forecast_because for a in together] == [a.no_forecast_because for a in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.p_overtake == pytest.approx(other.p_overtake, abs=1e-12)
        assert one.reasons == other.reasons


def test_reasons_name_the_largest_contributions_with_their_sign() -> None:
    race, _ = a_chase(1.0, 0.9, 0.6)
    stale = (Stint(1, Compound.MEDIUM, tyre_life_laps=15),)
    race = with_car(race, 1, stints=stale)
    model = a_model(interval_s=-0.5, tyre_life_diff_laps=-0.1, defender_within_1s=-3.0)

    (answer,) = LogisticPredictor(model).forecast(race, [a_battle(race, 0.6)])

    assert answer.reasons == ("+1.20 tyres 12 laps fresher", "-0.30 gap 0.6 s")


def test_reasons_are_three_at_most_and_leave_out_what_is_missing() -> None:
    race, battle = a_chase(1.0, 0.9, 0.2)
    bare = with_car(race, 2, stints=())

    (full,) = SHIPPED.forecast(race, [battle])
    (answer,) = SHIPPED.forecast(bare, [battle])

    assert 1 <= len(full.reasons) <= 3
    assert not any("tyre" in reason or "compound" in reason for reason in answer.reasons)


def test_there_is_no_forecast_where_the_model_was_never_trained() -> None:
    race, battle = a_chase(1.0, 0.9, 0.8)
    driver = DriverNumber(2)
    pitted = tuple(replace(lap, pitted=True) for lap in race.cars[driver].laps)
    wet = (Stint(1, Compound.INTERMEDIATE),)
    cases = {
        "track not clear": replace(race, track_status=TrackStatus.YELLOW),
        "race over": replace(race, phase=Phase.FINISHED),
        "first laps": with_car(race, 2, laps_completed=1),
        "wet-weather tyres": with_car(race, 1, stints=wet),
        "fresh from the pits": with_car(race, 2, laps=pitted),
        "car unknown": replace(race, cars={}),
    }

    for because, state in cases.items():
        (answer,) = SHIPPED.forecast(state, [battle])
        assert (answer.p_overtake, answer.no_forecast_because) == (None, because)

    last = replace(race, total_laps=3)
    assert SHIPPED.forecast(last, [battle])[0].no_forecast_because == "race over"


def test_refused_battles_keep_their_place_among_the_answers() -> None:
    race, battle = a_chase(1.0, 0.9, 0.8)
    unknown = a_battle(race, 0.5, attacker=77)

    answers = SHIPPED.forecast(race, [unknown, battle, unknown])

    assert [answer.p_overtake is None for answer in answers] == [True, False, True]
    assert SHIPPED.forecast(race, []) == []


def test_missing_values_count_as_the_training_mean() -> None:
    model = SHIPPED.model
    means = np.array([model.means])
    missing = np.full_like(means, np.nan)

    np.testing.assert_allclose(SHIPPED.probabilities(means), SHIPPED.probabilities(missing))
