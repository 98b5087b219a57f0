"""Test that an export holds no database connection while its client is slow."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator

import pytest

from pitwall.domain.stored_races import HistoryTable, Selection
from pitwall.errors import BusyError
from pitwall.store import export_spool
from pitwall.store.database import Database, Pool
from pitwall.store.race_exporter import SqlRaceExporter
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.races import SMALL, small_batch

ROWS = 8_000


async def a_race(database: Database) -> None:
    writer = SqlRaceWriter(database)
    mark = await writer.begin(SMALL, "recorded", "recording:small")
    await writer.append(mark, small_batch(ROWS))
    await writer.finish(mark, "finished")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
async def test_clients_that_take_nothing_hold_no_connection(
    database: Database, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_spool, "MOST_EXPORTS", 6)
    monkeypatch.setattr(export_spool, "IN_MEMORY", 50_000)
    await a_race(database)
    narrow = Database(database.url, Pool("exports", most=1, wait_s=30.0))
    exporter = SqlRaceExporter(narrow)
    race = await SqlRaceReader(database).race(SMALL.race_id)
    write = exporter.csv if kind == "csv" else exporter.parquet
    stalled = [write(race, HistoryTable.PREDICTIONS, Selection()) for _ in range(6)]
    try:
        # Each has begun, one after the other on the only connection, and then takes no more.
        firsts = [await anext(one) for one in stalled]
        async with asyncio.timeout(20):
            async with narrow.reading():
                pass
            whole = [
                hashlib.sha256(first + b"".join([piece async for piece in one])).hexdigest()
                for first, one in zip(firsts, stalled, strict=True)
            ]
        assert len(set(whole)) == 1
    finally:
        for one in stalled:
            await one.aclose()
        await narrow.close()
    assert export_spool._under_way == 0


async def numbers(count: int, closed: list[bool]) -> AsyncGenerator[bytes, None]:
    try:
        for n in range(count):
            yield b"%07d" % n
    finally:
        closed.append(True)


@pytest.mark.parametrize("pause_every", [0, 1, 100])
async def test_what_goes_by_way_of_the_file_is_in_order(
    monkeypatch: pytest.MonkeyPatch, pause_every: int
) -> None:
    monkeypatch.setattr(export_spool, "IN_MEMORY", 70)
    monkeypatch.setattr(export_spool, "AT_ONCE", 140)
    closed: list[bool] = []
    came = b""
    async for piece in export_spool.spooled(numbers(3_000, closed)):
        came += piece
        if pause_every and len(came) % pause_every == 0:
            await asyncio.sleep(0.001)
    assert came == b"".join(b"%07d" % n for n in range(3_000))
    assert closed == [True]


async def test_one_that_is_left_is_closed_and_one_too_many_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export_spool, "MOST_EXPORTS", 1)
    closed: list[bool] = []
    first = export_spool.spooled(numbers(10**9, closed))
    await anext(first)
    with pytest.raises(BusyError, match="1 exports are under way"):
        await anext(export_spool.spooled(numbers(3, [])))
    await first.aclose()
    assert closed == [True]
    assert [piece async for piece in export_spool.spooled(numbers(1, []))] == [b"0000000"]


async def test_what_fails_in_the_middle_is_raised_after_what_came_before() -> None:
    async def failing() -> AsyncGenerator[bytes, None]:
        yield b"one"
        raise BusyError

    pieces = export_spool.spooled(failing())
    assert await anext(pieces) == b"one"
    with pytest.raises(BusyError):
        await anext(pieces)
