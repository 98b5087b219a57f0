"""Test that telemetry beside the archive becomes the feed's bursts, none before it was known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.app.container import open_feed
from pitwall.app.settings import FeedKind, FeedSpec
from pitwall.cli.import_races import feeds_at
from pitwall.domain.car_use import CarSample, TrackPoint
from pitwall.domain.events import CarsLocated
from pitwall.domain.race import DriverNumber
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.timed_lines import TimedLine
from pitwall.feeds.timing import TimingFeed
from pitwall.feeds.timing.telemetry import burst_lines, find_file, folder_beside, read_telemetry
from pitwall.wire.decode import decode, every_car_sample
from pitwall.wire.message import RawMessage
from tests.feeds.conftest import RACE, ZERO, Archive, play

NUMBER = 7
Row = dict[str, Any]


def reading(t_ms: int, car: int = 44, **fields: Any) -> Row:
    channels = {"speed": 200, "rpm": 11_000, "gear": 7, "throttle": 80, "brake": 0, "drs": 0}
    return {"session_id": NUMBER, "car": car, "t_ms": t_ms, **channels, **fields}


def straight(units_in_a_metre: float) -> list[Row]:
    """Return two cars at 50 m/s, a kilometre each, in places of a unit."""
    return [
        reading(ms, car, speed=180, x=round(units_in_a_metre * ms * 0.05), y=10 * car)
        for car in (44, 4)
        for ms in range(0, 20_500, 500)
    ]


def a_file(folder: Path, rows: Sequence[Row], name: str = "some.parquet", group: int = 100) -> Path:
    file = folder / name
    pq.write_table(pa.Table.from_pylist(list(rows)), file, row_group_size=group)
    return file


def lines_of(folder: Path, rows: Sequence[Row]) -> list[TimedLine]:
    return list(burst_lines(read_telemetry(a_file(folder, rows), NUMBER), ZERO))


def message(line: TimedLine) -> RawMessage:
    return RawMessage(ZERO + timedelta(milliseconds=line.ms), line.topic, line.body)


def samples_of(lines: Sequence[TimedLine]) -> list[tuple[DriverNumber, CarSample]]:
    return [told for line in lines for told in every_car_sample(message(line))]


def points_of(lines: Sequence[TimedLine]) -> list[dict[int, TrackPoint]]:
    """Return the newest place of each car, burst by burst."""
    return [
        {int(car): point for car, point in event.points.items()}
        for line in lines
        for event in decode(message(line)).events
        if isinstance(event, CarsLocated)
    ]


def test_the_file_is_found_by_what_it_holds_and_not_by_its_name(tmp_path: Path) -> None:
    a_file(tmp_path, [reading(0) | {"session_id": 8}], "race_7.parquet")
    # Its statistics enclose the race, and yet it is not there.
    a_file(tmp_path, [reading(0) | {"session_id": n} for n in (6, 8)], "many.parquet")
    a_file(tmp_path, [{"x": 7}], "others.parquet")
    ours = a_file(
        tmp_path, [reading(0) | {"session_id": n} for n in (3, 5, 7)], "z.parquet", group=1
    )

    assert find_file(tmp_path, NUMBER) == ours
    assert read_telemetry(ours, NUMBER).t_ms.tolist() == [0]
    assert find_file(tmp_path, 9) is None


def test_a_broken_file_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "half.parquet").write_bytes(b"PAR1 and no more")

    with pytest.raises(FeedUnavailableError, match=r"half\.parquet is not a readable"):
        find_file(tmp_path, NUMBER)


def test_a_file_without_what_a_reading_needs_is_refused(tmp_path: Path) -> None:
    file = a_file(tmp_path, [{"session_id": NUMBER, "car": 44}])

    with pytest.raises(FeedUnavailableError, match=r"lacks the columns speed, t_ms\."):
        read_telemetry(file, NUMBER)


def test_the_folder_is_in_the_archive_or_beside_it(tmp_path: Path) -> None:
    archive = tmp_path / "timing"
    archive.mkdir()

    assert folder_beside(archive) is None
    (tmp_path / "telemetry").mkdir()
    assert folder_beside(archive) == tmp_path / "telemetry"
    (archive / "telemetry").mkdir()
    assert folder_beside(archive) == archive / "telemetry"


@given(
    told=st.sets(
        st.tuples(st.integers(0, 9_000), st.sampled_from([1, 4, 44])), min_size=1, max_size=60
    )
)
def test_each_reading_is_told_once_in_order_and_after_it_was_known(
    told: set[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [reading(t_ms, car) for t_ms, car in told]

    lines = lines_of(tmp_path_factory.mktemp("telemetry"), rows)

    assert [line.ms for line in lines] == sorted({line.ms for line in lines})
    heard = []
    for line in lines:
        since_ms = [
            ((sample.at - ZERO) // timedelta(milliseconds=1), int(car))
            for car, sample in samples_of([line])
        ]
        # Half a second late, and a second of readings at most.
        assert all(500 <= line.ms - ms < 1500 for ms, _ in since_ms)
        heard += since_ms
    assert len(heard) == len(told)
    assert set(heard) == told


def test_yes_and_no_become_the_codes_of_the_feed(tmp_path: Path) -> None:
    rows = [reading(0), reading(250, brake=1, drs=1), reading(500, throttle=104)]

    off, on, unknown = (sample for _, sample in samples_of(lines_of(tmp_path, rows)))

    assert (off.brake_pct, off.drs) == (0, 0)
    assert (on.brake_pct, on.drs) == (100, 12)
    assert off == CarSample(ZERO, 200, 11_000, 7, 80, 0, 0)
    assert unknown.throttle_pct is None  # 104 is no reading, as in the feed


def test_a_channel_that_is_not_there_is_left_out_and_not_made_up(tmp_path: Path) -> None:
    rows = [reading(0), reading(250, speed=None, brake=None)]
    bare = [{key: row[key] for key in row if key not in {"rpm", "gear", "drs"}} for row in rows]

    told = [sample for _, sample in samples_of(lines_of(tmp_path, bare))]

    later = ZERO + timedelta(milliseconds=250)
    assert told == [
        CarSample(ZERO, 200, None, None, 80, 0, None),
        CarSample(later, None, None, None, 80, None, None),
    ]


@pytest.mark.parametrize("units_in_a_metre", [10, 1])
def test_places_are_in_tenths_of_a_metre_whatever_the_file_counts_in(
    tmp_path: Path, units_in_a_metre: int
) -> None:
    newest = points_of(lines_of(tmp_path, straight(units_in_a_metre)))[-1]

    across = 10 // units_in_a_metre * 440
    at = ZERO + timedelta(seconds=20)
    assert newest[44] == TrackPoint(at, 10_000, across, None, on_track=True)
    assert newest[4].x == 10_000


@pytest.mark.parametrize("units_in_a_metre", [3.28, 1000])
def test_places_in_an_unknown_unit_are_left_out_and_the_rest_is_told(
    tmp_path: Path, units_in_a_metre: float
) -> None:
    lines = lines_of(tmp_path, straight(units_in_a_metre))

    assert {line.topic for line in lines} == {"CarData.z"}
    assert len(samples_of(lines)) == 82


def test_a_car_without_a_place_is_not_at_the_origin(tmp_path: Path) -> None:
    nowhere: list[Row] = [{"x": 0, "y": 0}, {"x": None, "y": 5}]
    rows = [*straight(10), *(reading(30_000, 80 + k, **xy) for k, xy in enumerate(nowhere))]

    lines = lines_of(tmp_path, [*rows, reading(30_000, 44, x=1, y=0)])

    assert {*points_of(lines)[-1]} == {44}
    assert {int(car) for car, _ in samples_of(lines[-2:])} == {44, 80, 81}


def test_telemetry_comes_between_the_same_messages_and_only_when_asked_for(
    archive: Archive,
) -> None:
    folder = archive()
    without = play(folder)
    (folder / "telemetry").mkdir()
    rows = [
        {"session_id": NUMBER, "car": 44, "t_ms": ms, "speed": 200}
        for ms in range(600_100, 700_000, 250)
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "telemetry" / "x.parquet")

    feed = TimingFeed(folder, RACE, folder / "telemetry")
    told = list(feed.messages())

    assert play(folder) == without
    assert feed.name == f"timing:{RACE}+telemetry"
    assert [message for message in told if message.topic != "CarData.z"] == without
    assert len(told) == len(without) + 100
    assert [message.sent_at for message in told] == sorted(message.sent_at for message in told)


def test_what_is_shown_and_imported_takes_the_telemetry_beside_an_archive(
    archive: Archive,
) -> None:
    folder = archive()
    (folder / "telemetry").mkdir()
    rows = [{"session_id": NUMBER, "car": 44, "t_ms": 600_100, "speed": 200}]
    pq.write_table(pa.Table.from_pylist(rows), folder / "telemetry" / "x.parquet")

    shown = open_feed(FeedSpec(FeedKind.TIMING, folder, RACE))
    (imported,) = feeds_at(f"timing:{folder}")

    assert shown.name == imported.name == f"timing:{RACE}+telemetry"


def test_a_race_without_telemetry_in_the_folder_plays_as_without_one(
    archive: Archive, tmp_path: Path
) -> None:
    folder = archive()
    (tmp_path / "telemetry").mkdir()
    other = [{"session_id": 8, "car": 44, "t_ms": 600_100, "speed": 200}]
    pq.write_table(pa.Table.from_pylist(other), tmp_path / "telemetry" / "x.parquet")

    feed = TimingFeed(folder, RACE, tmp_path / "telemetry")

    assert feed.name == f"timing:{RACE}"
    assert list(feed.messages()) == play(folder)
