"""Test where cars are on their lap: located by the feed, or estimated from its timing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pitwall.domain.car_use import TrackPoint
from pitwall.domain.gaps import Gap, LapsDown, LeaderLap, NoGap, TimeGap
from pitwall.domain.race import CarState, DriverNumber, RaceState
from pitwall.domain.track_positions import CarPlace, car_places

NOON = datetime(2026, 8, 23, 12, 0, tzinfo=UTC)
CAR = DriverNumber


def a_car(number: int, position: int, gap: Gap, crossed_s: float | None = 0.0) -> CarState:
    crossed = None if crossed_s is None else NOON + timedelta(seconds=crossed_s)
    return CarState(
        CAR(number), position=position, gap_to_leader=gap, crossed_at=crossed, last_lap_s=80.0
    )


def shares(*cars: CarState, at_s: float) -> dict[int, float | None]:
    race = RaceState(cars={car.number: car for car in cars})
    return {
        place.number: place.lap_share for place in car_places(race, NOON + timedelta(seconds=at_s))
    }


def test_a_car_is_as_far_behind_the_leader_as_its_gap_says() -> None:
    estimated = shares(a_car(1, 1, LeaderLap(9)), a_car(4, 2, TimeGap(8.0)), at_s=40.0)

    assert estimated == {1: 0.5, 4: 0.4}


def test_a_car_that_has_not_crossed_the_line_yet_is_at_the_end_of_its_lap() -> None:
    estimated = shares(a_car(1, 1, LeaderLap(9)), a_car(4, 2, TimeGap(8.0)), at_s=4.0)

    assert estimated == {1: 0.05, 4: 0.95}


@pytest.mark.parametrize("gap", [LapsDown(1), NoGap()])
def test_a_car_without_a_gap_in_seconds_is_placed_by_its_own_crossing(gap: Gap) -> None:
    estimated = shares(a_car(1, 1, LeaderLap(9)), a_car(4, 2, gap, crossed_s=20.0), at_s=40.0)

    assert estimated[4] == 0.25


def test_a_lap_that_takes_longer_than_the_last_ends_before_the_line() -> None:
    assert shares(a_car(1, 1, LeaderLap(9)), at_s=300.0) == {1: 0.995}


def test_nothing_is_known_before_the_first_crossing() -> None:
    leader = a_car(1, 1, LeaderLap(1), crossed_s=None)

    assert shares(leader, a_car(4, 2, TimeGap(1.0), crossed_s=None), at_s=40.0) == {}


def test_cars_that_do_not_run_are_left_out() -> None:
    out = replace(a_car(4, 2, TimeGap(1.0)), retired=True)
    stands = replace(a_car(5, 3, TimeGap(2.0)), stopped=True)

    assert shares(a_car(1, 1, LeaderLap(9)), out, stands, at_s=8.0) == {1: 0.1}


def test_the_feeds_tenths_become_metres() -> None:
    leader = a_car(1, 1, LeaderLap(9))
    point = TrackPoint(NOON, 1234.0, -56.0, 0.0, on_track=True)

    places = car_places(RaceState(cars={CAR(1): leader}, points={CAR(1): point}), NOON)

    assert places == (CarPlace(CAR(1), 123.4, -5.6, 0.0),)


def test_a_place_that_is_old_or_that_the_feed_does_not_know_is_none() -> None:
    cars = [a_car(number, number, TimeGap(number)) for number in (1, 2, 3)]
    cars[0] = a_car(1, 1, LeaderLap(9))
    points = {
        CAR(1): TrackPoint(NOON + timedelta(seconds=20), 10.0, 10.0, 0.0, on_track=True),
        CAR(2): TrackPoint(NOON, 10.0, 10.0, 0.0, on_track=True),
        CAR(3): TrackPoint(NOON + timedelta(seconds=20), 0.0, 0.0, 0.0, on_track=False),
    }
    race = RaceState(cars={car.number: car for car in cars}, points=points)

    located = [place.number for place in car_places(race, NOON) if place.x_m is not None]

    assert located == [1]
