"""Test that a forecast whose lap ends with a change of order is settled with hindsight."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pitwall.domain.forecasts import DECIDED, Outcome
from pitwall.domain.race import DriverNumber, LapRecord, RaceState, TrackStatus
from pitwall.engine.outcomes import OutcomeTracker
from tests.makers import a_race, at

LAP_S = 90
ONE, TWO = DriverNumber(1), DriverNumber(2)


def with_cars(race: RaceState, cars: dict[DriverNumber, dict[str, Any]]) -> RaceState:
    changed = {number: replace(race.cars[number], **fields) for number, fields in cars.items()}
    return replace(race, cars={**race.cars, **changed})


def crossed(race: RaceState, seconds: float, lap: int = 5) -> RaceState:
    """Return the field after both cars completed a lap."""
    for number in (ONE, TWO):
        record = LapRecord(lap, at(seconds))
        laps = {"laps": (record,), "laps_completed": lap, "crossed_at": at(seconds)}
        race = with_cars(race, {number: laps})
    return race


def swapped(race: RaceState, seconds: float) -> RaceState:
    return with_cars(
        race,
        {
            ONE: {"position": 2, "position_at": at(seconds)},
            TWO: {"position": 1, "position_at": at(seconds)},
        },
    )


def settled(*states: tuple[float, RaceState]) -> list[tuple[float, Outcome]]:
    """Return when the one forecast, made at 0 s, was settled and how; asked every second."""
    tracker = OutcomeTracker()
    attacker = replace(states[0][1].cars[TWO], last_lap_s=float(LAP_S))
    tracker.follow(at(0), attacker, ONE)
    found = []
    for second in range(1, 160):
        race = next(race for since, race in reversed(states) if since <= second)
        for each in tracker.settle(race, at(second)):
            assert each.settled_at == at(second)
            found.append(((each.settled_at - at(0)) / timedelta(seconds=1), each.outcome))
    return found


@pytest.mark.parametrize("swap_s", [50.0, 70.0])
def test_a_pass_within_the_lap_is_one_at_its_end(swap_s: float) -> None:
    race = a_race(0.4)
    behind = swapped(race, swap_s)

    found = settled((0, race), (swap_s, behind), (80, crossed(behind, 80)))

    assert found == [(LAP_S, Outcome.PASSED)]


def test_a_pass_at_the_end_of_the_lap_waits_for_hindsight() -> None:
    race = a_race(0.4)
    behind = crossed(swapped(race, 88), 80)

    ((settled_s, outcome),) = settled((0, race), (88, behind))

    assert outcome is Outcome.PASSED
    assert LAP_S < settled_s <= LAP_S + 8


@pytest.mark.parametrize("later_s", [1, 3, 6])
def test_a_place_lost_on_the_way_into_the_pits_is_no_pass(later_s: int) -> None:
    race = a_race(0.4)
    behind = crossed(swapped(race, 89), 80)
    in_pits = with_cars(behind, {ONE: {"in_pit": True}})

    found = settled((0, race), (89, behind), (89 + later_s, in_pits))

    assert [outcome for _, outcome in found] == [Outcome.PITTED]


def test_a_stop_after_a_pass_that_had_stood_does_not_undo_it() -> None:
    race = a_race(0.4)
    behind = crossed(swapped(race, 70), 80)
    in_pits = with_cars(behind, {ONE: {"in_pit": True}})

    assert settled((0, race), (70, behind), (92, in_pits)) == [(LAP_S, Outcome.PASSED)]


def test_a_safety_car_after_the_lap_does_not_undo_its_pass() -> None:
    race = a_race(0.4)
    behind = crossed(swapped(race, 89), 80)
    neutralised = replace(behind, track_status=TrackStatus.SAFETY_CAR)

    assert settled((0, race), (89, behind), (92, neutralised)) == [(92, Outcome.PASSED)]


def test_a_slower_lap_is_settled_when_the_line_is_crossed() -> None:
    race = a_race(0.4)

    assert settled((0, race), (97, crossed(race, 97))) == [(97, Outcome.HELD)]


def test_a_lap_whose_end_is_never_told_is_undecided() -> None:
    race = a_race(0.4)

    assert settled((0, race), (110, crossed(race, 110, lap=6))) == [(110, Outcome.UNTOLD)]
    assert settled((0, race)) == [(LAP_S + 60, Outcome.UNTOLD)]
    assert Outcome.UNTOLD not in DECIDED


def test_the_defenders_crossing_tells_of_the_lap_as_well() -> None:
    race = a_race(0.4)
    lost = with_cars(crossed(race, 80), {TWO: {"laps": (), "crossed_at": None}})

    assert settled((0, race), (80, lost)) == [(LAP_S, Outcome.HELD)]
