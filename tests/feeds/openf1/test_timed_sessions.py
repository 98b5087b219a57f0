"""Test that OpenF1's rows of qualifying give laps, parts and standings."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from pitwall.domain.race import DriverNumber, RaceState
from pitwall.domain.reducer import apply
from pitwall.domain.timed_order import classify
from pitwall.domain.timed_state import CarRun, LapType
from pitwall.feeds.openf1.frame_reader import read_frame
from pitwall.feeds.openf1.history_feed import _keyed_messages
from pitwall.feeds.openf1.history_fetch import Session
from pitwall.feeds.openf1.row_merger import RowMerger
from pitwall.feeds.openf1.session_rows import is_timed
from pitwall.wire.decode import decode
from pitwall.wire.message import RawMessage

BEGINS = datetime(2026, 3, 7, 5, 0, tzinfo=UTC)
SESSION: dict[str, Any] = {
    "session_key": 1,
    "meeting_key": 1,
    "session_name": "Qualifying",
    "session_type": "Qualifying",
    "date_start": BEGINS.isoformat(),
    "gmt_offset": "11:00:00",
    "circuit_short_name": "Melbourne",
    "country_name": "Australia",
}


def after(seconds: float) -> str:
    return (BEGINS + timedelta(seconds=seconds)).isoformat()


def lap(number: int, begins_s: float, lasts_s: float | None, **fields: object) -> dict[str, Any]:
    keys = {"session_key": 1, "driver_number": 4, "lap_number": number}
    return keys | {"date_start": after(begins_s), "lap_duration": lasts_s} | fields


def control(seconds: float, **fields: object) -> dict[str, Any]:
    return {"session_key": 1, "date": after(seconds), "driver_number": None} | fields


LAPS = [
    lap(1, 60, None, is_pit_out_lap=True),
    lap(2, 160, 80.1, duration_sector_1=26.0),
    lap(3, 240.1, 95.0),
    lap(4, 335.1, 240.0, is_pit_out_lap=True),
    lap(5, 575.1, 79.9),
    lap(6, 655.0, None),
]
ROWS: dict[str, list[Any]] = {
    "drivers": [{"session_key": 1, "driver_number": 4, "name_acronym": "NOR"}],
    "position": [{"session_key": 1, "driver_number": 4, "date": after(1), "position": 1}],
    "laps": LAPS,
    "race_control": [
        control(0.5, category="SessionStatus", message="SESSION STARTED", qualifying_phase=1),
        control(
            700,
            category="Other",
            message="CAR 4 (NOR) TIME 1:19.900 DELETED - TRACK LIMITS AT TURN 4 LAP 5 16:10:00",
        ),
    ],
}


def played(messages: list[RawMessage], until_s: float = 9999) -> RaceState:
    race = RaceState()
    for message in messages:
        if message.sent_at <= BEGINS + timedelta(seconds=until_s):
            decoded = decode(message)
            assert decoded.faults == ()
            for event in decoded.events:
                race = apply(race, event)
    return race


def history(rows: dict[str, list[Any]]) -> list[RawMessage]:
    return list(_messages(Session(SESSION, {}, rows)))


def _messages(session: Session) -> list[RawMessage]:
    return [one for _, one in _keyed_messages(session, session.of("intervals"))]


@pytest.mark.parametrize(
    ("name", "kind", "timed"),
    [
        ("Race", "Race", False),
        ("Sprint", "Race", False),
        ("Sprint Qualifying", "Qualifying", True),
        ("Day 1", "Practice", True),
    ],
)
def test_which_sessions_are_timed(name: str, kind: str, *, timed: bool) -> None:
    assert is_timed({"session_name": name, "session_type": kind}) is timed


def test_history_gives_laps_with_their_own_numbers() -> None:
    race = played(history(ROWS))

    laps = [
        (n.lap_number, n.lap_type, n.lap_time_s, n.part) for n in race.cars[DriverNumber(4)].laps
    ]
    assert laps == [
        (1, LapType.OUT, None, 1),
        (2, LapType.FLYING, 80.1, 1),
        (3, LapType.IN, 95.0, 1),
        (4, LapType.OUT, 240.0, 1),
        (5, LapType.FLYING, 79.9, 1),
    ]
    assert race.lap == 0


def test_the_best_lap_follows_from_the_laps_and_a_deleted_one_is_gone() -> None:
    before, found = classify(played(history(ROWS), 690)), classify(played(history(ROWS)))
    assert before is not None
    assert found is not None

    assert (before.standings[0].best_lap_s, before.standings[0].best_lap_number) == (79.9, 5)
    assert (found.standings[0].best_lap_s, found.standings[0].best_lap_number) == (80.1, 2)
    assert (found.part_name, found.standings[0].deleted_laps) == ("Q1", 1)


def test_a_car_goes_out_and_comes_in() -> None:
    runs = [classify(played(history(ROWS), at_s)) for at_s in (100, 200, 300, 336, 600)]

    assert [found.standings[0].run for found in runs if found] == [
        CarRun.OUT_LAP,
        CarRun.PUSH_LAP,
        CarRun.IN_LAP,
        CarRun.OUT_LAP,  # OpenF1 does not tell when the car leaves its garage
        CarRun.PUSH_LAP,
    ]


def test_live_rows_are_counted_likewise() -> None:
    book = RowMerger(1)
    book.take("sessions", [SESSION], BEGINS)
    book.take("laps", LAPS[:3], BEGINS + timedelta(seconds=300))
    first = book.changed_frame(BEGINS + timedelta(seconds=300))
    book.take("laps", LAPS[3:5], BEGINS + timedelta(seconds=600))
    second = book.changed_frame(BEGINS + timedelta(seconds=600))

    assert first is not None
    assert second is not None
    assert orjson.loads(second.text)["timed"] is True
    messages = [
        part
        for frame in (first, second)
        for part in sorted(
            (p for p in read_frame(frame).parts if isinstance(p, RawMessage)),
            key=lambda message: message.sent_at,
        )
    ]
    laps = [(n.lap_number, n.lap_time_s) for n in played(messages).cars[DriverNumber(4)].laps]
    assert laps == [(1, None), (2, 80.1), (3, 95.0), (4, 240.0), (5, 79.9)]


def test_parts_come_from_race_controls_rows(shared: Path) -> None:
    """The rows of a sprint qualifying in 2026 name the second and third part, not the first."""
    file = shared / "data" / "wire" / "openf1" / "openf1_race_control.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        table = [row for row in csv.DictReader(lines) if row["session_key"] == "11271"]
    rows: list[Any] = [
        row | {"qualifying_phase": float(row["qualifying_phase"] or 0) or None} for row in table
    ]
    session = SESSION | {"session_key": 11271, "session_name": "Sprint Qualifying"}
    parts: list[int | None] = []
    race = RaceState()
    for message in _messages(Session(session, {}, {"race_control": rows})):
        for event in decode(message).events:
            race = apply(race, event)
            part = race.timed.part if race.timed else None
            if not parts or parts[-1] != part:
                parts.append(part)

    assert [part for part in parts if part] == [1, 2, 3]


def a_field(cars: int) -> dict[str, list[Any]]:
    """Return rows of qualifying in which car 1 is the quickest, car 2 next, and so on."""
    numbers = range(1, cars + 1)
    keys = [{"session_key": 1, "driver_number": number} for number in numbers]
    parts = [control(t, category="Other", message=f"Q{n}", qualifying_phase=n) for n, t in _PARTS]
    return {
        "drivers": keys,
        "position": [key | {"date": after(1), "position": key["driver_number"]} for key in keys],
        "laps": [lap(2, 10, 80.0 + number / 10) | {"driver_number": number} for number in numbers],
        "race_control": parts,
    }


_PARTS = ((1, 0.5), (2, 1000), (3, 2000))


@pytest.mark.parametrize(("cars", "second"), [(20, 15), (22, 16), (19, 15), (21, 16)], ids=str)
def test_who_is_out_follows_from_the_places_when_a_part_begins(cars: int, second: int) -> None:
    messages = history(a_field(cars))

    first = classify(played(messages, 900))
    assert first is not None
    assert first.goes_on == second
    assert first.cut_off_s == pytest.approx(80.0 + second / 10)
    dropping = [standing.is_in_drop_zone for standing in first.standings]
    assert dropping == [False] * second + [True] * (cars - second)

    last = classify(played(messages))
    assert last is not None
    out_in = [standing.out_in for standing in last.standings]
    assert out_in == [None] * 10 + [2] * (second - 10) + [1] * (cars - second)
    assert last.goes_on is None


def test_a_few_cars_are_no_field() -> None:
    found = classify(played(history(a_field(6))))

    assert found is not None
    assert found.goes_on is None
    assert [standing.out_in for standing in found.standings] == [None] * 6


def test_real_rows_of_qualifying_tell_who_is_out(shared: Path) -> None:
    """Monaco 2026, 22 cars: six are out after the first part, and six after the second."""
    rows: dict[str, list[Any]] = {}
    for endpoint in ("position", "race_control"):
        file = shared / "data" / "wire" / "openf1" / f"openf1_{endpoint}.csv"
        with file.open(encoding="utf-8", newline="") as lines:
            table = [row for row in csv.DictReader(lines) if row["session_key"] == "11295"]
        rows[endpoint] = [{name: _number(value) for name, value in row.items()} for row in table]
    session = SESSION | {"session_key": 11295, "date_start": rows["position"][0]["date"]}

    race = RaceState()
    for message in _messages(Session(session, {}, rows)):
        for event in decode(message).events:
            race = apply(race, event)
    found = classify(race)

    assert found is not None
    assert found.part == 3
    out_in = [standing.out_in for standing in found.standings]
    assert out_in == [None] * 10 + [2] * 6 + [1] * 6


def _number(value: str) -> object:
    try:
        return float(value)
    except ValueError:
        return value or None
