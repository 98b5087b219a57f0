"""Test, row by row, in which condition a battle is fought, and which battles get no forecast."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from pitwall.domain.battles import Battle
from pitwall.domain.flags import ShownFlags
from pitwall.domain.forecasts import Condition, Refusal
from pitwall.domain.race import (
    Compound,
    DriverNumber,
    Phase,
    RaceState,
    Stint,
    TrackStatus,
)
from pitwall.prediction.conditions import condition, condition_words, refusal, why_no_forecast
from tests.makers import LIGHTS_OUT
from tests.prediction.makers import a_chase, with_car

Change = Callable[[RaceState], RaceState]


def a_clean_race() -> tuple[RaceState, Battle]:
    race, battle = a_chase(1.2, 1.1, 1.0, 0.9)
    return replace(race, racing_since=race.cars[battle.attacker].laps[0].completed_at), battle


def of_car(number: int, **changes: object) -> Change:
    return lambda race: with_car(race, number, **changes)


def on(number: int, compound: Compound) -> Change:
    return of_car(number, stints=(Stint(1, compound, tyre_life_laps=3),))


def flagged(status: TrackStatus) -> Change:
    return lambda race: replace(race, track_status=status)


def pitted(number: int, laps_ago: int) -> Change:
    def change(race: RaceState) -> RaceState:
        laps = list(race.cars[DriverNumber(number)].laps)
        laps[-laps_ago] = replace(laps[-laps_ago], pitted=True)
        return with_car(race, number, laps=tuple(laps))

    return change


def racing_since(laps_ago: int, later_s: float) -> Change:
    """Return a restart so long after the attacker's crossing so many laps ago; 1 is the last."""

    def change(race: RaceState) -> RaceState:
        crossed = race.cars[DriverNumber(2)].laps[-laps_ago].completed_at
        return replace(race, racing_since=crossed + timedelta(seconds=later_s))

    return change


CLEAN, WET, EARLY, FRESH, YELLOW, RESTART = (
    Condition.CLEAN,
    Condition.WET,
    Condition.EARLY,
    Condition.FRESH,
    Condition.YELLOW,
    Condition.RESTART,
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda race: race, CLEAN),
        *((on(1, compound), CLEAN) for compound in (Compound.SOFT, Compound.MEDIUM, Compound.HARD)),
        *((on(2, compound), WET) for compound in (Compound.INTERMEDIATE, Compound.WET)),
        *((on(1, compound), WET) for compound in (Compound.INTERMEDIATE, Compound.UNKNOWN)),
        (of_car(2, stints=()), WET),  # its tyres are not told
        (of_car(1, laps_completed=1), EARLY),
        (of_car(2, laps_completed=0), EARLY),
        (of_car(2, laps_completed=2), CLEAN),
        (of_car(1, pitted_this_lap=True), FRESH),
        (of_car(2, pitted_this_lap=True), FRESH),
        (pitted(1, laps_ago=1), FRESH),
        (pitted(2, laps_ago=1), FRESH),
        (pitted(2, laps_ago=2), CLEAN),
        (flagged(TrackStatus.YELLOW), YELLOW),
        (racing_since(laps_ago=1, later_s=0), RESTART),
        (racing_since(laps_ago=2, later_s=0.001), RESTART),
        (racing_since(laps_ago=2, later_s=0), CLEAN),
    ],
)
def test_each_condition_has_its_cause(change: Change, expected: Condition) -> None:
    race, battle = a_clean_race()

    assert condition(change(race), battle) is expected


def test_the_hardest_condition_counts() -> None:
    race, battle = a_clean_race()
    causes = [
        on(1, Compound.WET),
        of_car(2, laps_completed=1),
        of_car(2, pitted_this_lap=True),
        flagged(TrackStatus.YELLOW),
        racing_since(laps_ago=1, later_s=0),
    ]
    found = []
    for cause in reversed(causes):
        race = cause(race)
        found.append(condition(race, battle))

    hardest_first = list(Condition)
    assert found == hardest_first[:-1][::-1]
    assert all(
        hardest_first.index(after) < hardest_first.index(before)
        for before, after in pairwise(found)
    )


