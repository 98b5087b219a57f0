"""Test that OpenF1's rows become the messages that F1 would have sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from pitwall.domain.gaps import LapsDown, TimeGap
from pitwall.domain.names import driver_id_of
from pitwall.domain.race import Driver, DriverNumber, RaceState
from pitwall.domain.reducer import apply
from pitwall.domain.session_facts import TimedStop
from pitwall.feeds.openf1.control_rows import TrackFlags, phase_of
from pitwall.feeds.openf1.frame_reader import CHANGED, MQTT, read_frame
from pitwall.feeds.openf1.measured_rows import measured_message
from pitwall.feeds.openf1.row_merger import RowMerger
from pitwall.feeds.openf1.session_rows import drivers_message
from pitwall.feeds.openf1.stint_rows import in_order as stops_in_order
from pitwall.feeds.openf1.stint_rows import past_stop_messages, stop_messages
from pitwall.feeds.recording import RecordingFeed
from pitwall.feeds.recording.tape_recorder import TapeRecorder
from pitwall.wire.decode import decode
from pitwall.wire.message import RawFrame, RawMessage

AT = datetime(2026, 3, 29, 5, 30, tzinfo=UTC)
NORRIS = DriverNumber(4)


def a_row(**fields: object) -> dict[str, object]:
    return {"date": AT.isoformat(), "session_key": 1, "driver_number": 4, **fields}


def after(*messages: RawMessage | None) -> RaceState:
    race = RaceState()
    for message in messages:
        assert message is not None
        decoded = decode(message)
        assert decoded.faults == ()
        for event in decoded.events:
            race = apply(race, event)
    return race


def changed(book: RowMerger) -> RaceState:
    frame = book.changed_frame(AT)
    assert frame is not None
    assert frame.channel == CHANGED
    return after(*(part for part in read_frame(frame).parts if isinstance(part, RawMessage)))


def test_gaps_come_as_seconds_and_as_laps() -> None:
    race = after(measured_message("intervals", a_row(gap_to_leader="+1 LAP", interval=62.5)))

    assert race.cars[NORRIS].gap_to_leader == LapsDown(1)
    assert race.cars[NORRIS].interval == TimeGap(62.5)


def test_null_clears_no_gap() -> None:
    known = measured_message("intervals", a_row(gap_to_leader=3.0, interval=1.0))
    later = measured_message("intervals", a_row(gap_to_leader=None, interval=1.1))
    race = after(known, later)

    assert race.cars[NORRIS].gap_to_leader == TimeGap(3.0)
    assert race.cars[NORRIS].interval == TimeGap(1.1)


def test_channels_that_openf1_has_none_of_are_left_out() -> None:
    place = measured_message("position", a_row(position=1))
    row = a_row(rpm=11000, speed=280, n_gear=7, throttle=104, brake=0, drs=None)
    sample = after(place, measured_message("car_data", row)).samples[NORRIS]

    assert (sample.speed_kmh, sample.gear, sample.drs, sample.throttle_pct) == (280, 7, None, None)


def test_a_car_at_the_origin_has_no_place_on_the_map() -> None:
    assert measured_message("location", a_row(x=0, y=0, z=0)) is None
    located = measured_message("location", a_row(x=10, y=-20, z=3))
    race = after(measured_message("position", a_row(position=1)), located)
    assert (race.points[NORRIS].x, race.points[NORRIS].y) == (10, -20)


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([("Flag", "YELLOW", "Sector", 7, "")], "2"),
        ([("Flag", "YELLOW", "Sector", 7, ""), ("Flag", "CLEAR", "Sector", 7, "")], "1"),
        ([("Flag", "YELLOW", "Sector", 7, ""), ("Flag", "CLEAR", "Sector", 8, "")], "2"),
        ([("SafetyCar", None, None, None, "SAFETY CAR DEPLOYED")], "4"),
        (
            [
                ("SafetyCar", None, None, None, "SAFETY CAR DEPLOYED"),
                ("Flag", "DOUBLE YELLOW", "Sector", 7, ""),
                ("Flag", "CLEAR", "Sector", 7, ""),
                ("SafetyCar", None, None, None, "SAFETY CAR IN THIS LAP"),
            ],
            "4",
        ),
        ([("SafetyCar", None, None, None, "VSC DEPLOYED")], "6"),
        ([("SafetyCar", None, None, None, "VSC ENDING")], "7"),
        ([("Flag", "RED", "Track", None, "RED FLAG")], "5"),
        ([("Flag", "RED", "Track", None, ""), ("Flag", "GREEN", "Track", None, "")], "1"),
        ([("Flag", "BLUE", "Driver", None, "")], "1"),
    ],
)
def test_the_status_of_the_track_is_read_from_flags(
    rows: list[tuple[str, str | None, str | None, int | None, str]], status: str
) -> None:
    track = TrackFlags()
    for category, flag, scope, sector, text in rows:
        row = {"category": category, "flag": flag, "scope": scope, "sector": sector}
        track.take(row | {"message": text})

    assert track.status == status


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("SESSION STARTED", "Started"),
        ("SESSION ABORTED", "Aborted"),
        ("SESSION FINISHED", "Finished"),
        ("SOMETHING ELSE", None),
    ],
)
def test_the_session_status_is_read_from_race_control(text: str, phase: str | None) -> None:
    assert phase_of({"category": "SessionStatus", "message": text}) == phase


def test_a_lap_is_completed_when_the_next_begins() -> None:
    book = RowMerger(1)
    begun = AT + timedelta(seconds=90)
    first = {"session_key": 1, "driver_number": 4, "lap_number": 7, "date_start": AT.isoformat()}
    done = first | {"lap_duration": 90.1, "duration_sector_3": 30.0, "st_speed": 301}
    second = first | {"lap_number": 8, "date_start": begun.isoformat()}
    book.take("laps", [first, done, second], AT)

    car = changed(book).cars[NORRIS]

    assert car.laps_completed == 7
    assert car.last_lap_s == 90.1
    assert car.speeds_kmh == {"ST": 301}
    assert car.laps[-1].completed_at == begun


def test_stops_are_counted_and_a_stint_ages_with_the_laps() -> None:
    book = RowMerger(1)
    laps = [
        {"session_key": 1, "driver_number": 4, "lap_number": n, "date_start": AT.isoformat()}
        for n in (11, 12, 13)
    ]
    stint = {"session_key": 1, "driver_number": 4, "stint_number": 2, "compound": "HARD"}
    book.take("laps", laps, AT)
    book.take("stints", [stint | {"lap_start": 11, "lap_end": 11, "tyre_age_at_start": 3}], AT)
    book.take("pit", [a_row(lap_number=10, lane_duration=22.0), a_row(lap_number=4)], AT)

    car = changed(book).cars[NORRIS]

    assert car.pit_stops == 2
    assert not car.in_pit
    assert car.stints[1].start_laps == 3
    assert car.stints[1].fresh_tyre is False


def test_a_null_takes_nothing_away_and_an_answer_from_before_no_news() -> None:
    book, lap = RowMerger(1), {"session_key": 1, "driver_number": 4, "lap_number": 7}
    book.take("laps", [lap | {"_id": 5, "lap_duration": 90.0, "date_start": None}], AT)
    asked = AT - timedelta(seconds=1)
    book.take("laps", [lap | {"lap_duration": 80.0, "date_start": AT.isoformat()}], asked)

    (row,) = orjson.loads(book.whole_frame(AT).text)["laps"]
    assert row["lap_duration"] == 90.0
    assert row["date_start"] == AT.isoformat()


def test_rows_of_another_session_are_put_aside() -> None:
    book = RowMerger(1)

    assert not book.take("position", [a_row(position=1) | {"session_key": 2}], AT)
    assert book.tally.foreign == 1


async def test_a_tape_of_openf1_plays(tmp_path: Path) -> None:
    recorder = TapeRecorder(tmp_path / "race.jsonl.zst", "openf1", lambda: AT)
    book = RowMerger(1)
    book.take("position", [a_row(position=2)], AT)
    payload = orjson.dumps(a_row(interval=1.25, gap_to_leader=1.25))
    await recorder.record([book.whole_frame(AT), RawFrame(AT, payload, f"{MQTT}intervals")])
    await recorder.close()

    car = after(*RecordingFeed(recorder.path).messages()).cars[NORRIS]

    assert (car.position, car.interval) == (2, TimeGap(1.25))


def test_one_stop_under_two_laps_counts_once() -> None:
    def stop(lap: int, date: str) -> dict[str, object]:
        return {"lap_number": lap, "date": date, "lane_duration": 22.5}

    rows = [
        stop(13, "2026-03-29T05:30:01.2Z"),
        stop(12, "2026-03-29T05:30:01Z"),
        stop(14, "2026-03-29T05:33:01Z"),
    ]

    assert [row["lap_number"] for row in stops_in_order(rows)] == [12, 14]


def test_one_driver_in_two_teams_is_one_driver_in_the_team_told_last() -> None:
    """A substitute's rows: the car of the season, and the car that it drives today."""
    driver = {"session_key": 1, "driver_number": 4, "full_name": "Lando NORRIS"}
    rows = [driver | {"team_name": "Reserve"}, driver | {"team_name": "McLaren"}]
    book = RowMerger(1)
    book.take("drivers", rows, AT)
    live, past = changed(book), after(drivers_message(AT, rows))

    assert live.cars.keys() == past.cars.keys() == {NORRIS}
    assert live.cars[NORRIS].driver.team == past.cars[NORRIS].driver.team == "McLaren"
    driver_there = Driver("NOR", "Lando NORRIS", "Haas")
    elsewhere = replace(live.cars[NORRIS], number=DriverNumber(50), driver=driver_there)
    assert driver_id_of(elsewhere) == driver_id_of(live.cars[NORRIS]), "a driver over all seasons"


