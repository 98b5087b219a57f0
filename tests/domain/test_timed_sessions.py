"""Test the state of qualifying and practice: laps, parts, knock-outs, cleared and deleted times."""

from __future__ import annotations

from typing import Any

import pytest

from pitwall.domain import events as race_events
from pitwall.domain.battles import follow_battles
from pitwall.domain.gaps import TimeGap
from pitwall.domain.race import CarState, ControlMessage, DriverNumber, Phase, RaceInfo, RaceState
from pitwall.domain.reducer import apply
from pitwall.domain.sessions import SessionType, part_name, type_of
from pitwall.domain.timed_order import TimedStanding, classify
from pitwall.domain.timed_state import CarRun, LapType
from tests.makers import at

FOUR = DriverNumber(4)
QUALIFYING = RaceInfo("2025-mexico-qualifying", "Mexico City Grand Prix", "Qualifying", "", 2025)
PRACTICE = RaceInfo("2025-italy-practice-1", "Italian Grand Prix", "Practice 1", "", 2025)


def after(*events: race_events.TimingEvent, race: RaceState | None = None) -> RaceState:
    state = RaceState() if race is None else race
    for event in events:
        state = apply(state, event)
    return state


def timed(seconds: float, number: int = 4, **fields: Any) -> race_events.CarTimed:
    return race_events.CarTimed(at(seconds), DriverNumber(number), **fields)


def told(seconds: float, number: int = 4, **fields: Any) -> race_events.CarClassified:
    return race_events.CarClassified(at(seconds), DriverNumber(number), **fields)


def part(
    seconds: float, number: int, entries: dict[int, int] | None = None
) -> race_events.PartTold:
    return race_events.PartTold(at(seconds), number, entries)


def phase(seconds: float, value: Phase) -> race_events.PhaseChanged:
    return race_events.PhaseChanged(at(seconds), value)


def in_q1(*events: race_events.TimingEvent, info: RaceInfo = QUALIFYING) -> RaceState:
    parts: list[race_events.TimingEvent]
    parts = [part(1, 1, {1: 3, 2: 2, 3: 1})] if info is QUALIFYING else []
    begun = after(race_events.RaceDescribed(at(0), info), *parts, phase(10, Phase.STARTED))
    return after(*events, race=begun)


def run_of_laps(number: int = 4, first: int = 1, begins_s: float = 100.0) -> list[Any]:
    """Return an out-lap, a flying lap and an in-lap, as the feed reports them."""
    return [
        timed(begins_s, number, in_pit=False, pit_out=True, laps_completed=first),
        timed(begins_s + 30, number, pit_out=False),
        timed(begins_s + 100, number, laps_completed=first + 1),
        timed(begins_s + 177, number, laps_completed=first + 2, last_lap_s=77.765),
        timed(begins_s + 266, number, in_pit=True),
        timed(begins_s + 269, number, last_lap_s=91.605),
    ]


def car(race: RaceState, number: int = 4) -> CarState:
    return race.cars[DriverNumber(number)]


def laps(race: RaceState, number: int = 4) -> list[tuple[int, LapType | None, float | None]]:
    return [(lap.lap_number, lap.lap_type, lap.lap_time_s) for lap in car(race, number).laps]


def run(race: RaceState, number: int = 4) -> CarRun:
    assert race.timed is not None
    return race.timed.cars[number].run


def standings(race: RaceState) -> dict[int, TimedStanding]:
    found = classify(race)
    assert found is not None
    return {int(each.car.number): each for each in found.standings}


@pytest.mark.parametrize(
    ("kind", "session_type"),
    [
        ("Race", SessionType.RACE),
        ("Sprint", SessionType.RACE),
        ("", SessionType.RACE),
        ("Qualifying", SessionType.QUALIFYING),
        ("Sprint Qualifying", SessionType.QUALIFYING),
        ("Sprint Shootout", SessionType.QUALIFYING),
        ("Practice 3", SessionType.PRACTICE),
        ("Day 2", SessionType.PRACTICE),
        ("Pre-Season Testing", SessionType.PRACTICE),
        ("Daytona", SessionType.RACE),
    ],
)
def test_the_name_of_a_session_tells_what_it_is_for(kind: str, session_type: SessionType) -> None:
    assert type_of(kind) is session_type


