"""Test that qualifying and practice are stored and served as such, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pitwall.domain.sessions import Source
from pitwall.domain.stored_races import HistoryTable, RaceFilter, Selection
from pitwall.feeds.recording import RecordingFeed
from pitwall.recording.import_race import Importing, import_race
from pitwall.store.database import Database
from pitwall.store.race_exporter import SqlRaceExporter
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.wire.message import RawMessage
from tests.store.races import PREDICTOR

MEXICO = "2025-mexico-city-grand-prix-qualifying"
IMOLA = "2025-emilia-romagna-grand-prix-qualifying"


class WithoutTelemetry:
    """A `RecordedFeed` without the two topics of car telemetry, which cost most of the time."""

    def __init__(self, path: Path) -> None:
        self._feed = RecordingFeed(path)
        self.name, self.source = self._feed.name, Source.RECORDED

    def messages(self) -> Iterator[RawMessage]:
        return (m for m in self._feed.messages() if not m.topic.endswith(".z"))


async def imported(database: Database, path: Path) -> None:
    result = await import_race(
        WithoutTelemetry(path), SqlRaceWriter(database), PREDICTOR, Importing()
    )
    assert (result.outcome, result.predictions, dict(result.faults)) == ("imported", 0, {})


async def rows_of(database: Database, race_id: str, table: HistoryTable) -> list[dict[str, Any]]:
    reader = SqlRaceReader(database)
    page = await reader.page(await reader.race(race_id), [table], Selection(), 10_000)
    return [dict(row) for _, row in page.rows]


@pytest.mark.slow
async def test_qualifying_is_stored_as_qualifying(database: Database, shared: Path) -> None:
    """The values are those that the FIA published, and of the feed's own best laps."""
    await imported(database, shared / "data" / "wire" / "static" / "2025_Mexico_Qualifying")

    (race,), _ = await SqlRaceReader(database).races(RaceFilter(kind="qualifying"), 10, None)
    assert (race.id, race.kind, race.state, race.laps) == (MEXICO, "Qualifying", "finished", 0)
    standings = await rows_of(database, MEXICO, HistoryTable.STANDINGS)
    by_driver = {row["driver"]: row for row in standings}
    assert [row["position"] for row in standings] == list(range(1, 21))
    assert by_driver["lando-norris"] | {"car": 4} == {
        "position": 1, "car": 4, "driver": "lando-norris", "best_lap_s": 75.586, "best_lap": 20,
        "part_1_s": 76.899, "part_2_s": 76.252, "part_3_s": 75.586, "overall_best_s": 75.586,
        "gap_to_best_s": 0.0, "laps": 21, "deleted_laps": 0, "out_in": None,
    }  # fmt: skip
    bortoleto = by_driver["gabriel-bortoleto"]
    assert (bortoleto["position"], bortoleto["out_in"], bortoleto["part_2_s"]) == (16, 1, None)
    laps = {
        (row["car"], row["lap"]): row for row in await rows_of(database, MEXICO, HistoryTable.LAPS)
    }
    assert [laps[87, lap]["lap_type"] for lap in range(1, 10)] == ["out", "flying", "in"] * 3
    assert {laps[87, lap]["part"] for lap in range(1, 10)} == {1}
    assert (laps[87, 8]["lap_time_s"], laps[87, 9]["lap_time_s"]) == (77.04, 104.466)
    assert [(row["car"], row["lap"]) for row in laps.values() if row["deleted"]] == [(5, 2)]
    statuses = await rows_of(database, MEXICO, HistoryTable.STATUSES)
    assert [row["value"] for row in statuses if row["kind"] == "part"] == ["0", "1", "2", "3"]
    assert await rows_of(database, MEXICO, HistoryTable.PREDICTIONS) == []


@pytest.mark.slow
async def test_a_lap_that_the_feed_took_back_is_marked(database: Database, shared: Path) -> None:
    file = "2025-05-16_Emilia_Romagna_Grand_Prix__Qualifying.txt"
    await imported(database, shared / "data" / "wire" / "merged" / file)

    laps = await rows_of(database, IMOLA, HistoryTable.LAPS)
    bearman = {row["lap"]: row for row in laps if row["car"] == 87}
    (standing,) = [
        row for row in await rows_of(database, IMOLA, HistoryTable.STANDINGS) if row["car"] == 87
    ]

    # The lap of 1:16.077 had begun after the red flag; the in-lap has its number.
    assert [row["lap_time_s"] for row in bearman.values() if row["lap_time_s"] == 76.077] == []
    assert (bearman[8]["lap_type"], bearman[8]["lap_time_s"]) == ("in", 233.2)
    assert (standing["best_lap_s"], standing["best_lap"], standing["out_in"]) == (76.918, 2, 1)


@pytest.mark.slow
async def test_standings_come_as_a_file(database: Database, shared: Path) -> None:
    file = "2025-06-27_Austrian_Grand_Prix__Practice_3.txt"
    await imported(database, shared / "data" / "wire" / "merged" / file)

    reader = SqlRaceReader(database)
    race = await reader.race("2025-austrian-grand-prix-practice-3")
    pieces = SqlRaceExporter(database).csv(race, HistoryTable.STANDINGS, Selection())
    lines = b"".join([piece async for piece in pieces]).decode().splitlines()

    assert lines[0].startswith("position,car,driver,best_lap_s,best_lap,part_1_s")
    assert lines[1].startswith("1,4,lando-norris,64.324,14,,,,64.324,0,21,0,")
    assert len(lines) == 21
    entries = await rows_of(database, race.id, HistoryTable.ENTRIES)
    assert len(entries) == 20  # no car of which only another series' tyres were told
