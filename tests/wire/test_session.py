"""Test that race, status, laps, weather and race control decode to their events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pitwall.domain.events import (
    CarGridded,
    CarRemoved,
    ClockTold,
    ControlSaid,
    DriverListed,
    LapCounted,
    PhaseChanged,
    RaceDescribed,
    StatusRepeated,
    StintChanged,
    TrackStatusChanged,
    WeatherMeasured,
)
from pitwall.domain.race import (
    Compound,
    ControlMessage,
    DriverNumber,
    Phase,
    RaceInfo,
    TrackStatus,
    Weather,
)
from tests.makers import at
from tests.wire.messages import AT, kinds, say

HAMILTON = DriverNumber(44)
INFO: dict[str, Any] = {
    "Meeting": {"Name": "São Paulo Grand Prix", "Circuit": {"ShortName": "Interlagos"}},
    "Type": "Race",
    "Name": "Sprint Qualifying",
    "StartDate": "2021-11-13T16:30:00",
    "GmtOffset": "-03:00:00",
}


def test_session_info_names_the_race() -> None:
    assert say("SessionInfo", INFO).events == (
        RaceDescribed(
            AT,
            RaceInfo(
                race_id="2021-sao-paulo-grand-prix-sprint",
                name="São Paulo Grand Prix",
                kind="Sprint",
                circuit="Interlagos",
                year=2021,
                starts_at=datetime(2021, 11, 13, 19, 30, tzinfo=UTC),
                utc_offset_s=-3 * 3_600,
            ),
        ),
    )


def test_a_qualifying_keeps_its_own_name() -> None:
    (event,) = say("SessionInfo", {**INFO, "Type": "Qualifying", "Name": "Qualifying"}).events

    assert isinstance(event, RaceDescribed)
    assert event.info.race_id == "2021-sao-paulo-grand-prix-qualifying"


def test_session_info_without_a_readable_offset_has_no_start() -> None:
    decoded = say("SessionInfo", {**INFO, "GmtOffset": "soon"})

    assert isinstance(decoded.events[0], RaceDescribed)
    assert decoded.events[0].info.starts_at is None
    assert kinds(decoded) == ["gmt_offset"]


def test_session_info_deltas_about_other_things_say_nothing() -> None:
    assert say("SessionInfo", {"ArchiveStatus": {"Status": "Complete"}}).events == ()
    assert kinds(say("SessionInfo", {"Name": "Race"})) == ["session_info"]


@pytest.mark.parametrize(
    ("digit", "status"),
    [
        ("1", TrackStatus.CLEAR),
        ("2", TrackStatus.YELLOW),
        ("4", TrackStatus.SAFETY_CAR),
        (5, TrackStatus.RED),
        ("6", TrackStatus.VIRTUAL_SAFETY_CAR),
        ("7", TrackStatus.VSC_ENDING),
    ],
)
def test_track_status_digits(digit: object, status: TrackStatus) -> None:
    assert say("TrackStatus", {"Status": digit}).events == (TrackStatusChanged(AT, status),)


def test_unknown_statuses_are_faults() -> None:
    assert kinds(say("TrackStatus", {"Status": "3"})) == ["track_status"]
    assert kinds(say("SessionStatus", {"Status": "Paused"})) == ["session_status"]


def test_session_status_is_the_phase() -> None:
    decoded = say("SessionStatus", {"Status": "Finished", "Started": "Finished"})

    assert decoded.events == (PhaseChanged(AT, Phase.FINISHED),)


def test_lap_count_comes_whole_or_in_part() -> None:
    assert say("LapCount", {"CurrentLap": 1, "TotalLaps": 51}).events == (LapCounted(AT, 1, 51),)
    assert say("LapCount", {"CurrentLap": 2}).events == (LapCounted(AT, 2, None),)
    assert say("LapCount", {"_kf": True}).events == ()


def test_weather_is_read_from_text_and_a_bad_value_loses_only_itself() -> None:
    decoded = say("WeatherData", {"AirTemp": "25.9", "TrackTemp": "hot", "Rainfall": "1"})

    assert decoded.events == (WeatherMeasured(AT, Weather(air_c=25.9, rainfall=True)),)
    assert kinds(decoded) == ["weather"]


def test_control_messages_come_as_a_list_or_as_a_patch() -> None:
    message = {
        "Utc": "2025-08-31T13:01:02",
        "Lap": 3,
        "Category": "Flag",
        "Flag": "YELLOW",
        "Scope": "Sector",
        "Sector": 4,
        "RacingNumber": "44",
        "Message": "YELLOW IN TRACK SECTOR 4",
    }
    expected = ControlSaid(
        AT,
        ControlMessage(
            at=datetime(2025, 8, 31, 13, 1, 2, tzinfo=UTC),
            category="Flag",
            message="YELLOW IN TRACK SECTOR 4",
            flag="YELLOW",
            scope="Sector",
            sector=4,
            lap_number=3,
            driver_number=HAMILTON,
        ),
    )

    assert say("RaceControlMessages", {"Messages": [message]}).events == (expected,)
    assert say("RaceControlMessages", {"Messages": {"17": message}}).events == (expected,)


def test_a_control_message_without_a_time_is_said_when_it_was_sent() -> None:
    decoded = say("RaceControlMessages", {"Messages": [{"Message": "X", "Utc": "noon"}, "?"]})

    assert decoded.events == (ControlSaid(AT, ControlMessage(AT, "", "X")),)
    assert kinds(decoded) == ["control_utc", "control_not_object"]


def test_stints_come_as_a_list_or_as_indexed_patches() -> None:
    first = {"Compound": "SOFT", "New": "true", "TotalLaps": 0, "StartLaps": 0}
    lines = {"44": {"GridPos": "2", "Stints": [first]}}

    assert say("TimingAppData", {"Lines": lines}).events == (
        CarGridded(AT, HAMILTON, 2),
        StintChanged(AT, HAMILTON, 1, Compound.SOFT, True, 0, 0),
    )
    patch = {"Lines": {"44": {"Stints": {"1": {"TotalLaps": "5", "LapTime": "1:20.0"}}}}}
    assert say("TimingAppData", patch).events == (StintChanged(AT, HAMILTON, 2, tyre_life_laps=5),)


@pytest.mark.parametrize("text", ["TEST_UNKNOWN", "C3", ""])
def test_compounds_that_we_do_not_know_are_unknown(text: str) -> None:
    decoded = say("TimingAppData", {"Lines": {"44": {"Stints": [{"Compound": text}]}}})

    assert decoded.events == (StintChanged(AT, HAMILTON, 1, Compound.UNKNOWN),)


def test_removed_stints_and_a_start_from_the_pit_lane_say_nothing() -> None:
    line = {"GridPos": "0", "Stints": {"_deleted": ["1"]}}

    decoded = say("TimingAppData", {"Lines": {"44": line}})

    assert (decoded.events, decoded.faults) == ((), ())


def test_a_bad_stint_is_a_fault() -> None:
    line = {"Stints": {"0": 1, "x": {}, "1": {"New": "so-so", "TotalLaps": 3}}}

    decoded = say("TimingAppData", {"Lines": {"44": line}})

    assert kinds(decoded) == ["stint_not_object", "stints_index", "fresh_tyre"]
    assert decoded.events == (StintChanged(AT, HAMILTON, 2, tyre_life_laps=3),)


def test_the_driver_list_names_drivers() -> None:
    line = {
        "Tla": "HAM",
        "FullName": "Lewis HAMILTON",
        "FirstName": "Lewis",
        "LastName": "Hamilton",
        "TeamName": "Ferrari",
        "TeamColour": "ed1131",
    }

    decoded = say("DriverList", {"44": line, "4": {"Line": 1}, "_kf": True, "_deleted": ["1"]})

    assert decoded.events == (
        CarRemoved(AT, DriverNumber(1)),
        DriverListed(AT, HAMILTON, "HAM", "Lewis Hamilton", "Ferrari", "ED1131"),
    )
    assert decoded.faults == ()


def test_a_colour_that_is_none_is_a_fault() -> None:
    assert kinds(say("DriverList", {"44": {"TeamColour": "red; x"}})) == ["team_colour"]


def test_the_clock_tells_what_remains_and_whether_it_runs() -> None:
    told = datetime(2025, 10, 25, 21, 0, 1, tzinfo=UTC)
    whole = {"Utc": "2025-10-25T21:00:01Z", "Remaining": "00:17:59", "Extrapolating": True}

    assert say("ExtrapolatedClock", whole).events == (ClockTold(AT, told, 1079.0, runs=True),)
    assert say("ExtrapolatedClock", {"Remaining": "00:15:00"}).events == (
        ClockTold(AT, AT, 900.0, runs=None),
    )
    assert kinds(say("ExtrapolatedClock", {"Remaining": "soon", "Extrapolating": 3})) == [
        "clock",
        "clock",
    ]


def test_session_data_repeats_statuses_of_which_the_newest_counts() -> None:
    past = [
        {"Utc": "2025-07-06T13:00:00Z", "TrackStatus": "AllClear"},
        {"Utc": "2025-07-06T14:00:00.5", "SessionStatus": "Started"},
        {"Utc": "2025-07-06T14:10:00.1234567Z", "TrackStatus": "SCDeployed"},
        {"Utc": "2025-07-06T13:30:00Z", "SessionStatus": "Inactive"},
    ]
    series = [{"Utc": "2025-07-06T14:00:01Z", "Lap": 1}, {"Utc": "2025-07-06T14:05:00Z", "Lap": 5}]
    as_list: dict[str, list[dict[str, Any]]] = {"StatusSeries": past, "Series": series}
    as_patch = {
        name: {str(index): each for index, each in enumerate(items)}
        for name, items in as_list.items()
    }

    for payload in (as_list, as_patch):
        decoded = say("SessionData", payload)
        assert decoded.faults == ()
        phase, lap, track = decoded.events
        assert isinstance(phase, StatusRepeated)
        assert isinstance(lap, StatusRepeated)
        assert isinstance(track, StatusRepeated)
        assert (phase.phase, phase.told_at) == (Phase.STARTED, at(0.5))
        assert (lap.lap, track.track_status) == (5, TrackStatus.SAFETY_CAR)


@pytest.mark.parametrize("word", ["Resumed", "RESUMED", "Restarted", "Started"])
def test_a_race_that_goes_on_runs(word: str) -> None:
    assert say("SessionStatus", {"Status": word}).events == (PhaseChanged(AT, Phase.STARTED),)


def test_tyre_stint_series_tells_stints_as_timing_app_data_does() -> None:
    stint = {"Compound": "HARD", "New": "true", "TyresNotChanged": "0", "TotalLaps": 2}

    told = say("TimingAppData", {"Lines": {"44": {"Stints": {"1": stint}}}})
    again = say("TyreStintSeries", {"Stints": {"44": {"1": stint}, "1": [], "_kf": True}})

    assert again == told
    assert again.events[0] == StintChanged(AT, HAMILTON, 2, Compound.HARD, True, 2)
    assert kinds(say("TyreStintSeries", {"Stints": {"x": [stint]}})) == ["car_number"]
