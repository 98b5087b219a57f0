"""Test that timing lines decode in every form that the feed uses."""

from __future__ import annotations

from typing import Any

import pytest

from pitwall.domain.events import CarClassified, CarRemoved, CarTimed, PartTold
from pitwall.domain.gaps import LapsDown, LeaderLap, NoGap, TimeGap
from pitwall.domain.race import DriverNumber
from tests.wire.messages import AT, kinds, say


def timed(line: dict[str, Any]) -> CarTimed:
    decoded = say("TimingData", {"Lines": {"44": line}})
    assert decoded.faults == ()
    (event,) = decoded.events
    assert isinstance(event, CarTimed)
    return event


def test_a_first_line_says_everything() -> None:
    event = timed(
        {
            "GapToLeader": "+12.345",
            "IntervalToPositionAhead": {"Value": "+0.456", "Catching": True},
            "Line": 3,
            "Position": "3",
            "InPit": False,
            "PitOut": True,
            "Retired": False,
            "Stopped": False,
            "NumberOfLaps": 11,
            "NumberOfPitStops": 1,
            "LastLapTime": {"Value": "1:23.456", "PersonalFastest": True},
            "BestLapTime": {"Value": "1:22.000", "Lap": 9},
            "Speeds": {"I1": {"Value": "280"}, "ST": {"Value": ""}, "XX": {"Value": "1"}},
            "Sectors": [{"Value": "28.100"}, {"Value": ""}, {"Segments": []}],
        }
    )

    assert event == CarTimed(
        AT,
        DriverNumber(44),
        position=3,
        gap_to_leader=TimeGap(12.345),
        interval=TimeGap(0.456),
        catching=True,
        laps_completed=11,
        last_lap_s=83.456,
        best_lap_s=82.0,
        in_pit=False,
        pit_out=True,
        pit_stops=1,
        retired=False,
        stopped=False,
        sectors_s={0: 28.1, 1: None},
        speeds_kmh={"I1": 280.0},
    )


@pytest.mark.parametrize(
    ("sent", "means"),
    [
        ("+1.234", TimeGap(1.234)),
        (1.5, TimeGap(1.5)),
        ("2L", LapsDown(2)),
        ("+1 LAP", LapsDown(1)),
        ("LAP 12", LeaderLap(12)),
        ("", NoGap()),
    ],
)
def test_an_interval_comes_as_an_object_or_as_text(sent: object, means: object) -> None:
    assert timed({"IntervalToPositionAhead": {"Value": sent}}).interval == means
    assert timed({"IntervalToPositionAhead": sent}).interval == means
    assert timed({"GapToLeader": sent}).gap_to_leader == means


def test_sectors_come_as_a_list_or_as_indexed_patches() -> None:
    patch = timed({"Sectors": {"2": {"Value": "1:02.500"}, "0": {"Value": ""}}})

    assert patch.sectors_s == {2: 62.5, 0: None}


def test_a_deleted_sector_value_clears_it() -> None:
    assert timed({"Sectors": {"1": {"_deleted": ["Value"]}}}).sectors_s == {1: None}


def test_numbers_as_text_and_flags_as_text_are_read() -> None:
    event = timed({"Line": "4", "NumberOfLaps": "10", "InPit": "true", "Stopped": 0})

    assert (event.position, event.laps_completed, event.in_pit, event.stopped) == (
        4,
        10,
        True,
        False,
    )


@pytest.mark.parametrize(
    "line",
    [
        {"Status": 64},
        {"BestLapTime": {"_deleted": ["Lap"]}},
        {"GapToLeader": None, "Line": None},
        {},
    ],
)
def test_a_line_without_news_for_us_gives_nothing(line: dict[str, Any]) -> None:
    decoded = say("TimingData", {"Lines": {"44": line}})

    assert (decoded.events, decoded.faults) == ((), ())


def test_mini_sectors_are_read_by_sector_and_place_from_lists_and_patches() -> None:
    patch = timed({"Sectors": {"0": {"Segments": {"3": {"Status": 2049}}}}})
    whole = timed({"Sectors": [{"Segments": [{"Status": 2051}, {"Status": 0}]}, {"Value": "1.2"}]})

    assert patch.segments == {0: {3: 2049}}
    assert patch.sectors_s is None
    assert (whole.segments, whole.sectors_s) == ({0: {0: 2051, 1: 0}}, {1: 1.2})


def test_a_mini_sector_that_is_none_is_counted_and_the_rest_is_read() -> None:
    line = {"Sectors": {"1": {"Segments": {"0": {"Status": "green"}, "1": {"Status": 2048}}}}}
    decoded = say("TimingData", {"Lines": {"44": line}})

    assert [fault.kind for fault in decoded.faults] == ["segment"]
    assert decoded.events[0].segments == {1: {1: 2048}}  # type: ignore[union-attr]


def test_a_deleted_car_is_removed() -> None:
    decoded = say("TimingData", {"Lines": {"_deleted": ["44"], "4": {"Line": 1}}})

    assert decoded.events[0] == CarRemoved(AT, DriverNumber(44))
    assert len(decoded.events) == 2