def test_parts_are_named_after_the_session() -> None:
    assert [part_name("Qualifying", n) for n in (None, 1, 3)] == ["", "Q1", "Q3"]
    assert part_name("Sprint Qualifying", 2) == "SQ2"
    assert part_name("Race", 1) == ""


def test_an_in_lap_ends_with_its_time_and_counts_once() -> None:
    """The feed counts 3 on the way in, when two laps are complete; it never counts the in-lap."""
    events = run_of_laps()
    on_the_way_in, inside = in_q1(*events[:4]), in_q1(*events)
    out_again = in_q1(*events, timed(500, in_pit=False, pit_out=True, laps_completed=4))

    assert car(on_the_way_in).laps_completed == 2
    assert car(inside).laps_completed == 3
    assert car(out_again).laps_completed == 3
    assert laps(out_again) == [
        (1, LapType.OUT, None),
        (2, LapType.FLYING, 77.765),
        (3, LapType.IN, 91.605),
    ]


def test_an_in_lap_without_a_time_counts_at_the_pit_exit() -> None:
    race = in_q1(*run_of_laps()[:5], timed(500, in_pit=False, pit_out=True, laps_completed=4))

    assert laps(race)[-1] == (3, LapType.IN, None)
    assert car(race).pitted_this_lap


def test_a_snapshot_tells_the_laps_that_have_ended() -> None:
    on_track = in_q1(timed(50, laps_completed=9, in_pit=False, last_lap_s=77.04))
    in_pit = in_q1(timed(50, laps_completed=9, in_pit=True, last_lap_s=104.466))

    assert car(on_track).laps_completed == 8
    assert car(in_pit).laps_completed == 9
    assert car(after(timed(60, laps_completed=9, in_pit=True), race=in_pit)).laps_completed == 9


def test_a_snapshot_between_pit_entry_and_line_ends_no_lap() -> None:
    events = run_of_laps()
    snapshot = timed(367, in_pit=True, laps_completed=3, last_lap_s=77.765)

    race = in_q1(*events[:5], snapshot, events[5])

    assert laps(race)[1:] == [(2, LapType.FLYING, 77.765), (3, LapType.IN, 91.605)]


def test_a_lap_that_the_feed_takes_back_is_gone() -> None:
    """Bearman's last lap at Imola 2025 had begun after the red flag."""
    before = in_q1(*run_of_laps()[:4])

    race = after(timed(300, laps_completed=2, last_lap_s=99.0), race=before)

    assert laps(race) == [(1, LapType.OUT, None)]
    assert car(race).laps_completed == 1


def test_what_a_car_does_follows_from_pit_lane_line_and_sectors() -> None:
    runs = []
    race = in_q1()
    for event in run_of_laps():
        race = apply(race, event)
        runs.append(run(race))

    assert runs == [
        CarRun.OUT_LAP,
        CarRun.OUT_LAP,
        CarRun.PUSH_LAP,
        CarRun.IN_LAP,
        CarRun.IN_PIT,
        CarRun.IN_PIT,
    ]


def test_a_first_sector_shows_a_slow_lap_and_a_quick_one() -> None:
    first = [
        *run_of_laps()[:3],
        timed(228, sectors_s={0: 27.2}),
        timed(277, laps_completed=3, last_lap_s=77.765),
    ]
    quick = in_q1(*first, timed(304, sectors_s={0: 27.5}))
    slow = in_q1(*first, timed(310, sectors_s={0: 33.0}))
    given_up = after(timed(340, sectors_s={1: 40.0}), race=slow)

    assert run(quick) is CarRun.PUSH_LAP
    assert run(slow) is CarRun.IN_LAP
    assert run(given_up) is CarRun.IN_LAP


def test_in_practice_flying_laps_may_follow_each_other() -> None:
    race = in_q1(*run_of_laps()[:4], info=PRACTICE)

    assert run(race) is CarRun.PUSH_LAP