def test_a_stop_is_timed_live_and_from_history_alike() -> None:
    stop = a_row(lap_number=12, lane_duration=22.5, stop_duration=2.5)
    twice = a_row(lap_number=13, lane_duration=22.6, stop_duration=2.5)
    later = a_row(lap_number=30, lane_duration=21.0, stop_duration=None)
    later["date"] = (AT + timedelta(minutes=25)).isoformat()
    rows = [stop, twice, later]

    live, past = after(*stop_messages(4, rows)), after(*past_stop_messages(4, rows))

    expected = (
        TimedStop(12, AT, 2.5, 22.5), TimedStop(30, AT + timedelta(minutes=25), None, 21.0)
    )  # fmt: skip
    assert live.facts.of_car(4).stops_in_order == past.facts.of_car(4).stops_in_order == expected
    assert live.cars[NORRIS].pit_stops == past.cars[NORRIS].pit_stops == 2


@pytest.mark.parametrize("flag", [None, "RED"])
def test_a_red_flag_without_its_flag_stops_the_race_until_the_track_is_clear(
    flag: str | None,
) -> None:
    track = TrackFlags()

    assert track.take({"category": "Flag", "flag": flag, "message": "RED FLAG", "scope": None})
    assert track.status == "5"
    pit_exit = {"category": "Flag", "flag": "GREEN", "scope": "Track"}
    assert not track.take({**pit_exit, "message": "GREEN LIGHT - PIT EXIT OPEN"})
    assert track.status == "5"
    assert track.take({**pit_exit, "flag": "CLEAR", "message": "TRACK CLEAR"})
    assert track.status == "1"
