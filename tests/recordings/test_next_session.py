"""Test sessions that follow each other on one connection: siblings of the small recording 06."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path

import orjson
import pytest

from pitwall.domain.race import Phase, RaceState, TrackStatus
from pitwall.engine.race_engine import RaceEngine
from pitwall.recording.batch_collector import BatchCollector
from pitwall.wire.message import RawMessage
from tests.recordings.test_cases import ZERO, Played, messages_of

CASE = "06-next-race-DriverList-before-SessionInfo"
Told = tuple[str, object]


def the_case(shared: Path) -> tuple[list[RawMessage], int]:
    """Return the messages, and which of them names the next race."""
    messages = messages_of(shared, CASE)
    return messages, next(i for i, m in enumerate(messages) if b"Next Grand Prix" in m.body)


def said(at: datetime, *told: Told) -> list[RawMessage]:
    return [RawMessage(at, topic, orjson.dumps(payload)) for topic, payload in told]


def state_after(messages: Sequence[RawMessage]) -> RaceState:
    engine = RaceEngine(None)
    for message in messages:
        engine.take(message)
    assert engine.state.faults == {}
    return engine.state.race


def topics_of(at: datetime) -> dict[str, list[Told]]:
    utc = at.replace(tzinfo=None).isoformat(timespec="seconds")
    return {
        "status": [("SessionStatus", {"Status": "Inactive"}), ("TrackStatus", {"Status": "2"})],
        "laps": [("LapCount", {"CurrentLap": 1, "TotalLaps": 44})],
        "weather": [
            ("Heartbeat", {"Utc": utc + "Z"}),
            ("WeatherData", {"AirTemp": "21.5", "TrackTemp": "33.0", "Rainfall": "0"}),
        ],
        "control": [
            (
                "RaceControlMessages",
                {"Messages": [{"Utc": utc, "Category": "Other", "Message": "RISK OF RAIN: 0%"}]},
            )
        ],
        "tyres": [
            (
                "TimingAppData",
                {"Lines": {"11": {"GridPos": "2", "Stints": [{"Compound": "SOFT"}]}}},
            )
        ],
        "places": [("TimingData", {"Lines": {"11": {"Line": 2}, "77": {"Line": 1}}})],
        "started": [("SessionStatus", {"Status": "Started"})],
    }


ORDERS = [
    list(topics_of(ZERO)),
    list(topics_of(ZERO))[::-1],
    *(
        ["status", "places", *order]
        for order in list(permutations(["tyres", "laps", "weather"]))[:2]
    ),
]


@pytest.mark.parametrize("order", ORDERS, ids=range(len(ORDERS)))
def test_whatever_is_told_just_before_a_race_is_named_belongs_to_it(
    shared: Path, order: list[str]
) -> None:
    messages, named = the_case(shared)
    at = messages[named].sent_at - timedelta(milliseconds=150)
    told = [each for name in order for each in topics_of(at)[name]]

    race = state_after([*messages[:named], *said(at, *told), messages[named]])

    assert race.info.race_id == "2026-next-grand-prix-race"
    assert race.track_status is TrackStatus.YELLOW
    assert (race.lap, race.total_laps, race.weather.air_c) == (1, 44, 21.5)
    started = order.index("started") > order.index("status") if "started" in order else False
    assert race.phase is (Phase.STARTED if started else Phase.INACTIVE)
    assert [message.message for message in race.control] == ["RISK OF RAIN: 0%"] * (
        "control" in order
    )
    first, second = race.in_order()
    assert [(car.number, car.driver.code) for car in (first, second)] == [(77, "SIX"), (11, "FIV")]
    assert (second.grid_position, second.stints[0].compound.value) == (2, "SOFT")
    assert set(race.cars) == {11, 77}


def test_session_data_may_say_so_too(shared: Path) -> None:
    messages, named = the_case(shared)
    at = messages[named].sent_at - timedelta(milliseconds=100)
    series = [{"Utc": at.isoformat(), "SessionStatus": "Started"}]

    told = said(at, ("SessionData", {"Series": [], "StatusSeries": series}))

    assert state_after([*messages[:named], *told, messages[named]]).phase is Phase.STARTED


def test_what_is_told_long_before_belongs_to_the_race_before(shared: Path) -> None:
    messages, named = the_case(shared)
    listed = next(i for i, m in enumerate(messages) if i < named and b'"FIV"' in m.body)
    at = messages[listed].sent_at - timedelta(minutes=2)
    old = said(at, *topics_of(at)["status"], *topics_of(at)["laps"], *topics_of(at)["places"])
    told = sorted([*messages[: named + 1], *old], key=lambda message: message.sent_at)

    race = state_after(told)

    assert (race.phase, race.track_status, race.lap) == (Phase.INACTIVE, TrackStatus.CLEAR, 0)
    assert {car.number: car.position for car in race.cars.values()} == {11: None, 77: None}


def test_the_statuses_of_before_are_stored_with_the_race(shared: Path) -> None:
    messages, named = the_case(shared)
    at = messages[named].sent_at - timedelta(milliseconds=150)
    told = said(at, *topics_of(at)["status"], *topics_of(at)["started"])
    collector = BatchCollector("none", most_messages=10**9)
    engine = RaceEngine(None, observer=collector)
    for message in [*messages[:named], *told, *messages[named:]]:
        engine.take(message)

    first, second = collector.take_batches()

    assert (first.info.race_id, second.info.race_id) == (
        "2026-test-grand-prix-race",
        "2026-next-grand-prix-race",
    )
    stored = [(row.kind, row.value) for row in second.statuses]
    assert ("phase", "started") in stored
    assert stored.index(("track", "yellow")) < stored.index(("track", "clear"))
    assert {row.code for row in second.entries.values()} == {"FIV", "SIX"}


def named_again(messages: list[RawMessage], **changes: object) -> RawMessage:
    info = next(m for m in messages if m.topic == "SessionInfo")
    return replace(info, body=orjson.dumps(orjson.loads(info.body) | changes))


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"ArchiveStatus": {"Status": "Generating"}},
        {"Path": "2026/2026-07-05_Test_Grand_Prix/2026-07-05_Race/"},
        {"StartDate": "2026-07-05T15:10:00"},  # moved
    ],
)
def test_a_session_named_again_keeps_everything(shared: Path, again: dict[str, object]) -> None:
    messages = messages_of(shared, "00-control")
    middle = len(messages) // 2
    info = replace(named_again(messages, **again), sent_at=messages[middle].sent_at)
    delta = RawMessage(info.sent_at, "SessionInfo", orjson.dumps(again or {"Key": 90001}))

    for told in (info, delta):
        played = Played([*messages[:middle], told, *messages[middle:]])
        assert played.with_battles == 196
        assert all(len(car.laps) == 6 for car in played.end.race.cars.values())


def test_the_snapshot_of_a_reconnection_clears_nothing(shared: Path) -> None:
    messages = messages_of(shared, "00-control")
    middle = len(messages) // 2
    at = messages[middle].sent_at
    first = [replace(m, sent_at=at) for m in messages[:8] if m.topic != "TimingData"]
    played = Played([*messages[:middle], *first, *messages[middle:]])

    assert played.with_battles == 196
    assert all(len(car.laps) == 6 for car in played.end.race.cars.values())
    assert [len(car.stints) for car in played.end.race.cars.values()] == [1, 1, 1]


@pytest.mark.parametrize(
    ("name", "kind", "race_id"),
    [
        ("Sprint", "Race", "2026-test-grand-prix-sprint"),
        ("Qualifying", "Qualifying", "2026-test-grand-prix-qualifying"),
        ("Practice 2", "Practice", "2026-test-grand-prix-practice-2"),
    ],
)
def test_another_session_of_the_same_meeting_begins_anew(
    shared: Path, name: str, kind: str, race_id: str
) -> None:
    messages = messages_of(shared, "00-control")
    end = messages[-1].sent_at
    drivers = next(m for m in messages if m.topic == "DriverList")
    at = end + timedelta(hours=2)
    told = [
        RawMessage(end, "SessionStatus", b'{"Status":"Ends"}'),
        replace(drivers, sent_at=at),
        *said(at, ("TrackStatus", {"Status": "1"}), ("WeatherData", {"AirTemp": "19.0"})),
        replace(
            named_again(messages, Name=name, Type=kind, Key=90002),
            sent_at=at + timedelta(seconds=1),
        ),
    ]

    race = state_after([*messages, *told])

    assert race.info.race_id == race_id
    codes = {line["Tla"] for line in orjson.loads(drivers.body).values()}
    assert {car.driver.code for car in race.cars.values()} == codes
    assert not any(car.laps or car.position for car in race.cars.values())
    assert (race.weather.air_c, race.track_status) == (19.0, TrackStatus.CLEAR)
    assert (race.phase, race.lap) == (Phase.INACTIVE, 0)
    assert (race.timed is None) == (kind == "Race")