def test_times_are_cleared_when_a_part_begins() -> None:
    race = in_q1(*run_of_laps(), timed(400, best_lap_s=77.765), told(400, part_bests_s={1: 77.765}))
    race = after(
        phase(1200, Phase.FINISHED),
        part(1500, 2),
        told(1500, part_bests_s={2: None}, best_cleared=True, last_cleared=True),
        race=after(timed(401, position=1), race=race),
    )

    assert car(race).best_lap_s is None
    assert car(race).last_lap_s is None
    mine = standings(race)[4]
    assert (mine.best_lap_s, mine.part_bests_s, mine.overall_best_s) == (
        None,
        (77.765, None),
        77.765,
    )


def a_field() -> RaceState:
    bests = {4: 77.0, 81: 77.4, 16: 77.9}
    events: list[race_events.TimingEvent] = [
        event
        for place, (number, best_s) in enumerate(bests.items(), 1)
        for event in (
            timed(200, number, position=place, best_lap_s=best_s, in_pit=True),
            told(200, number, part_bests_s={1: best_s}),
        )
    ]
    return in_q1(*events)


def test_the_drop_zone_and_its_margins() -> None:
    found = classify(a_field())
    assert found is not None

    assert (found.part_name, found.parts, found.goes_on, found.cut_off_s) == ("Q1", 3, 2, 77.4)
    rows = [(s.is_in_drop_zone, s.margin_s, s.gap_to_best_s) for s in found.standings]
    assert rows == [(False, 0.9, 0.0), (False, 0.5, 0.4), (True, -0.5, 0.9)]


def test_who_is_knocked_out_keeps_the_time_of_the_part_that_decided() -> None:
    race = after(
        phase(1200, Phase.FINISHED),
        part(1500, 2),
        told(1500, 16, knocked_out=True),
        told(1500, 4, part_bests_s={2: None}, best_cleared=True),
        race=a_field(),
    )
    # Once the feed told the time of Q1 again as one of Q2, and took the car out again.
    race = after(
        told(1800, 16, knocked_out=False, part_bests_s={2: 77.9}),
        told(1800, 16, knocked_out=True),
        race=race,
    )

    out = standings(race)[16]
    assert (out.run, out.out_in, out.best_lap_s) == (CarRun.KNOCKED_OUT, 1, 77.9)
    assert out.part_bests_s == (77.9,)
    assert standings(race)[4].out_in is None


def test_without_the_sizes_of_parts_a_car_is_out_in_the_part_before() -> None:
    race = after(race_events.RaceDescribed(at(0), QUALIFYING), timed(1, position=16))
    race = after(part(1500, 2), told(1500, knocked_out=True), part(2000, 3), race=race)

    assert standings(race)[4].out_in == 1


def deletion(seconds: float, text: str) -> race_events.ControlSaid:
    return race_events.ControlSaid(at(seconds), ControlMessage(at(seconds), "Other", text))


def test_race_control_deletes_and_reinstates_a_lap_by_its_time() -> None:
    race = in_q1(
        race_events.DriverListed(at(5), FOUR, code="NOR"), *run_of_laps(), timed(400, position=1)
    )
    deleted = apply(
        race,
        deletion(410, "CAR 4 (NOR) TIME 1:17.765 DELETED - TRACK LIMITS AT TURN 12 LAP 3 15:03:34"),
    )
    reinstated = apply(deleted, deletion(420, "CAR 4 (NOR) TIME 1:17.765 REINSTATED"))

    assert [lap.deleted for lap in car(deleted).laps] == [False, True, False]
    assert standings(deleted)[4].deleted_laps == 1
    assert [lap.deleted for lap in car(reinstated).laps] == [False, False, False]


