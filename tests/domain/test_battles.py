"""Test that battles open, continue and end by the rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.battles import Battle, BattleRules, EndReason, follow_battles
from pitwall.domain.gaps import LapsDown, TimeGap
from pitwall.domain.race import DriverNumber, GapSample, Phase, RaceState, TrackStatus
from tests.makers import a_race, at

INTERVALS = st.lists(st.one_of(st.none(), st.floats(0, 90)), max_size=21)


def with_car(race: RaceState, number: int, **changes: Any) -> RaceState:
    key = DriverNumber(number)
    return replace(race, cars={**race.cars, key: replace(race.cars[key], **changes)})


def under_way(race: RaceState, previous: tuple[Battle, ...] = ()) -> tuple[Battle, ...]:
    return follow_battles(race, previous)[0]


def endings(race: RaceState, previous: tuple[Battle, ...]) -> list[EndReason]:
    return [ended.reason for ended in follow_battles(race, previous)[1]]


@given(INTERVALS)
def test_each_attacker_is_directly_behind_its_defender(intervals: list[float | None]) -> None:
    for battle in under_way(a_race(*intervals)):
        assert battle.attacker == battle.defender + 1  # cars are numbered by place
        assert battle.position == battle.defender
        assert 0 <= battle.interval_s < 2.0


@given(INTERVALS, INTERVALS)
def test_every_battle_goes_on_or_ends_for_one_reason(
    before: list[float | None], after: list[float | None]
) -> None:
    earlier = under_way(a_race(*before))
    now, ended = follow_battles(a_race(*after, now=at(5)), earlier)

    going_on = {(b.attacker, b.defender) for b in now}
    over = [(e.battle.attacker, e.battle.defender) for e in ended]
    assert len(over) == len(set(over))
    assert {(b.attacker, b.defender) for b in earlier} == (
        set(over) | (going_on & {(b.attacker, b.defender) for b in earlier})
    )
    assert not going_on & set(over)


@given(INTERVALS, INTERVALS)
def test_a_battle_that_goes_on_keeps_its_start(
    before: list[float | None], after: list[float | None]
) -> None:
    earlier = under_way(a_race(*before))
    started = {(b.attacker, b.defender): b.opened_at for b in earlier}

    for battle in under_way(a_race(*after, now=at(5)), earlier):
        assert battle.opened_at == started.get((battle.attacker, battle.defender), at(5))


@given(INTERVALS)
def test_looking_twice_changes_nothing(intervals: list[float | None]) -> None:
    race = a_race(*intervals)
    battles = under_way(race)

    assert follow_battles(race, battles) == (battles, ())


@pytest.mark.parametrize(
    ("interval_s", "open_before", "open_now"),
    [
        (1.999, False, True),
        (2.0, False, False),  # opens strictly below
        (2.3, False, False),  # between the limits: does not open …
        (2.3, True, True),  # … but an open one holds
        (2.5, True, True),
        (2.501, True, False),  # beyond: closes
    ],
)
def test_two_limits_stop_flicker(interval_s: float, open_before: bool, open_now: bool) -> None:
    before = under_way(a_race(0.5)) if open_before else ()

    assert bool(under_way(a_race(interval_s), before)) is open_now


def test_a_gap_that_grows_ends_as_dropped_back() -> None:
    assert endings(a_race(3.0, now=at(5)), under_way(a_race(0.5))) == [EndReason.DROPPED_BACK]


@pytest.mark.parametrize("place_in_pit", [1, 2])
def test_a_car_in_the_pits_battles_nobody(place_in_pit: int) -> None:
    race = with_car(a_race(0.3), place_in_pit, in_pit=True)

    assert under_way(race) == ()
    assert endings(race, under_way(a_race(0.3))) == [EndReason.PITTED]


@pytest.mark.parametrize("fate", ["retired", "stopped"])
@pytest.mark.parametrize("place", [1, 2])
def test_a_car_out_of_the_race_battles_nobody(fate: str, place: int) -> None:
    race = with_car(a_race(0.3), place, **{fate: True})

    assert endings(race, under_way(a_race(0.3))) == [EndReason.RETIRED]


@pytest.mark.parametrize("status", list(TrackStatus))
def test_battles_rest_while_overtaking_is_forbidden(status: TrackStatus) -> None:
    race = a_race(0.3, track_status=status)

    assert bool(under_way(race)) is status.allows_overtaking
    expected = [] if status.allows_overtaking else [EndReason.NEUTRALISED]
    assert endings(race, under_way(a_race(0.3))) == expected


@pytest.mark.parametrize("phase", list(Phase))
def test_battles_live_only_while_the_race_runs(phase: Phase) -> None:
    race = replace(a_race(0.3), phase=phase)
    why = {Phase.STARTED: [], Phase.INACTIVE: [EndReason.NEUTRALISED]}
    why[Phase.ABORTED] = [EndReason.NEUTRALISED]

    assert endings(race, under_way(a_race(0.3))) == why.get(phase, [EndReason.FINISHED])


@pytest.mark.parametrize(("lap", "opens"), [(0, False), (1, False), (2, True), (40, True)])
def test_lap_one_has_no_battles(lap: int, opens: bool) -> None:
    assert bool(under_way(a_race(0.3, lap=lap))) is opens


def test_a_lapped_car_between_two_rivals_does_not_part_them() -> None:
    # On the road: 1, the lapped 9, then 2. The feed gives 2's interval to the car one *place*
    # ahead, and 9 stands last in the order with a gap in laps.
    race = a_race(1.2, 30.0)
    race = with_car(race, 3, gap_to_leader=LapsDown(1), interval=LapsDown(1))

    assert [(b.attacker, b.defender) for b in under_way(race)] == [(2, 1)]


def test_a_gap_in_laps_is_no_interval() -> None:
    race = with_car(a_race(0.4), 2, interval=LapsDown(1))

    assert under_way(race) == ()


def test_a_stopped_car_between_two_rivals_leaves_them_a_battle_by_their_gaps() -> None:
    race = with_car(a_race(0.6, 0.7), 2, stopped=True)

    (battle,) = under_way(race)

    assert (battle.attacker, battle.defender) == (3, 1)
    assert battle.interval_s == pytest.approx(1.3)


def swap(race: RaceState, first: int, second: int, seconds: float) -> list[RaceState]:
    """Return both orders in which a feed may report that car 2 passed car 1."""
    places = {first: 2, second: 1}
    half = [with_car(race, n, position=places[n], position_at=at(seconds)) for n in places]
    whole = with_car(half[0], second, position=1, position_at=at(seconds + 0.2))
    return [*half, whole]


def test_a_pass_ends_the_battle_whichever_half_arrives_first() -> None:
    before = under_way(a_race(0.3, 5.0))
    defender_first, attacker_first, whole = swap(a_race(0.3, 5.0, now=at(5)), 1, 2, 5)

    assert endings(defender_first, before) in ([], [EndReason.PASSED])
    assert endings(attacker_first, before) in ([], [EndReason.PASSED])
    assert endings(whole, before) == [EndReason.PASSED]


def test_an_interval_from_before_a_pass_is_not_taken_for_the_new_pair() -> None:
    # Car 3 was 0.4 s behind car 2; car 2 then passed car 1, so 3 is now behind 1.
    race = a_race(0.3, 0.4, now=at(5))
    race = with_car(race, 2, position=1, position_at=at(6))
    race = with_car(race, 1, position=2, position_at=at(6))
    race = replace(race, as_of=at(6))

    intervals = {(b.attacker, b.defender): b.interval_s for b in under_way(race)}

    # 0.4 s was measured to car 2; to car 1 it was 0.7 s.
    assert intervals[DriverNumber(3), DriverNumber(1)] == pytest.approx(0.7)


def test_gaps_to_the_leader_bridge_until_the_next_interval() -> None:
    race = a_race(4.0, 0.4, 0.9, now=at(5))
    race = with_car(race, 3, position=2, position_at=at(6))
    race = with_car(race, 2, position=3, position_at=at(6))
    race = with_car(race, 2, trace=(GapSample(at(6), 4.5, None),))
    race = replace(race, as_of=at(6))

    intervals = {(b.attacker, b.defender): b.interval_s for b in under_way(race)}

    assert intervals[DriverNumber(4), DriverNumber(2)] == pytest.approx(5.3 - 4.5)


def test_another_car_between_ends_as_separated() -> None:
    before = under_way(a_race(0.3, 0.4))
    race = a_race(0.3, 0.4, now=at(5))
    race = with_car(race, 3, position=2, position_at=at(5), interval=TimeGap(0.2))
    race = with_car(race, 2, position=3, position_at=at(5), interval=TimeGap(0.2))

    assert set(endings(race, before)) == {EndReason.SEPARATED, EndReason.PASSED}


def test_a_battle_outlives_a_short_silence_but_not_a_long_one() -> None:
    before = under_way(a_race(0.5))
    race = a_race(0.5)

    assert under_way(replace(race, as_of=at(10)), before)
    assert not under_way(replace(race, as_of=at(10.1)), before)


def test_a_removed_car_ends_its_battles() -> None:
    race = a_race(0.5)
    without_attacker = replace(race, cars={DriverNumber(2): race.cars[DriverNumber(2)]})

    assert endings(without_attacker, under_way(race)) == [EndReason.RETIRED]


def test_limits_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="0 < opens_below_s <= closes_beyond_s"):
        BattleRules(opens_below_s=2.0, closes_beyond_s=1.0)
