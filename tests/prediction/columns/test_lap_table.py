"""Test that a lap table equals one built afresh, and that figures depend on earlier laps alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pitwall.domain.events import CarTimed
from pitwall.domain.race import DriverNumber, RaceState
from pitwall.domain.reducer import apply
from pitwall.prediction.columns.lap_cells import INDEX, LAGS
from pitwall.prediction.columns.lap_table import LapTable
from tests.makers import at
from tests.prediction.columns.makers import LAP_S, after

FIELD = {number: [number / 2 + lap * number / 50 for lap in range(9)] for number in range(1, 5)}


def cell(table: LapTable, number: int, name: str, lap: int) -> float:
    return float(table.cells[table.slot_of(DriverNumber(number)), INDEX[name], LAGS + lap])


def a_table(race: RaceState) -> LapTable:
    table = LapTable()
    table.follow(race)
    return table


def test_the_usual_lap_is_the_median_of_the_fields_green_laps_so_far() -> None:
    table = a_table(after(FIELD, 9 * LAP_S + 9))

    laps = [90 + number / 50 for number in (1, 2, 3, 4)]
    assert np.isnan(cell(table, 1, "ref_lap", 2))  # the first green lap of all
    assert cell(table, 4, "ref_lap", 8) == pytest.approx(np.median(laps))
    assert cell(table, 4, "rel_lap", 8) == pytest.approx(laps[3] - np.median(laps))


@pytest.mark.parametrize("late_s", [0.4, 35.0])
def test_a_crossing_told_late_is_moved_to_where_the_lap_times_put_it(late_s: float) -> None:
    race = after(FIELD, 9 * LAP_S + 9)
    car = race.cars[DriverNumber(2)]
    late = replace(car.laps[-1], completed_at=at(9 * LAP_S + 1.32 + late_s))
    race = replace(race, cars={**race.cars, car.number: replace(car, laps=(*car.laps[:-1], late))})

    table = a_table(race)

    assert cell(table, 2, "crossed", 9) == pytest.approx(at(9 * LAP_S + 1.32).timestamp())


def test_the_order_at_the_line_is_that_of_the_crossings() -> None:
    table = a_table(after(FIELD, 9 * LAP_S + 9))

    assert [cell(table, number, "rank", 5) for number in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert cell(table, 3, "front", 5) == pytest.approx(0.5 + 4 / 50)
    assert np.isnan(cell(table, 1, "front", 5))


def test_laps_that_the_race_no_longer_has_are_taken_back() -> None:
    early, late = after(FIELD, 5 * LAP_S + 30), after(FIELD, 9 * LAP_S + 9)
    table = a_table(late)

    table.follow(early)

    np.testing.assert_array_equal(table.cells[:6], a_table(early).cells[:6])


def test_a_speed_of_an_earlier_lap_is_missing() -> None:
    race = after(FIELD, 9 * LAP_S + 9)
    race = apply(
        race, CarTimed(at(10 * LAP_S), DriverNumber(1), laps_completed=10, last_lap_s=90.0)
    )

    table = a_table(race)

    assert cell(table, 1, "st", 9) == 310.0
    assert np.isnan(cell(table, 1, "st", 10))


def test_a_pass_is_counted_when_both_have_crossed_again() -> None:
    gaps = {1: [0.0] * 6, 2: [1.0, 0.8, 0.6, 0.4, -0.5, -1.0]}
    before = a_table(after(gaps, 5 * LAP_S - 0.2)).passes.of_race()
    later = a_table(after(gaps, 5 * LAP_S + 1)).passes

    assert before.passes == 0
    assert later.of_race().passes == 1
    slots = a_table(after(gaps, 5 * LAP_S + 1))
    one, two = slots.slot_of(DriverNumber(1)), slots.slot_of(DriverNumber(2))
    assert later.as_attacker(two).passes == later.of_pair(two, one).passes == 1
    assert later.as_defender(two).battles == 0
    assert later.of_race().surplus == pytest.approx(1 - later.of_race().expected)