@pytest.mark.parametrize(
    "text",
    [
        "CAR 4 (BAD) TIME 1:17.765 DELETED - TRACK LIMITS",  # another series on the same line
        "CAR 4 (NOR) TIME 1:17.766 DELETED - TRACK LIMITS",
        "CAR 4 (NOR) LAP DELETED - TRACK LIMITS AT TURN 3 LAP 9 15:16:30 (PIT)",
        "CAR 81 (PIA) TIME 1:17.765 DELETED",
    ],
)
def test_a_message_about_another_lap_deletes_nothing(text: str) -> None:
    race = in_q1(race_events.DriverListed(at(5), FOUR, code="NOR"), *run_of_laps())

    assert not any(lap.deleted for lap in car(apply(race, deletion(410, text))).laps)


def test_there_are_no_battles_in_qualifying() -> None:
    close: list[race_events.TimingEvent] = [
        timed(100, 4, position=1, gap_to_leader=TimeGap(0.0)),
        timed(100, 81, position=2, interval=TimeGap(0.4)),
        race_events.LapCounted(at(101), 5, 63),
    ]
    race = in_q1(*close)

    assert (race.lap, race.total_laps) == (0, None)
    assert follow_battles(race) == ((), ())


def test_another_series_on_the_connection_changes_nothing_after_the_flag() -> None:
    """At Monza 2025 Formula 3 followed practice, with the same car numbers."""
    named = in_q1(
        race_events.DriverListed(at(5), FOUR, code="NOR", name="Lando Norris"),
        race_events.ClockTold(at(6), at(6), 0.0, runs=False),
        phase(3600, Phase.FINISHED),
        info=PRACTICE,
    )
    race = after(
        phase(4500, Phase.INACTIVE),
        race_events.DriverListed(at(4501), FOUR, code="VOI", name="Callum Voisin"),
        race_events.DriverListed(at(4501), DriverNumber(29), code="XXX"),
        race_events.ClockTold(at(4502), at(4502), 600.0, runs=True),
        phase(4600, Phase.STARTED),
        deletion(4700, "CAR 4 (VOI) TIME 1:39.944 DELETED"),
        race=named,
    )

    assert race.cars == named.cars
    assert (race.phase, race.clock, race.control) == (Phase.FINISHED, named.clock, ())
    assert after(phase(5000, Phase.FINALISED), race=race).phase is Phase.FINALISED


def test_a_red_flag_and_the_next_part_are_no_other_session() -> None:
    race = in_q1(
        phase(300, Phase.ABORTED),
        phase(400, Phase.INACTIVE),
        phase(500, Phase.STARTED),
        phase(1200, Phase.FINISHED),
        part(1500, 2),
        phase(1510, Phase.INACTIVE),
        phase(1600, Phase.STARTED),
        phase(2600, Phase.FINISHED),
        part(2900, 3),  # the feed names the last part before it becomes inactive
        phase(2910, Phase.INACTIVE),
        phase(3000, Phase.STARTED),
    )

    assert race.timed is not None
    assert (race.phase, race.timed.part, race.timed.is_followed) == (Phase.STARTED, 3, False)


def test_the_clock_runs_down_and_stands_still() -> None:
    race = in_q1(race_events.ClockTold(at(10), at(10), 1080.0, runs=True))
    stopped = after(race_events.ClockTold(at(100), at(100), runs=False), race=race)
    assert race.clock is not None
    assert stopped.clock is not None

    assert race.clock.left_s(at(70)) == 1020.0
    assert race.clock.left_s(at(9999)) == 0.0
    assert (stopped.clock.left_s(at(500)), stopped.clock.runs) == (990.0, False)


def test_a_part_shows_that_a_session_without_a_name_is_no_race() -> None:
    race = after(part(0, 1), phase(1, Phase.STARTED), *run_of_laps())

    assert race.timed is not None
    assert car(race).laps_completed == 3


def test_a_race_has_no_timed_state() -> None:
    info = RaceInfo("2025-mexico-race", "Mexico City Grand Prix", "Race", "", 2025)
    race = after(
        race_events.RaceDescribed(at(0), info),
        timed(1, best_lap_s=80.0, laps_completed=1),
        told(2, best_cleared=True, part_bests_s={1: None}),
    )

    assert race.timed is None
    assert (car(race).best_lap_s, car(race).laps_completed) == (80.0, 1)
    assert classify(race) is None
