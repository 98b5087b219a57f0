"""Test that a car's own channels add up by sector, and that missing values add nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pitwall.domain.car_use import CarSample, Drive, SectorUse
from pitwall.domain.events import CarsSampled, CarTimed
from pitwall.domain.race import DriverNumber, LapRecord, RaceState
from pitwall.domain.reducer import apply
from tests.makers import at

FOUR = DriverNumber(4)


def sample(seconds: float, speed: float, throttle: float = 100, brake: float = 0) -> CarSample:
    return CarSample(at(seconds), speed_kmh=speed, throttle_pct=throttle, brake_pct=brake)


def driven(*samples: CarSample) -> SectorUse:
    drive = Drive()
    for each in samples:
        drive = drive.with_reading(each)
    return drive.here


def lap_of(*events: CarTimed | CarsSampled) -> LapRecord:
    race = apply(RaceState(), CarTimed(at(0), FOUR, position=1))
    for event in events:
        race = apply(race, event)
    return race.cars[FOUR].laps[-1]


def sampled(seconds: float, speed: float, throttle: float = 100) -> CarsSampled:
    return CarsSampled(at(seconds), {FOUR: sample(seconds, speed, throttle)})


def test_readings_are_counted_by_what_the_driver_does() -> None:
    stretch = driven(
        sample(0, 250), sample(1, 260), sample(2, 240, 0, 100), sample(3, 230, 0), sample(4, 120, 0)
    )

    assert (stretch.readings, stretch.full, stretch.braking, stretch.coasting) == (5, 2, 1, 1)
    assert stretch.top_kmh == 260


def test_a_reading_without_throttle_is_no_reading() -> None:
    assert driven(replace(sample(0, 250), throttle_pct=None)) == SectorUse()


def test_the_pull_is_what_moves_the_car_and_what_the_air_takes() -> None:
    stretch = driven(sample(0, 288), sample(1, 288))

    assert stretch.pulls == 1
    assert stretch.pull_w_kg == pytest.approx(0.00125 * 80**3)
    faster = driven(sample(0, 284.4), sample(1, 291.6))
    assert faster.pull_w_kg == pytest.approx(0.00125 * 80**3 + 80 * 2.0)


@pytest.mark.parametrize("other", [sample(1, 190), sample(1, 250, 60), sample(2.5, 260)])
def test_slow_or_lifted_or_distant_readings_tell_nothing_of_the_pull(other: CarSample) -> None:
    assert driven(sample(0, 250), other).pulls == 0


def test_a_reading_told_again_counts_once() -> None:
    assert driven(sample(0, 250), sample(0, 250)).readings == 1


def test_a_lap_knows_its_sectors() -> None:
    lap = lap_of(
        sampled(10, 200),
        CarTimed(at(30), FOUR, sectors_s={0: 30.0}),
        sampled(40, 210),
        sampled(41, 220),
        CarTimed(at(65), FOUR, sectors_s={1: 35.0}),
        CarTimed(at(90), FOUR, laps_completed=1, last_lap_s=90.0, sectors_s={2: 25.0}),
    )

    assert [stretch.readings for stretch in lap.driving] == [1, 2, 0]


def test_a_cleared_sector_ends_nothing_and_the_next_lap_begins_empty() -> None:
    lap = lap_of(
        sampled(10, 200),
        CarTimed(at(90), FOUR, laps_completed=1, last_lap_s=90.0),
        CarTimed(at(91), FOUR, sectors_s={0: None, 1: None}),
        sampled(100, 210),
        CarTimed(at(180), FOUR, laps_completed=2, last_lap_s=90.0),
    )

    assert [stretch.readings for stretch in lap.driving] == [0, 0, 1]


def test_without_car_data_a_lap_says_nothing_of_the_driving() -> None:
    lap = lap_of(CarTimed(at(90), FOUR, laps_completed=1, last_lap_s=90.0))

    assert lap.driving == ()