def test_lines_as_a_list_name_their_cars() -> None:
    decoded = say("TimingData", {"Lines": [{"RacingNumber": "44", "Line": 2}, {"Line": 3}]})

    assert [event.sent_at for event in decoded.events] == [AT]
    assert kinds(decoded) == ["car_number"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ({"GapToLeader": "soon"}, "gap"),
        ({"GapToLeader": "+" + "9" * 30}, "gap"),
        ({"GapToLeader": -1.0}, "gap"),
        ({"IntervalToPositionAhead": {"Value": ["+1"]}}, "gap"),
        ({"IntervalToPositionAhead": {"Catching": "maybe"}}, "flag"),
        ({"Line": 0}, "position"),
        ({"Line": 1.5}, "position"),
        ({"NumberOfLaps": -1}, "lap_count"),
        ({"NumberOfLaps": True}, "lap_count"),
        ({"LastLapTime": {"Value": "1:xx"}}, "lap_time"),
        ({"LastLapTime": {"Value": "-5"}}, "lap_time"),
        ({"Sectors": {"3": {"Value": "1"}}}, "sectors_index"),
        ({"Sectors": {"0": {"Value": "fast"}}}, "sector_time"),
        ({"Sectors": "none"}, "sectors_not_list"),
        ({"Speeds": {"I1": {"Value": "9999"}}}, "speed"),
        ({"Speeds": []}, "speeds_not_object"),
        ({"InPit": "perhaps"}, "flag"),
    ],
)
def test_a_bad_field_is_one_fault_and_the_rest_is_kept(line: dict[str, Any], kind: str) -> None:
    decoded = say("TimingData", {"Lines": {"44": {**line, "NumberOfPitStops": 2}}})

    assert kinds(decoded) == [kind]
    assert decoded.events == (CarTimed(AT, DriverNumber(44), pit_stops=2),)


@pytest.mark.parametrize("number", ["0", "-1", "1000", "abc", "", "٤٤", "4 4"])
def test_a_car_without_a_number_is_a_fault(number: str) -> None:
    assert kinds(say("TimingData", {"Lines": {number: {"Line": 1}}})) == ["car_number"]


def test_lines_of_another_shape_are_a_fault() -> None:
    assert kinds(say("TimingData", {"Lines": "44"})) == ["lines_not_object"]
    assert kinds(say("TimingData", {"Lines": {"44": 1}})) == ["car_not_object"]
    assert kinds(say("TimingData", {"Withheld": False})) == []


def cleared(line: dict[str, Any]) -> CarClassified | None:
    decoded = say("TimingData", {"Lines": {"44": line}})
    assert decoded.faults == ()
    return next((each for each in decoded.events if isinstance(each, CarClassified)), None)


@pytest.mark.parametrize(
    "value", ["", None, {"Value": ""}, {"Value": None}, {"Value": "", "_deleted": ["Lap"]}]
)
def test_a_time_that_the_feed_takes_back_is_cleared(value: object) -> None:
    best, last = cleared({"BestLapTime": value}), cleared({"LastLapTime": value})

    assert best == CarClassified(AT, DriverNumber(44), best_cleared=True)
    assert last == CarClassified(AT, DriverNumber(44), last_cleared=True)


def test_a_deleted_value_is_cleared() -> None:
    assert cleared({"BestLapTime": {"_deleted": ["Value", "Lap"]}}) is not None
    assert cleared({"LastLapTime": {"PersonalFastest": True}}) is None


def test_bests_of_parts_come_as_a_list_and_as_a_patch_of_it() -> None:
    whole = cleared({"BestLapTimes": [{"Value": "1:17.765", "Lap": 2}, {"Value": ""}, {}]})
    patch = cleared({"BestLapTimes": {"1": {"Value": "1:16.787", "Lap": 14}}})

    assert whole is not None
    assert whole.part_bests_s == {1: 77.765, 2: None}
    assert patch is not None
    assert patch.part_bests_s == {2: 76.787}


def test_a_message_tells_part_sizes_and_limit() -> None:
    whole = say(
        "TimingData",
        {"NoEntries": [20, 15, 10], "SessionPart": 1, "CutOffTime": "1:23.208", "Lines": {}},
    )
    patch = say("TimingData", {"NoEntries": {"0": 22, "1": 16}, "CutOffTime": ""})

    assert whole.events == (PartTold(AT, 1, {1: 20, 2: 15, 3: 10}, 83.208),)
    assert patch.events == (PartTold(AT, None, {1: 22, 2: 16}, None, is_unlimited=True),)


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({"SessionPart": "two"}, "session_part"),
        ({"SessionPart": 40}, "session_part"),
        ({"NoEntries": 20}, "entries_not_list"),
        ({"NoEntries": [{}]}, "entries"),
        ({"CutOffTime": {"Value": 1}}, "lap_time"),
        ({"Lines": {"44": {"KnockedOut": "perhaps"}}}, "flag"),
        ({"Lines": {"44": {"BestLapTimes": 7}}}, "part_bests_not_list"),
        ({"Lines": {"44": {"BestLapTimes": [{"Value": "fast"}]}}}, "lap_time"),
    ],
)
def test_a_broken_standing_is_a_fault(payload: dict[str, Any], kind: str) -> None:
    assert kinds(say("TimingData", payload)) == [kind]


@pytest.mark.parametrize("word", ["PIT", "pit", "OUT", "RETIRED", "--", "LAP"])
def test_a_word_clears_an_interval_without_a_fault(word: str) -> None:
    line = {"IntervalToPositionAhead": {"Value": word}, "GapToLeader": word}

    assert timed(line).interval == timed(line).gap_to_leader == NoGap()


@pytest.mark.parametrize("value", ["-0.112", -0.112, "-0.9"])
def test_a_small_negative_interval_is_a_pass_under_way(value: object) -> None:
    assert timed({"IntervalToPositionAhead": {"Value": value}}).interval == TimeGap(0.0)
