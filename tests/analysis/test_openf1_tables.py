"""Test that OpenF1's own rows come back as they were, and what F1's messages become."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pitwall.analysis.openf1_tables import (
    drivers,
    intervals,
    laps,
    pit,
    position,
    race_control,
    session_row,
    stints,
    weather,
)
from pitwall.feeds.openf1.control_rows import control_messages
from pitwall.feeds.openf1.measured_rows import measured_message
from pitwall.feeds.openf1.session_rows import drivers_message
from pitwall.feeds.openf1.stint_rows import past_stop_messages
from pitwall.wire.message import RawMessage
from tests.makers import a_message, at

JAPAN = "11253"
_TEXTS = {
    "date", "category", "flag", "scope", "message", "name_acronym", "team_name", "team_colour",
    "first_name", "last_name", "full_name", "broadcast_name",
}  # fmt: skip


def recorded(shared: Path, endpoint: str, session: str | None = JAPAN) -> list[dict[str, Any]]:
    """Return the rows of a session as OpenF1's JSON has them; None for all sessions."""
    file = shared / "data" / "wire" / "openf1" / f"openf1_{endpoint}.csv"
    with file.open(newline="") as lines:
        rows = [
            {name: _read(name, text) for name, text in row.items()}
            for row in csv.DictReader(lines)
            if session in {None, row["session_key"]}
        ]
    assert rows
    return rows


def _read(name: str, text: str) -> object:
    if text == "":
        return None
    if name in _TEXTS:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else round(number, 3)  # 69.44200000000001


