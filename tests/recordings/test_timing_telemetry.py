"""Test real telemetry beside the archive: complete, in time, with laps of the circuit's length."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from math import dist
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from pitwall.analysis.lap_comparison import compare_lap
from pitwall.domain.car_use import CarSample
from pitwall.domain.events import CarsLocated
from pitwall.domain.race import DriverNumber
from pitwall.domain.records import LapRow
from pitwall.domain.stored_races import HistoryTable, RaceSummary, Selection
from pitwall.domain.stories import LapOfBoth
from pitwall.feeds.timing import TimingFeed
from pitwall.feeds.timing.telemetry import burst_lines, find_file, read_telemetry
from pitwall.recording.import_race import Importing, import_race
from pitwall.replay.moments import RaceMoments
from pitwall.replay.service import ReplayService
from pitwall.store.database import Database
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.wire.decode import decode, every_car_sample
from pitwall.wire.message import RawMessage
from tests.recordings.test_kept_races import QuickPredictor
from tests.short_feeds import Short

ZERO = datetime(2025, 1, 1, tzinfo=UTC)
DUTCH = "2025-dutch-grand-prix-race"
MONACO = "2025-monaco-grand-prix-race"
pytestmark = pytest.mark.slow


class Real(NamedTuple):
    """A race with telemetry, where it is kept, and how long its lap is."""

    file: str
    lap_m: float


REAL = {
    "2025-australian-grand-prix-race": Real("telemetry_4hz_australian_2025.parquet", 5278),
    "2025-chinese-grand-prix-race": Real("telemetry_4hz_chinese_2025.parquet", 5451),
    DUTCH: Real("telemetry_4hz_dutch_2025.parquet", 4259),
    MONACO: Real("telemetry_monaco_2025.parquet", 3337),
}


def a_feed(shared: Path, race: str) -> TimingFeed:
    data = shared / "data"
    return TimingFeed(data / "timing", race, data / "telemetry")


@cache
def bursts_of(shared: Path, race: str) -> list[RawMessage]:
    """Return a race's telemetry without the messages around it."""
    folder, number = shared / "data" / "telemetry", a_feed(shared, race).race.session_id
    file = find_file(folder, number)
    assert file is not None
    assert file.name == REAL[race].file
    lines = burst_lines(read_telemetry(file, number), ZERO)
    ms = timedelta(milliseconds=1)
    return [RawMessage(ZERO + line.ms * ms, line.topic, line.body) for line in lines]


def samples_of(messages: Sequence[RawMessage]) -> list[tuple[datetime, DriverNumber, CarSample]]:
    return [
        (message.sent_at, car, sample)
        for message in messages
        if message.topic == "CarData.z"
        for car, sample in every_car_sample(message)
    ]


