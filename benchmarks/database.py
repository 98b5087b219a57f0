"""What COPY saves: rows in and rows out against ORM objects, in the same run.

Needs an installed PostgreSQL; starts one of its own. SQLite stands beside it where it can.
"""

from __future__ import annotations

import asyncio
import csv
import io
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text
from sqlmodel import select

from pitwall.domain.history import HistoryTable, Selection
from pitwall.domain.records import Batch, PredictionRecord
from pitwall.store import migrating, tables
from pitwall.store.engine import Database, database_url
from pitwall.store.exporting import RaceExporter
from pitwall.store.reading import RaceReader
from pitwall.store.writing import RaceWriter
from tests.servers.postgres import find_binaries, running_server
from tests.store.races import LIGHTS_OUT, SMALL, small_batch

ROWS = 100_000
ORM_ROWS = 5_000  # of which the time for all is reckoned: `add_all` is slow


def main() -> None:
    """Print the ratios for each database."""
    out("\nPredictions in and out of the database, against ORM objects in the same run\n")
    binaries = find_binaries()
    if binaries is None:
        out("PostgreSQL: not installed\n")
    else:
        with running_server(binaries) as server:
            asyncio.run(_measure("PostgreSQL", server.new_database()))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure("SQLite", f"sqlite:///{folder}/benchmark.db"))


async def _measure(name: str, url: str) -> None:
    database = Database(database_url(url, Path()))
    await migrating.upgrade(database)
    batch = _many()
    orm_in_s = await _add_all(database, batch) * ROWS / ORM_ROWS
    async with database.writing() as connection:
        await connection.execute(text("DELETE FROM races"))
    ours_in_s = await _timed(lambda: _append(database, batch))
    ours_out_s = await _timed(lambda: _out(database, drain=True))
    orm_out_s = await _timed(lambda: _orm_out(database))
    out(f"{name}, {ROWS:,} predictions\n")
    for way, ours_s, orm_s in (("in", ours_in_s, orm_in_s), ("out", ours_out_s, orm_out_s)):
        ratio = orm_s / ours_s
        out(
            f"  {way:3}: {ours_s:.2f} s, with ORM objects {orm_s:.2f} s: {ratio:.1f} times faster\n"
        )
    for rows in (ROWS // 10, ROWS):
        out(f"  memory of an export of {rows:7,} rows: {await _memory_mb(database, rows):.1f} MB\n")
    await database.close()


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    began_s = time.perf_counter()
    await work()
    return time.perf_counter() - began_s


def _many() -> Batch:
    batch = small_batch(1)
    first = next(iter(batch.predictions.values()))
    batch.predictions = {
        (at, 2, 1): first._replace(made_at=at, interval_s=n / 7, p_overtake=1 / (n + 2))
        for n in range(ROWS)
        for at in (LIGHTS_OUT + timedelta(seconds=n),)
    }
    return batch


async def _append(database: Database, batch: Batch) -> None:
    writer = RaceWriter(database)
    await writer.append(await writer.begin(SMALL, "recorded", "benchmark"), batch)


async def _add_all(database: Database, batch: Batch) -> float:
    """Return the seconds that `add_all` took: what had to be there already does not count."""
    writer = RaceWriter(database)
    await writer.append(await writer.begin(SMALL, "recorded", "benchmark"), small_batch(1))
    names = [name for name in PredictionRecord._fields if name not in {"attacker", "defender"}]
    rows = list(batch.predictions.values())[1 : ORM_ROWS + 1]
    began_s = time.perf_counter()
    async with database.session() as session:
        session.add_all(
            tables.Prediction(
                race_id=SMALL.race_id,
                attacker_id="mary-somer",
                defender_id="ada-byron",
                **{name: getattr(row, name) for name in names},
            )
            for row in rows
        )
    return time.perf_counter() - began_s


async def _out(database: Database, *, drain: bool, until: int = ROWS) -> int:
    race = await RaceReader(database).race(SMALL.race_id)
    part = Selection(until=LIGHTS_OUT + timedelta(seconds=until))
    size = 0
    async for piece in RaceExporter(database).csv(race, HistoryTable.PREDICTIONS, part):
        size += len(piece) if drain else 0
    return size


async def _orm_out(database: Database) -> int:
    async with database.session() as session:
        found = await session.execute(
            select(tables.Prediction)
            .where(tables.Prediction.race_id == SMALL.race_id)
            .order_by(tables.Prediction.made_at)  # type: ignore[arg-type]  # a column here
        )
        file = io.StringIO()
        writer = csv.writer(file)
        names = list(tables.Prediction.model_fields)
        writer.writerow(names)
        for row in found.scalars():
            writer.writerow([getattr(row, name) for name in names])
        return len(file.getvalue())


async def _memory_mb(database: Database, rows: int) -> float:
    tracemalloc.start()
    await _out(database, drain=False, until=rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def out(line: str) -> None:
    """Print at once, as measuring takes its time."""
    sys.stdout.write(line)
    sys.stdout.flush()
