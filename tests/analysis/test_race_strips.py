"""Test the strip of a stored race against what was driven."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from pitwall.analysis.race_strips import FRESH_S, RaceStrips, Row, strip_of
from pitwall.domain.race_strip import gap_at_line
from pitwall.domain.stored_races import HistoryTable, RaceSummary
from pitwall.errors import RaceNotFoundError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.recording.import_race import import_race
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.engine.test_race_engine import CountingPredictor
from tests.makers import LIGHTS_OUT
from tests.short_feeds import Short

RACE = "2026-simulated-grand-prix-of-sierra-alta-race-7"


class CountingReader(SqlRaceReader):
    """Counts how often a race is read."""

    asked = 0

    async def race(self, race_id: str) -> RaceSummary:
        self.asked += 1
        return await super().race(race_id)


async def keep(data: Path) -> None:
    database = Database(database_url(None, data))
    await migrations.upgrade(database)
    await import_race(Short(SimulatedFeed(7), 4_000), SqlRaceWriter(database), CountingPredictor())
    await database.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strip")
    asyncio.run(keep(folder))
    return folder


@pytest.fixture
async def database(data: Path) -> AsyncIterator[Database]:
    there = Database(database_url(None, data))
    yield there
    await there.close()


async def test_a_stored_race_has_its_laps_tyres_and_statuses(database: Database) -> None:
    strip = await RaceStrips(SqlRaceReader(database)).of(RACE)

    assert strip.started is not None
    assert len(strip.line) >= 3
    assert len(strip.cars) == 22
    assert all(car.stints[0][0] == 1 and car.stints[0][1] for car in strip.cars)
    until = strip.line[2] + timedelta(minutes=2)
    third = [gap_at_line(strip, car, 3, until) for car in strip.cars]
    assert min(gap for gap in third if gap is not None) == 0.0
    assert max(gap for gap in third if gap is not None) > 10.0
    assert strip.lap_at(strip.line[1]) == 2.0
    assert 0.0 < strip.lap_at(strip.started + timedelta(seconds=20)) < 1.0
    assert strip.begun(1) == strip.started
    assert strip.begun(3) == strip.line[1]


ENTRY: dict[str, object] = {"code": "ONE", "team_colour": ""}


def rows_of(*laps: Row) -> dict[HistoryTable, list[Row]]:
    """Return the rows of a race of two cars with these laps."""
    rows: dict[HistoryTable, list[Row]] = {table: [] for table in HistoryTable}
    entries: list[Row] = [{"car": car, **ENTRY} for car in (1, 2)]
    return rows | {HistoryTable.ENTRIES: entries, HistoryTable.LAPS: list(laps)}


def a_lap(car: int, lap: int, seconds: float, **other: object) -> Row:
    completed_at = LIGHTS_OUT + timedelta(seconds=seconds)
    return {
        "car": car, "lap": lap, "completed_at_utc": completed_at, "deleted": False,
        "lap_time_s": 80.0, "track_clear": True, "pitted": False, **other,
    }  # fmt: skip


async def test_laps_that_a_red_flag_took_back_are_on_no_strip(database: Database) -> None:
    race = await SqlRaceReader(database).race(RACE)
    again = [a_lap(1, lap, 1800 + 80 * lap) for lap in (1, 2, 3)]
    retired = [a_lap(2, lap, 80 * lap, deleted=True) for lap in (1, 2, 3)]

    strip = strip_of(race, rows_of(*again, *retired))

    assert strip.line == tuple(row["completed_at_utc"] for row in again)
    assert [gap_at_line(strip, car, 1, strip.line[-1]) for car in strip.cars] == [0.0, None]


async def test_a_crossing_told_late_is_where_its_lap_time_says(database: Database) -> None:
    race = await SqlRaceReader(database).race(RACE)
    leader = [a_lap(1, lap, 80 * lap) for lap in (1, 2, 3)]
    second = [a_lap(2, 1, 81), a_lap(2, 2, 161 + 35), a_lap(2, 3, 241)]

    strip = strip_of(race, rows_of(*leader, *second))

    until = LIGHTS_OUT + timedelta(minutes=10)
    assert [gap_at_line(strip, strip.cars[1], lap, until) for lap in (1, 2, 3)] == [1.0, 1.0, 1.0]


async def test_all_who_look_at_a_race_share_one_reading_for_some_seconds(
    database: Database,
) -> None:
    reader, now_s = CountingReader(database), [100.0]
    strips = RaceStrips(reader, monotonic=lambda: now_s[0])

    await asyncio.gather(*[strips.of(RACE) for _ in range(20)])
    assert reader.asked == 1

    now_s[0] += FRESH_S
    await strips.of(RACE)
    assert reader.asked == 2


async def test_a_race_that_is_not_stored_is_an_error_and_asked_about_again(
    database: Database,
) -> None:
    strips = RaceStrips(SqlRaceReader(database))

    for _ in range(2):
        with pytest.raises(RaceNotFoundError):
            await strips.of("1950-no-such-race")
