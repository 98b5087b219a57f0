"""Test what is compared of the two cars of a battle."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pitwall.domain.duels import TYPICAL_STOP_S, Rejoin, duel_of, rejoin, stop_cost
from pitwall.domain.race import CarState, DriverNumber, GapSample, LapRecord, RaceState
from tests.makers import at

USUAL_S = 80.0


def lap(number: int, ends_s: float, **changes: object) -> LapRecord:
    record = LapRecord(number, at(ends_s), USUAL_S, (25.0, 30.0, 25.0), {"I1": 280.0, "ST": 320.0})
    return replace(record, **changes)  # type: ignore[arg-type]


def car(number: int, position: int, gap_s: float | None, *laps: LapRecord) -> CarState:
    sample = GapSample(at(0), gap_s, None, position)
    return CarState(DriverNumber(number), position=position, laps=laps, trace=(sample,))


def field(*cars: CarState) -> RaceState:
    return RaceState(at(0), cars={each.number: each for each in cars})


def test_gaps_at_the_line_and_the_last_lap_of_both() -> None:
    ahead = car(4, 1, 0.0, *(lap(n, 80.0 * n) for n in range(1, 9)))
    behind = car(
        81, 2, 0.6, *(lap(n, 80.0 * n + 2.0 - 0.2 * n, lap_time_s=79.8) for n in range(1, 8))
    )
    duel = duel_of(field(ahead, behind), behind, ahead, stop_cost([ahead, behind]))

    assert [(each.lap, each.gap_s) for each in duel.line_gaps][-2:] == [(6, 0.8), (7, 0.6)]
    assert len(duel.line_gaps) == 6
    assert duel.lap == 7  # the defender is on its ninth, the attacker on its eighth
    assert duel.attacker is not None
    assert duel.defender is not None
    assert (duel.attacker.lap_s, duel.defender.lap_s) == (79.8, 80.0)
    assert duel.defender.speeds_kmh == (280.0, None, None, 320.0)


def test_laps_on_which_the_defender_was_behind_are_no_gap() -> None:
    ahead = car(4, 1, 0.0, lap(1, 81.0), lap(2, 160.0))
    behind = car(81, 2, 0.5, lap(1, 80.0), lap(2, 160.5))

    duel = duel_of(field(ahead, behind), behind, ahead, stop_cost([]))

    assert [(each.lap, each.gap_s) for each in duel.line_gaps] == [(2, 0.5)]


def test_a_speed_of_an_earlier_lap_is_not_this_laps() -> None:
    ahead = car(4, 1, 0.0, lap(1, 80.0, stale_traps=frozenset({"I1"})))
    behind = car(81, 2, 0.5, lap(1, 80.5))

    duel = duel_of(field(ahead, behind), behind, ahead, stop_cost([]))

    assert duel.defender is not None
    assert duel.defender.speeds_kmh[0] is None


def test_two_cars_without_a_lap_of_both_have_nothing_to_compare() -> None:
    ahead, behind = car(4, 1, 0.0), car(81, 2, 0.5)
    duel = duel_of(field(ahead, behind), behind, ahead, stop_cost([]))

    assert (duel.lap, duel.attacker, duel.defender, duel.line_gaps) == (0, None, None, ())


def a_stop(cost_s: float, **changes: object) -> CarState:
    laps = [lap(n, 80.0 * n) for n in range(1, 11)]
    into: dict[str, object] = {"pitted": True, "lap_time_s": USUAL_S + 4, **changes}
    laps[5] = replace(laps[5], **into)  # type: ignore[arg-type]
    laps[6] = replace(laps[6], pitted=True, lap_time_s=USUAL_S + cost_s - 4)
    return replace(car(4, 1, 0.0, *laps), pit_stops=1)


def test_a_stop_costs_what_the_stops_of_this_race_cost() -> None:
    cost = stop_cost([a_stop(19.0), a_stop(21.0), a_stop(20.0)])

    assert (cost.seconds, cost.seen) == (20.0, 3)


@pytest.mark.parametrize(
    ("cars", "why"),
    [
        ([], "no stop"),
        ([a_stop(20.0, track_clear=False)], "behind a safety car"),
        ([a_stop(200.0)], "a repair"),
        ([a_stop(20.0, lap_time_s=None)], "no lap time"),
    ],
)
def test_other_stops_tell_nothing(cars: list[CarState], why: str) -> None:
    cost = stop_cost(cars)

    assert (cost.seconds, cost.seen) == (TYPICAL_STOP_S, 0), why


def test_where_a_car_would_come_out() -> None:
    race = field(car(1, 1, 0.0), car(2, 2, 5.0), car(3, 3, 19.0), car(5, 4, 30.0), car(6, 5, None))
    leader, second, lapped = (race.cars[DriverNumber(n)] for n in (1, 2, 6))

    assert rejoin(race, leader, 20.0) == Rejoin(3, DriverNumber(3), 1.0)
    assert rejoin(race, second, 20.0) == Rejoin(3, DriverNumber(3), 6.0)
    assert rejoin(race, leader, 4.0) == Rejoin(1)
    assert rejoin(race, lapped, 20.0) is None


def test_a_car_that_has_stopped_is_not_in_the_way() -> None:
    race = field(car(1, 1, 0.0), replace(car(2, 2, 5.0), stopped=True))

    assert rejoin(race, race.cars[DriverNumber(1)], 20.0) == Rejoin(1)


def test_the_duel_says_what_it_is_estimated_from() -> None:
    ahead, behind = a_stop(21.0), car(81, 2, 0.5)
    duel = duel_of(field(ahead, behind), behind, ahead, stop_cost([ahead]), at(0) + timedelta(1))

    assert (duel.stop_s, duel.stops_seen, duel.trace_at) == (21.0, 1, at(0) + timedelta(1))
    assert duel.attacker_stop == Rejoin(2, DriverNumber(4), 21.5)
