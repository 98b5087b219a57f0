"""Measure how much faster rows are written and read in bulk than as ORM objects, in one run.

It starts a PostgreSQL server of its own, which has to be installed. SQLite is measured too.
"""

from __future__ import annotations

import asyncio
import csv
import io
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, select

from pitwall.domain.records import Batch, PredictionRecord, TimingRecord
from pitwall.domain.stored_races import HistoryTable, Selection
from pitwall.store import migrations, tables
from pitwall.store.database import Database, database_url
from pitwall.store.race_exporter import SqlRaceExporter
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.servers.postgres import find_binaries, running_server
from tests.store.races import LIGHTS_OUT, SMALL, small_batch

ROWS = 100_000
ORM_ROWS = 5_000  # of which the time for all is reckoned: `add_all` is slow


def main() -> None:
    """Print the ratios for each database."""
    out("\nRows in and out of the database, against ORM objects in the same run\n")
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
    await migrations.upgrade(database)
    out(f"{name}, {ROWS:,} rows of each\n")
    for kind in _Kind.all():
        await _measure_in(database, kind)
        if kind.model is not tables.CompactForecast:
            await SqlRaceWriter(database).remove(SMALL.race_id)
    ours_out_s = await _timed(lambda: _out(database, drain=True))
    orm_out_s = await _timed(lambda: _orm_out(database))
    _print("predictions out as CSV", ours_out_s, orm_out_s)
    for rows in (ROWS // 10, ROWS):
        out(f"  memory of an export of {rows:7,} rows: {await _memory_mb(database, rows):.1f} MB\n")
    await database.close()


async def _measure_in(database: Database, kind: _Kind) -> None:
    orm_s = await _add_all(database, kind) * ROWS / ORM_ROWS
    await SqlRaceWriter(database).remove(SMALL.race_id)
    batch = kind.batch(ROWS)
    _print(f"{kind.name} in", await _timed(lambda: _append(database, batch)), orm_s)


def _print(what: str, ours_s: float, orm_s: float) -> None:
    ratio = orm_s / ours_s
    out(f"  {what}: {ours_s:.2f} s, with ORM objects {orm_s:.2f} s: {ratio:.1f} times faster\n")


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    began_s = time.perf_counter()
    await work()
    return time.perf_counter() - began_s


@dataclass(frozen=True, slots=True)
class _Kind:
    """One table, and how its rows are made: ours, and as ORM objects."""

    name: str
    model: type[SQLModel]
    batch: Callable[[int], Batch]
    objects: Callable[[Batch], list[SQLModel]]

    @staticmethod
    def all() -> tuple[_Kind, ...]:
        """Return the three tables that grow, predictions last."""
        return (
            _Kind("timing", tables.TimingRow, _timing, lambda held: _rows(held.timing)),
            _Kind(
                "car_samples",
                tables.CarSampleRow,
                _samples,
                lambda held: _rows([sample for _, sample in held.samples]),
            ),
            _Kind("predictions", tables.CompactForecast, _predictions, _prediction_objects),
        )


def _timing(rows: int) -> Batch:
    batch = small_batch(1)
    (first,) = batch.timing
    batch.timing = [first._replace(seq=n, interval_s=n / 8) for n in range(rows)]
    return batch


def _samples(rows: int) -> Batch:
    batch = small_batch(1)
    ((seq, first),) = batch.samples
    batch.samples = [
        (seq, first._replace(at=LIGHTS_OUT + timedelta(milliseconds=250 * n))) for n in range(rows)
    ]
    return batch


def _predictions(rows: int) -> Batch:
    batch = small_batch(1)
    (first,) = batch.predictions.values()
    batch.predictions = {
        (at, 2, 1): first._replace(made_at=at, interval_s=n / 7, p_overtake=1 / (n + 2))
        for n in range(rows)
        for at in (LIGHTS_OUT + timedelta(seconds=n),)
    }
    return batch


def _rows(records: Sequence[Any]) -> list[SQLModel]:
    model = tables.TimingRow if isinstance(records[0], TimingRecord) else tables.CarSampleRow
    return [model(race_number=1, **record._asdict()) for record in records]


def _prediction_objects(batch: Batch) -> list[SQLModel]:
    others = {"attacker", "defender", "model_version", "outcome", "condition"}
    names = [name for name in PredictionRecord._fields if name not in others]
    return [
        tables.CompactForecast(
            race_number=1,
            attacker_number=2,
            defender_number=1,
            model_number=1,
            **{name: getattr(row, name) for name in names},
        )
        for row in batch.predictions.values()
    ]


async def _append(database: Database, batch: Batch) -> None:
    writer = SqlRaceWriter(database)
    await writer.append(await writer.begin(SMALL, "recorded", "benchmark"), batch)


async def _add_all(database: Database, kind: _Kind) -> float:
    """Return the seconds that `add_all` took: what had to be there already does not count."""
    writer, rows = SqlRaceWriter(database), kind.batch(ORM_ROWS)
    await writer.append(await writer.begin(SMALL, "recorded", "benchmark"), _nothing())
    began_s = time.perf_counter()
    async with database.session() as session:
        session.add_all(kind.objects(rows))
    return time.perf_counter() - began_s


def _nothing() -> Batch:
    """Return a batch with the race and its drivers, and no rows."""
    batch = small_batch(1)
    batch.timing, batch.samples, batch.predictions = [], [], {}
    return batch


async def _out(database: Database, *, drain: bool, until: int = ROWS) -> int:
    race = await SqlRaceReader(database).race(SMALL.race_id)
    part = Selection(until=LIGHTS_OUT + timedelta(seconds=until))
    size = 0
    async for piece in SqlRaceExporter(database).csv(race, HistoryTable.PREDICTIONS, part):
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
