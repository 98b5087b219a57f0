"""Test the topics beside the timing: stops, overtakes, bests, championship, radio, repeats."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pitwall.domain import events as race_events
from pitwall.domain.race import DriverNumber, Weather
from tests.wire.messages import AT, kinds, say

LECLERC = DriverNumber(16)
STOPPED_AT = datetime(2026, 7, 26, 12, 11, 53, 355000, tzinfo=UTC)
STOP = {"RacingNumber": "16", "PitStopTime": "2.4", "PitLaneTime": "21.931", "Lap": "3"}


def test_a_stop_comes_whole_and_as_a_patch() -> None:
    whole = say(
        "PitStopSeries",
        {"PitTimes": {"16": [{"Timestamp": "2026-07-26T12:11:53.355Z", "PitStop": STOP}]}},
    )
    patch = say("PitStopSeries", {"PitTimes": {"16": {"0": {"PitStop": {"PitLaneTime": "22"}}}}})

    assert whole.events == (race_events.StopTimed(AT, LECLERC, 0, STOPPED_AT, 3, 2.4, 21.931),)
    assert patch.events == (race_events.StopTimed(AT, LECLERC, 0, lane_s=22.0),)
    assert whole.faults == patch.faults == ()


def test_overtakes_are_counted_by_the_feed() -> None:
    told = {"81": [{"Timestamp": "2026-07-26T12:11:53.355Z", "count": 1}], "_kf": True}

    assert say("OvertakeSeries", {"Overtakes": told}).events == (
        race_events.OvertakeCounted(AT, DriverNumber(81), 0, STOPPED_AT, 1),
    )


def test_bests_have_places_and_are_taken_back() -> None:
    line = {
        "PersonalBestLapTime": {"Lap": 2, "Position": 1, "Value": "1:17.147"},
        "BestSectors": {"0": {"Position": 3}, "2": {"Value": "26.7", "Position": 5}},
        "BestSpeeds": {"ST": {"Position": 1, "Value": "337"}},
    }
    gone = {"PersonalBestLapTime": {"Value": "", "_deleted": ["Position"]}}
    decoded = say("TimingStats", {"Withheld": False, "Lines": {"16": line, "5": gone}})

    assert decoded.events == (
        race_events.BestTold(AT, LECLERC, "lap", 77.147, 1, 2),
        race_events.BestTold(AT, LECLERC, "S1", None, 3),
        race_events.BestTold(AT, LECLERC, "S3", 26.7, 5),
        race_events.BestTold(AT, LECLERC, "ST", 337.0, 1),
        race_events.BestTold(AT, DriverNumber(5), "lap", is_cleared=True),
    )
    assert decoded.faults == ()


def test_championships_are_told_of_drivers_and_teams() -> None:
    places = {
        "CurrentPosition": 5, "PredictedPosition": 4, "CurrentPoints": 103.0, "PredictedPoints": 128
    }  # fmt: skip
    decoded = say(
        "ChampionshipPrediction", {"Drivers": {"16": places}, "Teams": {"Ferrari": places}}
    )

    assert decoded.events == (
        race_events.PointsPredicted(AT, LECLERC, "", 5, 4, 103.0, 128.0),
        race_events.PointsPredicted(AT, None, "Ferrari", 5, 4, 103.0, 128.0),
    )


@pytest.mark.parametrize(
    "path",
    [
        "TeamRadio/CHALEC01_16_20240707_142152.mp3",
        "https://livetiming.formula1.com/static/2024/TeamRadio/CHALEC01_16.mp3",
    ],
)
def test_radio_gives_an_address(path: str) -> None:
    capture = {"Utc": "2026-07-26T12:11:53.355Z", "RacingNumber": "16", "Path": path}

    assert say("TeamRadio", {"Captures": {"2": capture}}).events == (
        race_events.RadioCaptured(AT, 2, LECLERC, STOPPED_AT, path),
    )


@pytest.mark.parametrize(
    "path",
    [
        "../../secret",
        "https://elsewhere.example/x.mp3",
        "javascript:alert(1)",
        "//host/x",
        "a b",
        7,
    ],
)
def test_radio_leads_nowhere_else(path: object) -> None:
    decoded = say("TeamRadio", {"Captures": [{"RacingNumber": "16", "Path": path}]})

    assert kinds(decoded) == ["radio_path"]
    assert decoded.events == (race_events.RadioCaptured(AT, 0, LECLERC),)


def test_the_first_three_and_the_part_are_told_again() -> None:
    lines = {"0": {"RacingNumber": "16"}, "1": {"LapState": 577}}

    assert say("TopThree", {"SessionPart": 2, "Lines": lines}).events == (
        race_events.PartTold(AT, 2, is_repeated=True),
        race_events.LeaderListed(AT, 1, LECLERC),
    )
    told = {"Series": {"2": {"Utc": "2025-10-25T21:22:59.664Z", "QualifyingPart": 2}}}
    assert say("SessionData", told).events == (race_events.PartTold(AT, 2, is_repeated=True),)


def test_the_newest_weather_of_a_series_counts() -> None:
    series = [
        {"Timestamp": f"2026-07-26T12:1{minute}:53.355Z", "Weather": {"AirTemp": f"{20 + minute}"}}
        for minute in (0, 1)
    ]

    assert say("WeatherDataSeries", {"Series": series}).events == (
        race_events.WeatherMeasured(AT, Weather(air_c=21.0), STOPPED_AT),
    )


def test_a_second_topic_repeats_race_control() -> None:
    text = {"Utc": "2026-07-26T12:11:53.355", "Category": "Other", "Message": "RISK OF RAIN"}
    (first,) = say("RaceControlMessages", {"Messages": [text]}).events
    (again,) = say("RcmSeries", {"Messages": {"0": text}}).events

    assert isinstance(first, race_events.ControlSaid)
    assert isinstance(again, race_events.ControlSaid)
    assert (first.message, first.is_repeated) == (again.message, False)
    assert again.is_repeated


@pytest.mark.parametrize(
    ("topic", "payload", "fault"),
    [
        ("PitStopSeries", {"PitTimes": [1]}, "pit_stops_not_object"),
        ("PitStopSeries", {"PitTimes": {"x": []}}, "car_number"),
        ("PitStopSeries", {"PitTimes": {"4": [7]}}, "pit_stop_not_object"),
        ("PitStopSeries", {"PitTimes": {"4": [{"Stop": 1}]}}, "pit_stop_shape"),
        ("PitStopSeries", {"PitTimes": {"4": {"900": {}}}}, "pit_stops_index"),
        (
            "PitStopSeries",
            {"PitTimes": {"4": [{"PitStop": {"PitStopTime": "fast"}}]}},
            "pit_stop_s",
        ),
        ("OvertakeSeries", {"Overtakes": 3}, "overtakes_not_object"),
        ("OvertakeSeries", {"Overtakes": {"4": [{"Passed": 1}]}}, "overtake_shape"),
        ("OvertakeSeries", {"Overtakes": {"4": [{"count": -1}]}}, "overtake_count"),
        ("TimingStats", {"Lines": {"4": {"BestSpeeds": [1]}}}, "best_speeds_not_object"),
        ("TimingStats", {"Lines": {"4": {"PersonalBestLapTime": "1:20"}}}, "best_not_object"),
        ("TimingStats", {"Lines": {"4": {"BestSpeeds": {"ST": {"Value": "9999"}}}}}, "best_value"),
        ("TopThree", {"Lines": {"0": 4}}, "top_three_not_object"),
        ("TopThree", {"Lines": "first"}, "top_three_not_list"),
        ("ChampionshipPrediction", {"Teams": [1]}, "championship_teams"),
        ("ChampionshipPrediction", {"Teams": {"Ferrari": 1}}, "championship_team"),
        (
            "ChampionshipPrediction",
            {"Drivers": {"4": {"CurrentPoints": "x"}}},
            "championship_value",
        ),
        ("TeamRadio", {"Captures": [1]}, "radio_not_object"),
        ("RcmSeries", {"Texts": []}, "control_series_shape"),
        ("WeatherDataSeries", {"Series": [{"AirTemp": "1"}]}, "weather_series_entry"),
    ],
)
def test_an_unknown_shape_is_counted_by_its_name(topic: str, payload: object, fault: str) -> None:
    assert fault in kinds(say(topic, payload))