def as_rewritten(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the fields of a recorded row that a rewritten one has."""
    instant = datetime.fromisoformat(row["date"]) if row.get("date") else None
    return {name: instant if name == "date" else row.get(name) for name in names}


def messages_of(endpoint: str, rows: Iterable[dict[str, Any]]) -> list[RawMessage]:
    return [message for row in rows if (message := measured_message(endpoint, row)) is not None]


@pytest.mark.parametrize(
    ("endpoint", "rewrite", "session"),
    [("intervals", intervals, JAPAN), ("position", position, None), ("weather", weather, None)],
)
def test_measured_rows_come_back_row_for_row(
    shared: Path,
    endpoint: str,
    rewrite: Callable[[Iterable[RawMessage]], Iterable[dict[str, Any]]],
    session: str | None,
) -> None:
    rows = recorded(shared, endpoint, session)
    rewritten = list(rewrite(messages_of(endpoint, rows)))
    expected = [as_rewritten(row, rewritten[0]) for row in rows]
    if endpoint == "intervals":  # a row that tells nothing makes no message
        expected = [
            row for row in expected if (row["gap_to_leader"], row["interval"]) != (None, None)
        ]
    assert rewritten == expected


def test_race_control_comes_back_row_for_row(shared: Path) -> None:
    rows = recorded(shared, "race_control", JAPAN)
    rewritten = list(race_control(control_messages(rows, len(rows))))
    for row in rewritten:
        del row["qualifying_phase"]
    assert rewritten == [as_rewritten(row, rewritten[0]) for row in rows]


def test_drivers_come_back(shared: Path) -> None:
    rows = recorded(shared, "drivers", JAPAN)
    message = drivers_message(at(0), rows)
    assert message is not None
    rewritten = list(drivers([message]))
    told = [name for name in rewritten[0] if name not in {"headshot_url", "country_code"}]
    expected = sorted(rows, key=lambda row: row["driver_number"])
    assert [{name: row[name] for name in told} for row in rewritten] == [
        as_rewritten(row, told) for row in expected
    ]


def test_stops_come_back_with_the_time_in_the_lane(shared: Path) -> None:
    rows = recorded(shared, "pit", JAPAN)
    for row in rows:
        car = row["driver_number"]
        laps_before = a_message(
            0, "TimingData", {"Lines": {str(car): {"NumberOfLaps": row["lap_number"] - 1}}}
        )
        (stop,) = pit([laps_before, *past_stop_messages(car, [row])])
        assert stop["date"] == datetime.fromisoformat(row["date"])
        assert stop["lane_duration"] == pytest.approx(row["lane_duration"], abs=0.001)
        assert (stop["driver_number"], stop["lap_number"]) == (car, row["lap_number"])


def line(seconds: float, **fields: object) -> RawMessage:
    return a_message(seconds, "TimingData", {"Lines": {"4": fields}})


@pytest.mark.parametrize(
    ("gap", "interval", "expected"),
    [
        ("LAP 12", "LAP 12", (0.0, 0.0)),
        ("+12.345", "+0.987", (12.345, 0.987)),
        ("1L", "+20.1", ("+1 LAP", 20.1)),
        ("+2 LAPS", "", ("+2 LAPS", None)),
    ],
)
def test_gaps_of_f1_become_those_of_openf1(
    gap: str, interval: str, expected: tuple[object, object]
) -> None:
    (row,) = intervals([line(1, GapToLeader=gap, IntervalToPositionAhead={"Value": interval})])
    assert (row["gap_to_leader"], row["interval"]) == expected


def test_what_is_broken_is_left_out() -> None:
    broken = [
        RawMessage(at(0), "TimingData", b"{"),
        RawMessage(at(0), "WeatherData", b"[]"),
        a_message(0, "TimingData", {"Lines": {"four": {"Position": "1"}, "5": 7}}),
        a_message(0, "RaceControlMessages", {"Messages": {"1": "words"}}),
        RawMessage(at(0), "CarData.z", b'"no deflate"'),
    ]
    for rewrite in (intervals, position, weather, race_control, pit, drivers):
        assert list(rewrite(broken)) == []


def test_a_session_has_its_keys_and_its_times_in_utc() -> None:
    payload = {
        "Key": 9920, "Type": "Race", "Name": "Race", "StartDate": "2025-08-31T15:00:00",
        "EndDate": "2025-08-31T17:00:00", "GmtOffset": "02:00:00",
        "Meeting": {
            "Key": 1267, "Name": "Dutch Grand Prix", "Location": "Zandvoort",
            "Country": {"Key": 133, "Code": "NLD", "Name": "Netherlands"},
            "Circuit": {"Key": 55, "ShortName": "Zandvoort"},
        },
    }  # fmt: skip
    row = session_row([a_message(0, "SessionInfo", payload)], 3, 2025)
    assert (row["session_key"], row["meeting_key"], row["circuit_key"]) == (9920, 1267, 55)
    assert row["date_start"] == datetime(2025, 8, 31, 13, 0, tzinfo=UTC)
    assert session_row([], 3, 2025)["session_key"] == 3


def a_lap(lap: int, *, pitted: bool = False, **other: object) -> dict[str, Any]:
    names = ("sector_1_s", "sector_2_s", "sector_3_s", "i1_kmh", "i2_kmh", "fl_kmh", "st_kmh")
    return dict.fromkeys(names) | {
        "completed_at_utc": at(90 * lap), "car": 4, "lap": lap, "lap_time_s": 90.0,
        "pitted": pitted, "lap_type": None, "deleted": False, **other,
    }  # fmt: skip


def test_a_lap_starts_where_the_one_before_ended() -> None:
    first, second, third = laps([a_lap(1), a_lap(2, pitted=True), a_lap(3)])
    assert first["date_start"] is None
    assert second["date_start"] == at(0) + timedelta(seconds=90)
    assert (second["is_pit_out_lap"], third["is_pit_out_lap"]) == (False, True)


def test_laps_that_a_red_flag_took_back_are_no_laps() -> None:
    old = a_lap(3, pitted=True, completed_at_utc=at(-500), deleted=True)
    driven = [a_lap(1), a_lap(2), old, a_lap(4)]

    rows = list(laps(driven))

    assert [row["lap_number"] for row in rows] == [1, 2, 4]
    assert (rows[-1]["date_start"], rows[-1]["is_pit_out_lap"]) == (None, False)
    stint = {"car": 4, "stint": 1, "from_lap": 1, "compound": "HARD", "start_laps": 0}
    (row,) = stints([stint], driven[:3])
    assert row["lap_end"] == 2


def test_a_lap_of_qualifying_whose_time_was_deleted_gives_no_row_but_begins_the_next() -> None:
    deleted = a_lap(2, lap_type="flying", deleted=True)
    driven = [a_lap(1, lap_type="out"), deleted, a_lap(3, lap_type="in")]

    rows = list(laps(driven))

    assert [row["lap_number"] for row in rows] == [1, 3]
    assert rows[-1]["date_start"] == deleted["completed_at_utc"]
    stint = {"car": 4, "stint": 1, "from_lap": 1, "compound": "SOFT", "start_laps": 0}
    (row,) = stints([stint], driven[:2])
    assert row["lap_end"] == 2


def test_a_stint_ends_where_the_next_begins() -> None:
    rows = [
        {"car": 4, "stint": 1, "from_lap": 1, "compound": "MEDIUM", "start_laps": 3},
        {"car": 4, "stint": 2, "from_lap": 3, "compound": "HARD", "start_laps": 0},
    ]
    ends = [row["lap_end"] for row in stints(rows, [a_lap(1), a_lap(2), a_lap(3), a_lap(4)])]
    assert ends == [2, 4]
