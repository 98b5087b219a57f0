"""Export a race's tables as CSV and Parquet: streams of bytes, in memory that does not grow.

PostgreSQL writes CSV itself (COPY); SQLite's rows are written in a thread, 2,000 at a time. One
transaction reads all of a file, so that it shows one moment of the race; `spooling` gives its
connection back when the database has told all, however slow the client is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.history import HistoryTable, RaceSummary, Selection
from pitwall.pipeline.ending import end
from pitwall.store.bulk import driver_of
from pitwall.store.engine import Database
from pitwall.store.everything import everything
from pitwall.store.reading import cars_of, ordered
from pitwall.store.shelves import SHELVES, Shelf
from pitwall.store.spooling import spooled
from pitwall.store.text import csv_lines, in_postgresql, in_python

ROWS_AT_ONCE = 2_000
PIECES_AHEAD = 8  # of COPY, that wait for a slow reader; then the database waits
PIECE_BYTES = 65_536


class RaceExporter:
    """Implements `pitwall.race_ports.RaceExporter`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def csv(
        self, race: RaceSummary, table: HistoryTable | None, selection: Selection
    ) -> AsyncGenerator[bytes, None]:
        async with aclosing(spooled(self._csv(race, table, selection))) as pieces:
            async for piece in pieces:
                yield piece

    async def parquet(
        self, race: RaceSummary, table: HistoryTable | None, selection: Selection
    ) -> AsyncGenerator[bytes, None]:
        async with aclosing(spooled(self._parquet(race, table, selection))) as pieces:
            async for piece in pieces:
                yield piece

    async def _csv(
        self, race: RaceSummary, table: HistoryTable | None, selection: Selection
    ) -> AsyncGenerator[bytes, None]:
        shelf = SHELVES[table] if table else everything(race)
        async with self._database.reading() as connection:
            query = await selected(connection, shelf, race, selection)
            lines = _copied if not self._database.is_sqlite else _written
            async with aclosing(lines(connection, shelf, query)) as pieces:
                async for piece in _gathered(pieces):
                    yield piece

    async def _parquet(
        self, race: RaceSummary, table: HistoryTable | None, selection: Selection
    ) -> AsyncGenerator[bytes, None]:
        from pitwall.store.parquet import parquet_pieces  # pyarrow takes a second to import

        shelf = SHELVES[table] if table else everything(race)
        async with self._database.reading() as connection:
            query = await selected(connection, shelf, race, selection)
            async with aclosing(parquet_pieces(connection, shelf, query)) as pieces:
                async for piece in pieces:
                    yield piece


async def selected(
    connection: AsyncConnection, shelf: Shelf, race: RaceSummary, selection: Selection
) -> Select[Any]:
    """Return the query of an export, rows in order.

    Raises:
        SelectionError: A driver is nobody's name in this race.
    """
    return ordered(shelf, race, selection, await cars_of(connection, race, selection.drivers))


def as_text(connection: AsyncConnection, query: Select[Any]) -> str:
    """Return a query with its values in it: COPY takes no parameters."""
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    return str(compiled)


async def _copied(
    connection: AsyncConnection, shelf: Shelf, query: Select[Any]
) -> AsyncGenerator[bytes, None]:
    written: Select[Any] = query.with_only_columns(*map(in_postgresql, shelf.columns))
    driver = await driver_of(connection)
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(PIECES_AHEAD)

    async def copy() -> None:
        try:
            await driver.copy_from_query(
                as_text(connection, written), output=pieces.put, format="csv", header=True
            )
        finally:
            await pieces.put(None)

    copying = asyncio.create_task(copy())
    try:
        while (piece := await pieces.get()) is not None:
            # COPY ends lines with LF alone; no value holds one.
            yield piece.replace(b"\n", b"\r\n")
        await copying
    finally:
        # Room for the last word of a copy that waits for its reader.
        while not pieces.empty():
            pieces.get_nowait()
        await end(copying)


async def _written(
    connection: AsyncConnection, shelf: Shelf, query: Select[Any]
) -> AsyncGenerator[bytes, None]:
    writers = [in_python(column.type) for column in shelf.columns]
    driver = await driver_of(connection)
    yield (",".join(shelf.names) + "\r\n").encode()
    async with driver.execute(as_text(connection, query)) as cursor:
        while rows := await cursor.fetchmany(ROWS_AT_ONCE):
            yield await asyncio.to_thread(csv_lines, rows, writers)


async def _gathered(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Join small pieces: each costs a reader a wake-up."""
    held: list[bytes] = []
    size = 0
    async for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
