"""Test that other topics stand in for silent ones, and that one that speaks has the last word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pitwall.domain import events
from pitwall.domain.race import (
    ControlMessage,
    DriverNumber,
    Inferred,
    Phase,
    RaceInfo,
    RaceState,
    TrackStatus,
)
from pitwall.domain.reducer import apply
from tests.makers import at

CAR = DriverNumber(4)
RACE = RaceState(info=RaceInfo("2025-a-race", "A", "Race"))


def after(race: RaceState, *told: events.TimingEvent) -> RaceState:
    for event in told:
        race = apply(race, event)
    return race


def crossing(seconds: float, lap: int, *, in_pit: bool = False) -> events.CarTimed:
    return events.CarTimed(at(seconds), CAR, laps_completed=lap, in_pit=in_pit)


def said(
    seconds: float, text: str, flag: str | None = None, scope: str | None = None
) -> events.ControlSaid:
    return events.ControlSaid(at(seconds), ControlMessage(at(seconds), "Flag", text, flag, scope))


def test_flags_follow_from_race_control_until_track_status_speaks() -> None:
    race = after(RACE, said(1, "RED FLAG", "RED", "Track"))
    assert (race.track_status, race.inferred) == (
        TrackStatus.RED,
        frozenset({Inferred.TRACK_STATUS}),
    )

    race = after(race, events.TrackStatusChanged(at(2), TrackStatus.CLEAR))
    assert (race.track_status, race.inferred) == (TrackStatus.CLEAR, frozenset())
    race = after(race, said(3, "RED FLAG", "RED", "Track"))
    assert (race.track_status, race.inferred) == (TrackStatus.CLEAR, frozenset())


def test_an_inferred_race_ends_with_its_last_lap_or_the_chequered_flag() -> None:
    running = after(RACE, crossing(80, 1))
    assert (running.phase, running.lap) == (Phase.STARTED, 2)
    assert running.inferred == frozenset({Inferred.PHASE, Inferred.LAP})

    assert after(running, said(160, "CHEQUERED FLAG", "CHEQUERED")).phase is Phase.FINISHED
    announced = after(running, events.LapCounted(at(90), lap=2, total_laps=3))
    assert after(announced, crossing(160, 2), crossing(240, 3)).phase is Phase.FINISHED
    told = after(RACE, events.PhaseChanged(at(0), Phase.STARTED), crossing(80, 1))
    assert after(told, said(160, "CHEQUERED FLAG", "CHEQUERED")).phase is Phase.STARTED


@pytest.mark.parametrize("kind", ["Qualifying", "Practice 1"])
def test_nothing_is_inferred_where_cars_do_not_race(kind: str) -> None:
    race = after(replace(RACE, info=replace(RACE.info, kind=kind)), crossing(80, 1))

    assert (race.phase, race.lap, race.inferred) == (Phase.INACTIVE, 0, frozenset())


def test_a_crossing_in_the_pits_or_under_a_red_flag_starts_no_race() -> None:
    assert after(RACE, crossing(80, 1, in_pit=True)).phase is Phase.INACTIVE
    red = after(RACE, events.TrackStatusChanged(at(0), TrackStatus.RED), crossing(80, 1))
    assert red.phase is Phase.INACTIVE


def test_a_repeated_status_counts_only_if_it_is_newer_than_what_was_told() -> None:
    stopped = after(RACE, events.PhaseChanged(at(100), Phase.ABORTED))
    old = events.StatusRepeated(at(101), at(0), phase=Phase.STARTED)
    new = events.StatusRepeated(at(600), at(600), phase=Phase.STARTED)

    assert after(stopped, old).phase is Phase.ABORTED
    assert after(stopped, new).phase is Phase.STARTED
    assert after(stopped, new).inferred == frozenset()


def test_a_lap_count_that_stopped_is_overtaken_by_crossings() -> None:
    told = after(RACE, events.LapCounted(at(0), lap=1, total_laps=50), crossing(80, 1))
    assert told.lap == 1  # the count may follow within the lap
    race = after(told, crossing(160, 2))
    assert (race.lap, Inferred.LAP in race.inferred) == (3, True)
