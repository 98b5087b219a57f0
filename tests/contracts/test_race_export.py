"""Test that CSV and Parquet exports hold what the pages show, on both databases."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq

from pitwall.domain.race import RaceInfo
from pitwall.domain.records import Batch, ControlRecord, MessageRecord
from pitwall.domain.stored_races import HistoryTable, Selection
from pitwall.store.database import Database
from pitwall.store.race_exporter import SqlRaceExporter
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.races import SMALL, small_batch

EVERYTHING = tuple(HistoryTable)
ALL = Selection()


async def test_both_kinds_of_export_say_the_same(kept: Database, told: Batch) -> None:
    reader, exporter = SqlRaceReader(kept), SqlRaceExporter(kept)
    race = await reader.race(told.info.race_id)

    for table in EVERYTHING:
        text = b"".join([piece async for piece in exporter.csv(race, table, ALL)]).decode()
        columns = b"".join([piece async for piece in exporter.parquet(race, table, ALL)])
        parsed = list(csv.DictReader(io.StringIO(text, newline="")))
        expected = pq.read_table(io.BytesIO(columns)).to_pylist()
        assert [as_text(row) for row in expected] == parsed, table
        assert text.count("\r\n") == len(parsed) + 1
        assert text.count("\n") == text.count("\r\n")


async def test_the_whole_race_is_one_table_in_order(kept: Database, told: Batch) -> None:
    race = await SqlRaceReader(kept).race(told.info.race_id)
    pieces = [piece async for piece in SqlRaceExporter(kept).csv(race, None, ALL)]
    rows = list(csv.DictReader(io.StringIO(b"".join(pieces).decode(), newline="")))

    kinds = [row["kind"] for row in rows]
    assert kinds.count("timing") == len(told.timing)
    assert kinds.count("lap") == len(told.laps)
    assert kinds.count("prediction") == len(told.predictions)
    assert [row["at_utc"] for row in rows] == sorted(row["at_utc"] for row in rows)


async def test_a_deleted_lap_is_exported_and_marked(database: Database) -> None:
    batch = small_batch(1)
    batch.laps[2, 1] = batch.laps[2, 1]._replace(deleted=True)
    writer = SqlRaceWriter(database)
    await writer.append(await writer.begin(SMALL, "recorded", "recording:small"), batch)
    race = await SqlRaceReader(database).race(SMALL.race_id)

    marks = {}
    for table in (None, HistoryTable.LAPS):
        pieces = [piece async for piece in SqlRaceExporter(database).csv(race, table, ALL)]
        rows = csv.DictReader(io.StringIO(b"".join(pieces).decode(), newline=""))
        marks[table] = [
            row["text"] if table is None else row["deleted"]
            for row in rows
            if table is not None or row["kind"] == "lap"
        ]

    assert marks == {None: ["", "deleted"], HistoryTable.LAPS: ["false", "true"]}


async def test_text_that_a_spreadsheet_would_run_is_made_harmless(database: Database) -> None:
    at = datetime(2026, 7, 5, 13, tzinfo=UTC)
    harmless = ['say "GO", then stop', "plain", "a=1", "\u00bd lap", "x", "\u2010 dash"]
    texts = ["=1+1", "+A1", "-2", "@SUM(A1)", "\tx", 'say "GO",\r\nthen stop', *harmless[1:]]
    wide = ["\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", "\ufe66\u208c1", "\u207a1"]
    blank = [" =1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\u3000\uff1d1", " \t @x", "\x0b=1"]
    run = [*wide, *blank]
    texts += run
    info = RaceInfo("2026-a-race", "A Grand Prix", "Race", "Somewhere", 2026)
    batch = Batch(info=info, messages_through=1, last_at=at)
    batch.messages.append(MessageRecord(0, at, "Heartbeat", b"{}"))
    batch.control += [
        ControlRecord(at, 0, nth, at, "Other", text, None, None, None, None, None)
        for nth, text in enumerate(texts)
    ]
    writer = SqlRaceWriter(database)
    await writer.append(await writer.begin(info, "recorded", "a feed"), batch)
    race = await SqlRaceReader(database).race(info.race_id)

    pieces = SqlRaceExporter(database).csv(race, HistoryTable.RACE_CONTROL, ALL)
    text = b"".join([piece async for piece in pieces]).decode()

    told = [row["message"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert told == [
        *("'=1+1", "'+A1", "'-2", "'@SUM(A1)", "'\tx", *harmless),
        *(f"'{text}" for text in run),
    ]


def as_text(row: dict[str, Any]) -> dict[str, str]:
    """Return a row as the CSV has it."""
    return {name: _text(value) for name, value in row.items()}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    return value if isinstance(value, str) else repr(value).removesuffix(".0")
