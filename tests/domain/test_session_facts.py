"""Test what the state keeps of topics beside the timing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pitwall.domain import events as race_events
from pitwall.domain.race import ControlMessage, DriverNumber, RaceInfo, RaceState, Weather
from pitwall.domain.reducer import apply
from pitwall.domain.session_facts import CountedOvertake, RankedBest, TimedStop
from pitwall.engine.keyframes import decode_keyframe, encode_keyframe
from pitwall.engine.race_engine import RaceEngine
from tests.makers import at

CAR = DriverNumber(16)
QUALIFYING = RaceInfo("2026-x-qualifying", "X", "Qualifying")


def after(*events: race_events.TimingEvent, race: RaceState | None = None) -> RaceState:
    state = race or RaceState()
    for event in events:
        state = apply(state, event)
    return state


def test_a_stop_is_kept_and_patched() -> None:
    race = after(
        race_events.StopTimed(at(1), CAR, 0, at(0), 3, 2.4, 21.9),
        race_events.StopTimed(at(2), CAR, 0, lane_s=22.0),
        race_events.StopTimed(at(3), CAR, 1, lap=20),
    )

    assert race.facts.of_car(CAR).stops == {
        0: TimedStop(3, at(0), 2.4, 22.0), 1: TimedStop(lap=20)
    }  # fmt: skip
    assert race.as_of == at(3)


def test_one_stop_told_under_two_laps_counts_once() -> None:
    race = after(
        race_events.StopTimed(at(30), CAR, 0, at(30), 12, 2.4, 22.0),
        race_events.StopTimed(at(31), CAR, 1, at(31), 13, 2.4, 22.1),
        race_events.StopTimed(at(120), CAR, 2, at(120), 14, 2.3, 21.9),
    )

    assert [stop.lap for stop in race.facts.of_car(CAR).stops_in_order] == [12, 14]


def test_the_stops_tell_on_which_laps_stints_began_where_a_feed_is_joined_late() -> None:
    """A snapshot in lap 40 names three stints and two stops."""
    joined: list[race_events.TimingEvent] = [
        race_events.CarTimed(at(0), CAR, position=1, laps_completed=40),
        *(race_events.StintChanged(at(0), CAR, n, tyre_life_laps=9) for n in (1, 2, 3)),
    ]
    stops = [race_events.StopTimed(at(0), CAR, i, lap=lap) for i, lap in enumerate((11, 29))]

    for events in ([*joined, *stops], [*stops, *joined]):
        stints = after(*events).cars[CAR].stints
        assert [stint.from_lap for stint in stints] == [1, 12, 30]
    one_left_out = after(*joined, stops[1]).cars[CAR].stints
    assert [stint.from_lap for stint in one_left_out] == [1, 32, 32]


@pytest.mark.parametrize(
    ("counts", "expected"), [((), None), ((1,), 1), ((1, 2, 5), 5), ((1, 1, 1), 3), ((2, None), 2)]
)
def test_both_ways_to_count_overtakes_are_understood(
    counts: tuple[int | None, ...], expected: int | None
) -> None:
    race = after(
        *(race_events.OvertakeCounted(at(i), CAR, i, at(i), n) for i, n in enumerate(counts))
    )

    assert race.facts.of_car(CAR).overtake_count == expected
    if counts:
        assert race.facts.of_car(CAR).overtakes[0] == CountedOvertake(at(0), counts[0])


def test_a_best_that_is_taken_back_is_gone() -> None:
    told = race_events.BestTold(at(1), CAR, "lap", 77.1, 1, 2)
    race = after(told, race_events.BestTold(at(2), CAR, "lap", rank=3))
    assert race.facts.of_car(CAR).bests == {"lap": RankedBest(77.1, 3, 2)}

    race = after(race_events.BestTold(at(3), CAR, "lap", is_cleared=True), race=race)
    assert race.facts.of_car(CAR).bests == {"lap": RankedBest()}


def test_a_removed_car_is_forgotten_and_another_race_forgets_all() -> None:
    stop = race_events.StopTimed(at(1), CAR, 0, lap=3)
    assert after(stop, race_events.CarRemoved(at(2), CAR)).facts.cars == {}

    first = race_events.RaceDescribed(at(0), RaceInfo("a", "A", "Race"))
    second = race_events.RaceDescribed(at(9), RaceInfo("b", "B", "Race"))
    radio = race_events.RadioCaptured(at(1), 0, CAR, at(1), "TeamRadio/x.mp3")
    assert after(first, stop, radio, second).facts == RaceState().facts


def test_lists_have_bounds() -> None:
    race = after(
        *(race_events.RadioCaptured(at(0), n, CAR, at(0), f"{n}.mp3") for n in range(600)),
        *(race_events.PointsPredicted(at(0), team=f"T{n}", points=1.0) for n in range(60)),
        *(race_events.BestTold(at(0), CAR, f"what{n}", 1.0) for n in range(20)),
    )

    assert (len(race.facts.radio), len(race.facts.team_points)) == (500, 50)
    assert race.facts.cars == {}


def test_a_keyframe_holds_the_facts() -> None:
    race = after(
        race_events.StopTimed(at(1), CAR, 0, at(0), 3, 2.4, 21.9),
        race_events.BestTold(at(1), CAR, "ST", 337.0, 1),
        race_events.PointsPredicted(at(1), CAR, "", 5, 4, 103.0, 128.0),
        race_events.RadioCaptured(at(1), 0, CAR, at(1), "TeamRadio/x.mp3"),
        race_events.FolderNamed(at(1), "2026/X/Race"),
    )
    state = replace(RaceEngine(None).state, race=race)

    again = decode_keyframe(encode_keyframe(state))
    assert again is not None
    assert again.race.facts == race.facts
    assert race.facts.address_of(race.facts.radio[0]).endswith("/2026/X/Race/TeamRadio/x.mp3")


def test_the_series_of_weather_counts_where_its_own_topic_is_silent() -> None:
    own, old, new = Weather(air_c=20.0), Weather(air_c=19.0), Weather(air_c=25.0)
    told = race_events.WeatherMeasured(at(100), own)

    assert after(told, race_events.WeatherMeasured(at(101), old, at(90))).weather == own
    assert after(told, race_events.WeatherMeasured(at(300), new, at(299))).weather == new
    assert after(race_events.WeatherMeasured(at(101), old, at(90))).weather == old


@pytest.mark.parametrize("first_is_repeat", [True, False])
def test_a_message_of_race_control_told_by_two_topics_counts_once(*, first_is_repeat: bool) -> None:
    messages = [ControlMessage(at(n), "Other", f"NUMBER {n}") for n in (0, 10)]
    otherwise = [replace(message, category="") for message in messages]
    events = [
        race_events.ControlSaid(at(1), message, is_repeated=is_repeated)
        for is_repeated, each in ((first_is_repeat, messages), (not first_is_repeat, otherwise))
        for message in each
    ]

    assert [message.message for message in after(*events).control] == ["NUMBER 0", "NUMBER 10"]


def test_the_part_comes_from_a_second_topic_where_the_timing_tells_none() -> None:
    named = race_events.RaceDescribed(at(0), QUALIFYING)
    twice = [race_events.PartTold(at(n), n, is_repeated=True) for n in (1, 2, 1)]

    race = after(named, *twice)
    assert race.timed is not None
    assert race.timed.part == 2

    own = race_events.PartTold(at(4), 1)
    race = after(named, own, *twice)
    assert race.timed is not None
    assert race.timed.part == 1