@pytest.mark.parametrize("race", [DUTCH, MONACO])
def test_every_reading_is_told_once_and_after_it_was_known(shared: Path, race: str) -> None:
    table = pq.read_table(shared / "data" / "telemetry" / REAL[race].file)

    told = samples_of(bursts_of(shared, race))

    assert all(sent_at - sample.at >= timedelta(seconds=0.5) for sent_at, _, sample in told)
    ms = timedelta(milliseconds=1)
    heard = sorted((int(car), (each.at - ZERO) // ms, each.speed_kmh) for _, car, each in told)
    columns = [table[name].to_numpy().tolist() for name in ("car", "t_ms", "speed")]
    assert heard == sorted(zip(*columns, strict=True))
    assert {each.brake_pct for _, _, each in told} == {0, 100}
    if race == MONACO:
        assert {(each.rpm, each.gear, each.drs) for _, _, each in told} == {(None, None, None)}
    else:
        assert {each.drs for _, _, each in told} == {0, 12}
        opened = [each.speed_kmh or 0 for _, _, each in told if each.drs == 12]
        assert sum(speed > 150 for speed in opened) > 0.99 * len(opened)


def test_the_race_is_the_same_with_telemetry_in_between(shared: Path) -> None:
    messages = list(a_feed(shared, DUTCH).messages())

    assert [m.sent_at for m in messages] == sorted(m.sent_at for m in messages)
    assert [m for m in messages if not m.topic.endswith(".z")] == list(
        TimingFeed(shared / "data" / "timing", DUTCH).messages()
    )


@pytest.mark.parametrize("race", REAL)
def test_a_lap_on_the_map_is_as_long_as_the_circuit(shared: Path, race: str) -> None:
    """The places of Monaco are in metres in their file, of the others in tenths."""
    laps = pq.read_table(
        shared / "data" / "timing" / "laps.parquet",
        filters=[("session_id", "=", a_feed(shared, race).race.session_id), ("lap", "=", 20)],
    ).to_pylist()
    spans = {
        lap["car"]: (ZERO + timedelta(milliseconds=lap["t_ms"] - lap["lap_ms"]), lap["lap_ms"])
        for lap in laps
    }
    ways: dict[int, list[tuple[float, float]]] = {}
    since = min(begins for begins, _ in spans.values())
    until = since + timedelta(minutes=4)
    for message in bursts_of(shared, race):
        if message.topic == "Position.z" and since <= message.sent_at <= until:
            for event in decode(message).events:
                assert isinstance(event, CarsLocated)
                for car, point in event.points.items():
                    begins, lasts_ms = spans.get(int(car), (until, 0))
                    if begins <= point.at <= begins + timedelta(milliseconds=lasts_ms):
                        ways.setdefault(int(car), []).append((point.x, point.y))

    for way in ways.values():
        # A place a second cuts corners, and the last is up to a second from the line.
        assert 0.9 < sum(dist(a, b) for a, b in pairwise(way)) / 10 / REAL[race].lap_m < 1.02
    assert len(ways) >= 14


async def laps_of(reader: SqlRaceReader, race: RaceSummary) -> dict[tuple[int, int], LapRow]:
    page = await reader.page(race, [HistoryTable.LAPS], Selection(), 6_000)
    laps = [
        LapRow(
            **{name: row[name] for name in LapRow._fields if name in row},
            completed_at=row["completed_at_utc"],
        )
        for _, row in page.rows
    ]
    return {(lap.car, lap.lap): lap for lap in laps}


async def test_laps_of_two_cars_are_compared_over_the_whole_circuit(
    database: Database, shared: Path
) -> None:
    feed = Short(a_feed(shared, DUTCH), 12_000)
    assert (
        await import_race(feed, SqlRaceWriter(database), QuickPredictor())
    ).outcome == "imported"
    reader = SqlRaceReader(database)
    race = await reader.race(DUTCH)
    laps = await laps_of(reader, race)

    lengths = []
    for lap in range(5, 15):
        for attacker, defender in ((1, 4), (6, 1), (44, 63), (5, 55)):
            both = LapOfBoth(lap, laps[attacker, lap], laps[defender, lap])
            compared = await compare_lap(reader, race, both)
            assert compared is not None
            lengths.append(compared.distance_m[-1])
            later_s = (both.attacker.lap_time_s or 0) - (both.defender.lap_time_s or 0)
            assert compared.delta_s[-1] == pytest.approx(later_s, abs=0.0011)
            for car in (compared.attacker, compared.defender):
                assert car.gear is not None
                assert max(car.gear) <= 8
                assert {*(car.brake_pct or ())} == {0, 100}
    # The speeds of Zandvoort add up to one part in a hundred less than its 4,259 m.
    assert 0.975 * 4259 < min(lengths) <= max(lengths) < 1.005 * 4259


async def test_a_race_kept_without_telemetry_stays_as_it_is_until_it_is_replaced(
    database: Database, shared: Path
) -> None:
    data, writer, reader = shared / "data", SqlRaceWriter(database), SqlRaceReader(database)
    without = Short(TimingFeed(data / "timing", DUTCH), 3_000)
    richer = Short(a_feed(shared, DUTCH), 4_000)
    await import_race(without, writer, QuickPredictor())

    again = await import_race(richer, writer, QuickPredictor())

    race = await reader.race(DUTCH)
    assert (again.outcome, again.stored_from) == ("other_source", without.name)
    assert await reader.messages(race) == list(without.messages())
    replaced = await import_race(richer, writer, QuickPredictor(), Importing(replace=True))
    assert (replaced.outcome, replaced.messages) == ("imported", 4_000)
    race = await reader.race(DUTCH)
    at = race.last_at
    assert at is not None
    async with RaceMoments(reader, ReplayService(reader, None)).at(DUTCH, at) as (_, state, _):
        points = state.race.points.values()
    assert {point.z for point in points} == {None}  # through a keyframe