def test_the_start_of_a_race_is_no_restart() -> None:
    second, battle = a_chase(1.2, 1.1)
    first, _ = a_chase(1.2)

    assert condition(replace(second, racing_since=LIGHTS_OUT), battle) is CLEAN
    assert condition(replace(first, racing_since=LIGHTS_OUT), battle) is EARLY


def yellow(*sectors: int | None) -> RaceState:
    race, _ = a_clean_race()
    flags = ShownFlags(TrackStatus.YELLOW, frozenset(sectors))
    told = replace(race.told, flags=flags)
    return replace(race, track_status=TrackStatus.YELLOW, told=told)


@pytest.mark.parametrize(
    ("race", "found", "words"),
    [
        (yellow(11), YELLOW, "yellow in sector 11: passing is forbidden there"),
        (yellow(12, 11), YELLOW, "yellow in sectors 11, 12: passing is forbidden there"),
        (yellow(), YELLOW, "yellow flag: passing is forbidden where it is shown"),
        (yellow(None), YELLOW, "yellow flag: passing is forbidden where it is shown"),
        (yellow(11), WET, "not both on known slick tyres"),
        (yellow(11), EARLY, "opening laps"),
        (yellow(11), FRESH, "fresh from the pits"),
        (yellow(), RESTART, "just after a restart"),
        (yellow(), CLEAN, ""),
    ],
)
def test_each_condition_has_its_words(race: RaceState, found: Condition, words: str) -> None:
    assert condition_words(race, found) == words


@pytest.mark.parametrize(
    ("change", "expected", "words"),
    [
        (lambda race: replace(race, cars={}), Refusal.UNKNOWN, "car unknown"),
        (lambda race: replace(race, phase=Phase.FINISHED), Refusal.OVER, "race over"),
        (lambda race: replace(race, total_laps=4), Refusal.OVER, "race over"),
        (flagged(TrackStatus.SAFETY_CAR), Refusal.NEUTRALISED, "at the restart"),
        (flagged(TrackStatus.RED), Refusal.NEUTRALISED, "red flag: .* at the restart"),
        (flagged(TrackStatus.VIRTUAL_SAFETY_CAR), Refusal.NEUTRALISED, "when it ends"),
        (flagged(TrackStatus.VSC_ENDING), Refusal.NEUTRALISED, "in seconds"),
        (of_car(1, in_pit=True), Refusal.PIT, "at its exit"),
        (of_car(2, in_pit=True), Refusal.PIT, "at its exit"),
    ],
)
def test_each_refusal_has_its_cause_and_says_until_when(
    change: Change, expected: Refusal, words: str
) -> None:
    race, battle = a_clean_race()
    refused = change(race)

    assert refusal(refused, battle) is expected
    assert re.search(words, why_no_forecast(refused, battle))


def test_the_first_lap_is_refused_until_one_of_the_two_has_completed_it() -> None:
    race, battle = a_chase(1.2)
    nobody = with_car(with_car(replace(race, lap=1), 1, laps_completed=0), 2, laps_completed=0)

    assert refusal(nobody, battle) is Refusal.START
    assert why_no_forecast(nobody, battle) == "first lap: the first forecast comes on lap 2"
    assert refusal(with_car(nobody, 1, laps_completed=1), battle) is None
    assert refusal(replace(nobody, lap=2), battle) is None


@pytest.mark.parametrize(
    "change",
    [
        on(1, Compound.WET),
        of_car(2, stints=()),
        of_car(1, laps_completed=1),
        of_car(2, pitted_this_lap=True),
        flagged(TrackStatus.YELLOW),
        racing_since(laps_ago=1, later_s=0),
    ],
)
def test_a_hard_condition_is_no_refusal(change: Change) -> None:
    race, battle = a_clean_race()

    assert refusal(change(race), battle) is None
    assert why_no_forecast(change(race), battle) == ""
