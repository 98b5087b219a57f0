"""Test that each event changes the race state as intended, in whatever order events arrive."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain import events as race_events
from pitwall.domain.car_use import CarSample
from pitwall.domain.gaps import LeaderLap, NoGap, TimeGap
from pitwall.domain.race import (
    CarState,
    Compound,
    ControlMessage,
    DriverNumber,
    Phase,
    RaceInfo,
    RaceState,
    TrackStatus,
    Weather,
)
from pitwall.domain.reducer import apply
from tests.makers import at

FOUR = DriverNumber(4)


def after(*events: race_events.TimingEvent, race: RaceState | None = None) -> RaceState:
    state = RaceState() if race is None else race
    for event in events:
        state = apply(state, event)
    return state


def timed(seconds: float, number: int = 4, **fields: Any) -> race_events.CarTimed:
    return race_events.CarTimed(at(seconds), DriverNumber(number), **fields)


def car(race: RaceState, number: int = 4) -> CarState:
    return race.cars[DriverNumber(number)]


def test_a_delta_changes_only_what_it_says() -> None:
    race = after(timed(0, position=3, interval=TimeGap(1.2)), timed(1, in_pit=True))

    assert car(race).position == 3
    assert car(race).interval == TimeGap(1.2)
    assert car(race).in_pit


def test_independent_fields_may_arrive_in_any_order() -> None:
    changes = [timed(1, position=2), timed(1, in_pit=True), timed(1, gap_to_leader=TimeGap(3.0))]

    cars = [car(after(*order)) for order in permutations(changes)]

    assert all(each == cars[0] for each in cars)


def test_the_moment_of_a_place_is_when_it_changed_not_when_it_was_repeated() -> None:
    race = after(timed(1, position=2), timed(9, position=2))

    assert car(race).position_at == at(1)


def test_a_cleared_gap_is_no_gap() -> None:
    race = after(timed(1, interval=TimeGap(0.8)), timed(2, interval=NoGap()))

    assert car(race).interval == NoGap()
    assert car(race).trace[-1].interval_s is None


def test_the_trace_forgets_what_is_older_than_330_seconds() -> None:
    race = after(*(timed(s, interval=TimeGap(1 + s / 1000)) for s in range(0, 400, 4)))

    trace = car(race).trace
    assert trace[0].at >= at(396 - 330)
    assert len(trace) == 83
    assert [sample.at for sample in trace] == sorted(sample.at for sample in trace)


def test_a_line_crossing_closes_the_lap_with_what_it_brought() -> None:
    race = after(
        timed(30, sectors_s={0: 29.1}),
        timed(70, sectors_s={1: 39.2}, speeds_kmh={"I2": 301.0}),
        timed(95, laps_completed=1, last_lap_s=95.3, sectors_s={2: 27.0}),
    )

    (lap,) = car(race).laps
    assert (lap.lap_number, lap.lap_time_s, lap.completed_at) == (1, 95.3, at(95))
    assert lap.sectors_s == (29.1, 39.2, 27.0)
    assert lap.speeds_kmh == {"I2": 301.0}
    assert lap.track_clear
    assert not lap.pitted


def test_a_lap_time_that_comes_late_is_filled_in() -> None:
    race = after(timed(95, laps_completed=1), timed(95.4, last_lap_s=95.3))

    assert car(race).laps[0].lap_time_s == 95.3


def test_a_stale_snapshot_takes_no_laps_away() -> None:
    race = after(timed(95, laps_completed=7), timed(96, laps_completed=5))

    assert car(race).laps_completed == 7
    assert len(car(race).laps) == 1


def test_both_laps_that_touch_the_pit_lane_are_marked() -> None:
    race = after(
        timed(10, laps_completed=1),
        timed(80, in_pit=True),
        timed(90, laps_completed=2),  # crosses the line in the lane
        timed(110, in_pit=False, pit_out=True),
        timed(190, laps_completed=3),
        timed(200, pit_out=False),
        timed(280, laps_completed=4),
    )

    assert [lap.pitted for lap in car(race).laps] == [False, True, True, False]


def test_coming_to_the_grid_through_the_lane_is_no_pit_stop() -> None:
    race = after(
        timed(-600, in_pit=True),
        timed(-500, in_pit=False, pit_out=True),
        race_events.LapCounted(at(-1), lap=1, total_laps=52),
        race_events.PhaseChanged(at(0), Phase.STARTED),
        timed(95, laps_completed=1),
    )

    assert not car(race).laps[0].pitted


def test_a_lap_with_a_yellow_in_it_is_not_clear_and_the_next_is() -> None:
    race = after(
        timed(0, laps_completed=1),
        race_events.TrackStatusChanged(at(20), TrackStatus.YELLOW),
        race_events.TrackStatusChanged(at(30), TrackStatus.CLEAR),
        timed(90, laps_completed=2),
        timed(180, laps_completed=3),
    )

    assert [lap.track_clear for lap in car(race).laps] == [True, False, True]


def test_stints_are_patched_by_number_and_grow() -> None:
    race = after(
        race_events.StintChanged(
            at(0), FOUR, 1, Compound.MEDIUM, fresh_tyre=True, tyre_life_laps=0
        ),
        race_events.StintChanged(at(90), FOUR, 1, tyre_life_laps=1),
        race_events.StintChanged(at(900), FOUR, 2, Compound.HARD),
    )

    first, second = car(race).stints
    assert (first.compound, first.fresh_tyre, first.tyre_life_laps) == (Compound.MEDIUM, True, 1)
    assert car(race).stint == second


def test_an_absurd_stint_number_is_left_alone() -> None:
    assert after(race_events.StintChanged(at(0), FOUR, 10_000)).cars == {}


def test_another_race_starts_afresh() -> None:
    first, second = RaceInfo("a", "A", "Race", "X", 2025), RaceInfo("b", "B", "Race", "Y", 2025)
    race = after(
        race_events.RaceDescribed(at(0), first),
        timed(1, position=1),
        race_events.RaceDescribed(at(9), second),
    )

    assert race.info == second
    assert race.cars == {}


def test_the_same_race_described_again_keeps_its_cars() -> None:
    info = RaceInfo("a", "A", "Race", "X", 2025)
    race = after(
        race_events.RaceDescribed(at(0), info), timed(1), race_events.RaceDescribed(at(2), info)
    )

    assert race.info == info


def test_a_repeated_control_message_is_kept_once() -> None:
    message = ControlMessage(at(1), "Flag", "GREEN LIGHT - PIT EXIT OPEN")
    race = after(race_events.ControlSaid(at(1), message), race_events.ControlSaid(at(9), message))

    assert race.control == (message,)


def test_control_messages_tell_what_the_feed_has_no_channel_for() -> None:
    def after_message(text: str) -> RaceState:
        return after(race_events.ControlSaid(at(1), ControlMessage(at(1), "Other", text)))

    assert after_message("OVERTAKE ENABLED").overtake_enabled is True
    assert after_message("DRS DISABLED").overtake_enabled is False
    assert after_message("CAR 44 TIME 1:32.1 DELETED").overtake_enabled is None
    assert after_message("STRAIGHT MODE - LOW GRIP").low_grip is True
    assert after_message("STRAIGHT MODE - NORMAL GRIP").low_grip is False


def test_telemetry_of_a_car_outside_the_race_is_ignored() -> None:
    sample = CarSample(at(1), speed_kmh=300)
    race = after(
        timed(0, position=1),
        race_events.CarsSampled(at(1), {FOUR: sample, DriverNumber(99): sample}),
    )

    assert race.samples == {FOUR: sample}
    assert DriverNumber(99) not in race.cars


def test_a_removed_car_is_gone() -> None:
    assert after(timed(0), race_events.CarRemoved(at(1), FOUR)).cars == {}


moments = st.floats(-1000, 10_000).map(at)
numbers = st.integers(1, 5).map(DriverNumber)
gaps = st.one_of(
    st.just(NoGap()), st.floats(0, 100).map(TimeGap), st.integers(1, 70).map(LeaderLap)
)
any_event = st.one_of(
    st.builds(
        race_events.CarTimed,
        moments,
        numbers,
        position=st.none() | st.integers(1, 5),
        gap_to_leader=st.none() | gaps,
        interval=st.none() | gaps,
        laps_completed=st.none() | st.integers(0, 70),
        last_lap_s=st.none() | st.floats(60, 200),
        in_pit=st.none() | st.booleans(),
        retired=st.none() | st.booleans(),
        sectors_s=st.none() | st.dictionaries(st.integers(0, 2), st.none() | st.floats(10, 60)),
    ),
    st.builds(race_events.StintChanged, moments, numbers, st.integers(-1, 40)),
    st.builds(race_events.TrackStatusChanged, moments, st.sampled_from(TrackStatus)),
    st.builds(race_events.PhaseChanged, moments, st.sampled_from(Phase)),
    st.builds(race_events.LapCounted, moments, st.none() | st.integers(0, 70)),
    st.builds(race_events.CarRemoved, moments, numbers),
    st.builds(race_events.WeatherMeasured, moments, st.just(Weather())),
    st.builds(race_events.Heartbeat, moments),
)


@given(st.lists(any_event, max_size=40))
def test_any_sequence_of_events_keeps_the_state_whole(
    events: list[race_events.TimingEvent],
) -> None:
    race = RaceState()
    for event in events:
        next_race = apply(race, event)
        assert next_race.as_of >= race.as_of
        counts_anew = type(event) is race_events.LapCounted and race.stopped_at is not None
        assert next_race.lap >= race.lap or counts_anew
        for number, each in next_race.cars.items():
            assert each.number == number
            assert [lap.lap_number for lap in each.laps] == sorted(
                {lap.lap_number for lap in each.laps}
            )
            assert all(stint.stint_number == i for i, stint in enumerate(each.stints, start=1))
        race = next_race


@given(st.lists(any_event, max_size=30))
def test_applying_changes_no_earlier_state(events: list[race_events.TimingEvent]) -> None:
    race = RaceState()
    states: list[tuple[RaceState, str]] = []
    for event in events:
        states.append((race, repr(race)))
        race = apply(race, event)

    assert all(repr(state) == text for state, text in states)


def test_a_reading_keeps_the_place_it_was_measured_in() -> None:
    race = after(
        timed(0, position=3, interval=TimeGap(1.2)),
        timed(4, position=2),
        timed(5, interval=TimeGap(7.0)),
    )

    assert [sample.position for sample in car(race).trace] == [3, 2]


def test_a_lap_names_the_traps_that_told_nothing_in_it() -> None:
    race = after(
        timed(60, speeds_kmh={"I1": 280.0, "ST": 310.0}),
        timed(90, laps_completed=1),
        timed(150, speeds_kmh={"ST": 312.0}),
        timed(180, laps_completed=2, speeds_kmh={"FL": 290.0}),
    )

    first, second = car(race).laps
    assert first.stale_traps == frozenset()
    assert second.stale_traps == {"I1"}
    assert second.speeds_kmh == {"I1": 280.0, "ST": 312.0, "FL": 290.0}


def told_again(*, red_at: float = 200) -> RaceState:
    """Return a race stopped on lap 4 that counts its laps from 1 again."""
    return after(
        race_events.LapCounted(at(160), 4),
        timed(80, laps_completed=1, last_lap_s=80.0),
        timed(160, laps_completed=2, last_lap_s=80.0),
        timed(170, 81, laps_completed=2, last_lap_s=90.0),
        race_events.PhaseChanged(at(red_at), Phase.ABORTED),
        race_events.PhaseChanged(at(300), Phase.STARTED),
    )


def lap_numbers(race: RaceState, number: int = 4) -> list[int]:
    return [lap.lap_number for lap in car(race, number).laps]


def test_laps_that_are_counted_anew_after_a_red_flag_stand_apart_from_those_before() -> None:
    race = after(
        timed(400, laps_completed=1, last_lap_s=95.0),
        timed(480, laps_completed=2, last_lap_s=79.0),
        race=told_again(),
    )

    assert [(lap.lap_number, lap.lap_time_s) for lap in car(race).laps] == [(1, 95.0), (2, 79.0)]
    assert [lap.completed_at for lap in car(race).laps_before_restart] == [at(80), at(160)]
    assert lap_numbers(race, 81) == [2], "its count has not gone back yet"


def test_a_lap_count_that_begins_anew_counts_for_every_car() -> None:
    # The one car has completed two laps and the next number is its second again.
    race = after(
        race_events.LapCounted(at(400), 2),
        timed(400, laps_completed=1, last_lap_s=95.0),
        timed(410, 81, laps_completed=2, last_lap_s=96.0),
        race=told_again(),
    )

    assert race.lap == 2
    assert [(lap.lap_number, lap.lap_time_s) for lap in car(race, 81).laps] == [(2, 96.0)]
    assert len(car(race, 81).laps_before_restart) == 1


def test_a_red_flag_that_takes_back_one_lap_takes_back_that_lap_alone() -> None:
    race = after(timed(400, laps_completed=2, last_lap_s=99.0), race=told_again(red_at=165))
    assert lap_numbers(race) == [1, 2], "the same number is a message told again"

    race = after(
        timed(160, laps_completed=3, last_lap_s=80.0),
        race_events.PhaseChanged(at(500), Phase.ABORTED),
        timed(600, laps_completed=2, last_lap_s=99.0),
        race=race,
    )
    assert [(lap.lap_number, lap.lap_time_s) for lap in car(race).laps] == [(1, 80.0), (2, 99.0)]


def test_without_a_red_flag_a_lower_lap_is_an_old_message() -> None:
    race = after(
        timed(80, laps_completed=1),
        timed(160, laps_completed=2),
        race_events.LapCounted(at(160), 3),
        timed(165, laps_completed=1),
        race_events.LapCounted(at(165), 2),
    )

    assert (race.lap, lap_numbers(race)) == (3, [1, 2])
    old = after(timed(350, laps_completed=1), race=told_again(red_at=100))
    assert lap_numbers(old) == [1, 2], "it crossed the line after the flag"


def said(seconds: float, words: str) -> race_events.ControlSaid:
    return race_events.ControlSaid(at(seconds), ControlMessage(at(seconds), "Other", words))


def test_the_messages_of_a_whole_race_are_kept_and_counted_once() -> None:
    told = [said(second, f"MESSAGE {second}") for second in range(286)]
    told[5] = said(5, "DRS DISABLED")
    told[200] = said(200, "DRS ENABLED")

    race = after(*told, *told)

    assert race.control == tuple(event.message for event in told)
    assert race.overtake_enabled is True


def test_an_old_ruling_that_comes_late_changes_nothing() -> None:
    race = after(said(10, "FIRST"), said(30, "DRS ENABLED"), said(20, "DRS DISABLED"))

    assert [message.message for message in race.control] == ["FIRST", "DRS DISABLED", "DRS ENABLED"]
    assert race.overtake_enabled is True


def stint(seconds: float, number: int, **fields: Any) -> race_events.StintChanged:
    return race_events.StintChanged(at(seconds), FOUR, number, **fields)


def first_laps(race: RaceState) -> list[int | None]:
    return [each.from_lap for each in car(race).stints]


def a_stop(second: float, in_lap: int) -> list[race_events.TimingEvent]:
    return [
        timed(second, in_pit=True),
        timed(second + 5, laps_completed=in_lap),
        timed(second + 20, in_pit=False, pit_out=True),
    ]


def test_the_first_stint_begins_on_lap_one_however_late_it_is_told() -> None:
    assert first_laps(after(stint(0, 1))) == [1]
    assert first_laps(after(timed(80, laps_completed=1), stint(90, 1))) == [1]


def test_a_stint_begins_with_the_lap_out_of_the_pits() -> None:
    begun = after(stint(0, 1), *(timed(80 * lap, laps_completed=lap) for lap in range(1, 10)))
    entry, line, out = a_stop(790, 10)

    told_in_the_lane = after(entry, stint(792, 2), line, out, race=begun)
    told_after_the_line = after(entry, line, stint(800, 2), out, race=begun)
    told_late = after(
        entry, line, out, timed(880, laps_completed=11), timed(960, laps_completed=12),
        stint(990, 2), stint(1000, 2, tyre_life_laps=3), race=begun,
    )  # fmt: skip

    for race in (told_in_the_lane, told_after_the_line, told_late):
        assert first_laps(race) == [1, 11]


def test_stops_on_two_laps_running_are_two_stints() -> None:
    race = after(
        stint(0, 1), *(timed(80 * lap, laps_completed=lap) for lap in range(1, 10)),
        *a_stop(790, 10), stint(812, 2), *a_stop(890, 11), stint(915, 3),
    )  # fmt: skip

    assert first_laps(race) == [1, 11, 12]


def test_a_drive_through_moves_no_stint() -> None:
    race = after(
        stint(0, 1), *(timed(80 * lap, laps_completed=lap) for lap in range(1, 10)),
        *a_stop(790, 10), stint(812, 2), timed(880, laps_completed=11), *a_stop(950, 12),
    )  # fmt: skip

    assert first_laps(race) == [1, 11]


def test_joined_mid_race_a_stint_begins_where_its_tyres_say() -> None:
    race = after(
        timed(0, laps_completed=30),
        stint(0, 1, start_laps=0, tyre_life_laps=18),
        stint(0, 2, start_laps=3, tyre_life_laps=15),
    )

    assert first_laps(race) == [1, 19]
