"""Test that what both feeds leave out or tell twice comes to the same race by either of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from pitwall.domain.race import Compound, DriverNumber, RaceState, TrackStatus
from pitwall.feeds.openf1.control_rows import control_messages
from pitwall.feeds.openf1.session_rows import drivers_message
from pitwall.feeds.openf1.stint_rows import stint_message, stop_messages
from pitwall.wire.message import RawMessage
from tests.feeds.openf1.test_rewriting import AT, after

CAR = DriverNumber(4)
Rows = list[dict[str, Any]]


def f1(topic: str, payload: dict[str, Any], seconds: float = 0) -> RawMessage:
    return RawMessage(AT + timedelta(seconds=seconds), topic, orjson.dumps(payload))


def both(of_f1: Iterable[RawMessage], of_openf1: Iterable[RawMessage | None]) -> list[RaceState]:
    return [after(*of_f1), after(*of_openf1)]


def test_a_driver_told_in_two_teams_drives_for_the_one_told_last() -> None:
    teams = ("Reserve", "McLaren")
    rows = [
        {"driver_number": 4, "name_acronym": "NOR", "full_name": "Lando NORRIS", "team_name": team}
        for team in teams
    ]
    told = [
        f1(
            "DriverList",
            {"4": {"Tla": "NOR", "FullName": "Lando NORRIS", "TeamName": team}},
        )
        for team in teams
    ]

    for race in both(told, [drivers_message(AT, rows)]):
        assert set(race.cars) == {CAR}
        driver = race.cars[CAR].driver
        assert (driver.code, driver.team) == ("NOR", "McLaren")


@pytest.mark.parametrize("first", [None, "UNKNOWN", "TEST_UNKNOWN"])
def test_tyres_told_late_are_those_of_the_stint_from_its_beginning(first: str | None) -> None:
    lap = f1("TimingData", {"Lines": {"4": {"NumberOfLaps": 9}}})
    told = {"New": "true", "StartLaps": 0}
    untold = told if first is None else told | {"Compound": first}
    row = {"driver_number": 4, "stint_number": 1, "tyre_age_at_start": 0, "lap_start": 1}
    before_f1 = f1("TimingAppData", {"Lines": {"4": {"Stints": {"0": untold}}}})
    before_openf1 = stint_message(AT, 4, row | {"compound": first}, 9)
    later_f1 = f1("TimingAppData", {"Lines": {"4": {"Stints": {"0": {"Compound": "HARD"}}}}}, 60)
    later_openf1 = stint_message(AT, 4, row | {"compound": "HARD"}, 9)

    for race in both([lap, before_f1], [lap, before_openf1]):
        assert [stint.compound for stint in race.cars[CAR].stints] == [Compound.UNKNOWN]
    for race in both([lap, before_f1, later_f1], [lap, before_openf1, later_openf1]):
        (stint,) = race.cars[CAR].stints
        assert (stint.compound, stint.from_lap, stint.start_laps) == (Compound.HARD, 1, 0)


def test_a_stop_told_under_two_laps_is_one() -> None:
    rows: Rows = [
        {"lap_number": lap, "lane_duration": 22.5, "date": (AT + timedelta(seconds=s)).isoformat()}
        for lap, s in ((12, 0), (13, 0.2))
    ]
    stop = {"PitStopTime": "2.4", "PitLaneTime": "22.5"}
    utc = AT.replace(tzinfo=None).isoformat()
    told = [
        f1(
            "PitStopSeries",
            {"PitTimes": {"4": {str(n): {"Timestamp": utc, "PitStop": stop | {"Lap": lap}}}}},
        )
        for n, lap in enumerate(("12", "13"))
    ]

    for race in both(told, stop_messages(4, rows)):
        assert [each.lap for each in race.facts.of_car(CAR).stops_in_order] == [12]


STORY = (
    ("RED FLAG", None, None, TrackStatus.RED),
    ("GREEN LIGHT - PIT EXIT OPEN", "GREEN", "Track", TrackStatus.RED),
    ("RED FLAG PROCEDURE UNDER INVESTIGATION", None, None, TrackStatus.RED),
    ("TRACK CLEAR", "CLEAR", "Track", TrackStatus.CLEAR),
)


@pytest.mark.parametrize("told", range(1, len(STORY) + 1))
def test_a_red_flag_told_in_words_stands_until_the_track_is_clear(told: int) -> None:
    """F1's own status of the track is missing, as in the recordings of some."""
    rows = [
        {
            "date": (AT + timedelta(minutes=n)).isoformat(),
            "category": "Flag",
            "message": text,
            "flag": flag,
            "scope": scope,
        }
        for n, (text, flag, scope, _) in enumerate(STORY[:told])
    ]
    of_f1 = [
        f1(
            "RaceControlMessages",
            {
                "Messages": {
                    str(n): {
                        "Utc": row["date"],
                        "Category": "Flag",
                        "Message": row["message"],
                        **({"Flag": row["flag"]} if row["flag"] else {}),
                        **({"Scope": row["scope"]} if row["scope"] else {}),
                    }
                }
            },
            60 * n,
        )
        for n, row in enumerate(rows)
    ]

    for race in both(of_f1, control_messages(rows, len(rows))):
        assert race.track_status is STORY[told - 1][3]
