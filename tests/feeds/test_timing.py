"""Test that the timing archive becomes wire messages, none earlier than it was known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from pitwall.domain.events import CarTimed, RaceDescribed
from pitwall.domain.sessions import Source
from pitwall.errors import FeedUnavailableError, RaceNotFoundError
from pitwall.feeds.timing import TimingFeed, list_races
from pitwall.feeds.timing.laps import lap_lines, pit_lines
from pitwall.feeds.timing.order import order_lines
from pitwall.feeds.timing.session import tyre_lines
from pitwall.wire.decode import decode
from tests.feeds.conftest import (
    RACE,
    ZERO,
    Archive,
    lap,
    order,
    play,
    tyre,
)


def said(line: bytes) -> dict[str, Any]:
    payload: dict[str, Any] = orjson.loads(line)["Lines"]
    (only,) = payload.values()
    return dict(only)


def test_a_race_is_named_by_its_id_or_by_its_number(archive: Archive) -> None:
    folder = archive()

    by_number = TimingFeed(folder, "7")

    assert by_number.race == TimingFeed(folder, RACE).race == list_races(folder)[0]
    assert by_number.name == f"timing:{RACE}"
    assert by_number.source is Source.RECONSTRUCTED


def test_an_unknown_race_is_refused_with_the_nearest_names(archive: Archive) -> None:
    with pytest.raises(RaceNotFoundError, match=f"nearest are {RACE}"):
        TimingFeed(archive(), "2025-dutch-gp")


def test_no_archive_is_no_feed(tmp_path: Path) -> None:
    with pytest.raises(FeedUnavailableError, match=r"sessions\.parquet was expected"):
        TimingFeed(tmp_path, RACE)


def test_everything_decodes_without_a_fault(archive: Archive) -> None:
    decoded = [decode(message) for message in play(archive())]

    assert [fault for one in decoded for fault in one.faults] == []
    described = decoded[0].events[0]
    assert isinstance(described, RaceDescribed)
    assert described.info.race_id == RACE
    assert described.info.starts_at == datetime(2025, 8, 31, 13, 0, tzinfo=UTC)


def test_heartbeats_come_every_15_seconds(archive: Archive) -> None:
    beats = [m.sent_at - ZERO for m in play(archive()) if m.topic == "Heartbeat"]

    assert beats[:2] == [timedelta(seconds=15), timedelta(seconds=30)]
    assert len(beats) == 700 // 15


def test_without_race_control_the_start_is_the_announced_one_and_a_formation_lap(
    archive: Archive,
) -> None:
    messages = play(archive(t0_utc=None))

    started = next(m for m in messages if m.topic == "SessionStatus")
    assert started.sent_at == datetime(2025, 8, 31, 13, 3, 28, tzinfo=UTC)
    assert not [m for m in messages if m.topic == "RaceControlMessages"]


def test_race_control_is_told_a_second_after_its_whole_second(archive: Archive) -> None:
    (message,) = [m for m in play(archive()) if m.topic == "RaceControlMessages"]

    assert message.sent_at == ZERO + timedelta(minutes=5, seconds=1)


def test_a_filled_in_new_flag_is_not_passed_on() -> None:
    rows = [
        tyre(0, compound="SOFT", new="False"),
        tyre(1, new="False", total_laps=1),
        tyre(2, new="True"),
    ]

    filled = [said(line.body)["Stints"]["0"] for line in tyre_lines(rows, year=2018)]
    sent = [said(line.body)["Stints"]["0"] for line in tyre_lines(rows, year=2024)]

    assert filled == [{"Compound": "SOFT", "New": "false"}, {"TotalLaps": 1}, {"New": "true"}]
    assert sent[1] == {"New": "false", "TotalLaps": 1}


def test_the_order_before_the_start_is_the_grid(archive: Archive) -> None:
    bodies = [m.body for m in play(archive())]

    assert b'{"Lines":{"44":{"GridPos":"1"}}}' in bodies


def test_only_what_changed_of_a_line_is_sent() -> None:
    rows = [
        order(0, pos=2, gap_ms=1500, int_ms=300),
        order(1000, pos=3, gap_ms=1500, int_ms=300),
        order(2000, pos=3, gap_ms=1500, int_ms=300),
        order(3000, pos=3, gap_laps=1, int_ms=90_000),
    ]

    lines = list(order_lines(rows, {}, 72))

    assert [(line.ms, said(line.body)) for line in lines[1:]] == [
        (1000, {"Line": 3}),
        (3000, {"GapToLeader": "1L", "IntervalToPositionAhead": {"Value": "+90.000"}}),
    ]


def test_the_leaders_gap_is_the_lap_he_is_on() -> None:
    (line,) = order_lines([order(500, leader=True)], {44: [100, 400]}, 72)
    (finished,) = order_lines([order(500, leader=True)], {44: [100, 400]}, 2)

    assert said(line.body)["GapToLeader"] == "LAP 3"
    assert said(finished.body)["GapToLeader"] == "LAP 2"


def test_a_lap_is_told_when_it_was_reported_and_sectors_at_their_own_moments() -> None:
    laps = [
        lap(4, 90_000, s3_ms=30_000, s3_t_ms=90_100),
        lap(
            5,
            180_000,
            lap_ms=90_000,
            s1_ms=30_000,
            s1_t_ms=120_000,
            s2_ms=30_000,
            s2_t_ms=150_000,
            s3_ms=30_000,
            s3_t_ms=180_120,
            v_st=301.0,
        ),
    ]

    lines = [(line.ms, said(line.body)) for line in lap_lines(44, laps, [None, 6])]

    assert lines[1:] == [
        (120_000, {"Sectors": {"0": {"Value": "30.000"}, "1": {"Value": ""}, "2": {"Value": ""}}}),
        (150_000, {"Sectors": {"1": {"Value": "30.000"}}}),
        (
            180_120,
            {
                "Sectors": {"2": {"Value": "30.000"}},
                "NumberOfLaps": 5,
                "LastLapTime": {"Value": "1:30.000"},
                "BestLapTime": {"Value": "1:30.000", "Lap": 5},
                "Speeds": {"ST": {"Value": "301"}},
                "GapToLeader": "LAP 6",
                "IntervalToPositionAhead": {"Value": "LAP 6"},
            },
        ),
    ]
    assert lines[0][0] == 90_100


def test_a_third_sector_far_from_its_crossing_is_not_waited_for() -> None:
    (line,) = lap_lines(44, [lap(1, 90_000, s3_ms=30_000, s3_t_ms=5_000_000)], [None])

    assert line.ms == 90_000


def test_the_pit_lane_counts_stops_at_entry_and_leaving_for_the_grid_is_none() -> None:
    laps = [
        lap(1, 90_000, pit_out_ms=4_000),
        lap(2, 180_000, pit_in_ms=170_000),
        lap(3, 270_000, pit_out_ms=195_000),
    ]

    assert [(line.ms, said(line.body)) for line in pit_lines(44, laps)] == [
        (4_000, {"InPit": False}),
        (170_000, {"InPit": True, "NumberOfPitStops": 1}),
        (195_000, {"InPit": False, "PitOut": True}),
        (270_000, {"PitOut": False}),
    ]


@pytest.mark.slow
def test_nothing_of_a_real_lap_is_told_before_it_was_known(shared: Path) -> None:
    folder = shared / "data" / "timing"
    feed = TimingFeed(folder, RACE)
    table = pq.read_table(
        folder / "laps.parquet", filters=[("session_id", "=", feed.race.session_id)]
    )
    crossed = {(row["car"], row["lap"]): row["t_ms"] for row in table.to_pylist()}
    messages = list(feed.messages())
    zero = messages[0].sent_at

    told = [
        (event.number, event.laps_completed, (event.sent_at - zero) / timedelta(milliseconds=1))
        for message in messages
        if b"NumberOfLaps" in message.body
        for event in decode(message).events
        if isinstance(event, CarTimed)
    ]

    assert len(told) == len(crossed)
    assert all(0 <= ms - crossed[number, lap or 0] < 3000 for number, lap, ms in told)
