"""Measure the cost of the ledger: a second of a live race, an import, and a view of its page."""

from __future__ import annotations

import asyncio
import hashlib
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import insert

from pitwall.analysis.track_record import track_record
from pitwall.domain.ledger import SCORE_BINS, Made
from pitwall.domain.records import Batch, MessageRecord, OutcomeRecord, PredictionRecord
from pitwall.store import migrations, tables
from pitwall.store.database import Database, database_url
from pitwall.store.ledger.reader import SqlLedgerReader
from pitwall.store.ledger.verifier import verify
from pitwall.store.ledger.writer import LedgerWriter
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.store.row_writer import table_of
from tests.servers.postgres import find_binaries, running_server
from tests.store.races import LIGHTS_OUT, SMALL, small_batch

BATTLES, SECONDS, LAP_S = 12, 400, 80
IMPORTED = 100_000
RUNS = 500
_TICK_S = 0.001


class _NoLedger(LedgerWriter):
    async def enter(self, *_told: object) -> None:
        """Enter nothing."""


def main() -> None:
    """Print what it costs on each database."""
    out("\nThe ledger\n")
    out(f"  hashing {IMPORTED:,} forecasts: one by one {_hashed(1):.2f} s, ")
    out(f"{BATTLES} at once {_hashed(BATTLES):.2f} s, 4,000 at once {_hashed(4_000):.2f} s\n")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure("SQLite", [f"sqlite:///{folder}/{n}.db" for n in range(4)]))
    binaries = find_binaries()
    if binaries is None:
        out("  PostgreSQL: not installed\n")
        return
    with running_server(binaries) as server:
        asyncio.run(_measure("PostgreSQL", [server.new_database() for _ in range(4)]))


def _hashed(at_once: int) -> float:
    began, digest, piece = time.perf_counter(), bytes(32), bytes(31 * at_once)
    for _ in range(IMPORTED // at_once):
        digest = hashlib.sha256(digest + piece).digest()
    return time.perf_counter() - began


async def _measure(name: str, urls: list[str]) -> None:
    out(f"  {name}\n")
    for what, batches in (("a live second", _live()), ("an import", _import())):
        told = []
        for ledger, url in zip((_NoLedger(), LedgerWriter()), urls[:2], strict=True):
            took, stall_s = await _append(url, ledger, batches)
            told.append(f"{1000 * median(took):.1f} ms, loop held {1000 * stall_s:.0f} ms at most")
        out(f"    {what}, a batch without the ledger: {told[0]}; with it: {told[1]}\n")
        urls = urls[2:] or urls
    database = Database(database_url(urls[1], Path()))
    began = time.perf_counter()
    found = await verify(database)
    out(f"    verify: {found.forecasts:,} forecasts in {time.perf_counter() - began:.1f} s\n")
    await _fill(database)
    began = time.perf_counter()
    contents = await SqlLedgerReader(database).contents(Made.LIVE, simulated=False)
    read_s = time.perf_counter() - began
    track_record(contents)
    counted_s = time.perf_counter() - began - read_s
    out(f"    page of {len(contents.runs)} races: read in {1000 * read_s:.0f} ms, ")
    out(f"counted in {1000 * counted_s:.0f} ms in a thread, then kept for 15 s\n")
    await database.close()


async def _append(
    url: str, ledger: LedgerWriter, batches: list[Batch]
) -> tuple[list[float], float]:
    """Return how long each batch took, and for how long at most nothing else could run, seconds."""
    database = Database(database_url(url, Path()))
    await migrations.upgrade(database)
    writer = SqlRaceWriter(database)
    writer._ledger = ledger
    mark = await writer.begin(SMALL, "live", "a feed")
    took: list[float] = []
    stalls = [0.0]
    watching = asyncio.create_task(_watch(stalls))
    for batch in batches:
        began = time.perf_counter()
        await writer.append(mark, batch)
        took.append(time.perf_counter() - began)
    watching.cancel()
    await database.close()
    return took, max(stalls)


async def _watch(stalls: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_TICK_S)
        stalls.append(time.perf_counter() - began - _TICK_S)


def _live() -> list[Batch]:
    """Return a batch a second: a round of forecasts, and the outcomes of a lap before."""
    made = []
    for second in range(SECONDS):
        at = LIGHTS_OUT + timedelta(seconds=second)
        batch = Batch(info=SMALL, messages_through=second + 1, last_at=at)
        batch.entries = small_batch(1).entries if second == 0 else {}
        batch.messages.append(MessageRecord(second, at, "Heartbeat", b"{}"))
        for battle in range(BATTLES):
            batch.predictions[at, 2 + battle, 1] = _forecast(second, battle)
            if second >= LAP_S:
                then = at - timedelta(seconds=LAP_S)
                batch.outcomes.append(OutcomeRecord("held", at, then, 2 + battle, 1))
        made.append(batch)
    return made


def _import() -> list[Batch]:
    """Return 25 batches of 4,000 forecasts whose outcome is known."""
    made, rounds = [], IMPORTED // BATTLES
    for first in range(0, rounds, rounds // 25):
        batch = Batch(info=SMALL, messages_through=first + 1, is_imported=True)
        batch.last_at = LIGHTS_OUT + timedelta(seconds=first)
        batch.messages.append(MessageRecord(first, batch.last_at, "Heartbeat", b"{}"))
        for second in range(first, first + rounds // 25):
            at = LIGHTS_OUT + timedelta(seconds=second)
            for battle in range(BATTLES):
                row = _forecast(second, battle)
                settled = at + timedelta(seconds=LAP_S)
                row = row._replace(outcome="held", settled_at=settled)
                batch.predictions[at, 2 + battle, 1] = row
        made.append(batch)
    return made


def _forecast(second: int, battle: int) -> PredictionRecord:
    at = LIGHTS_OUT + timedelta(seconds=second)
    p = ((second * 7 + battle * 13) % 100) / 100
    return PredictionRecord(2 + battle, 1, second // LAP_S, at, 1, 0.1 * battle, p, "model")


async def _fill(database: Database) -> None:
    """Put the sums of many seasons beside the race."""
    at = LIGHTS_OUT
    runs = [
        {
            "run": 100 + n, "race_id": f"race-{n}", "race_born": at, "name": f"GP {n}",
            "year": 2026 + n // 30, "circuit": f"Circuit {n % 24}", "source": "live",
            "made": "live", "model_version": "model", "first_at": at + timedelta(days=n),
        }
        for n in range(RUNS)
    ]  # fmt: skip
    cells = [
        {
            "run": 100 + n, "made": "live", "outcome": outcome, "bin": bin_, "forecasts": 1_000,
            "laps": 20, "p_sum": 100.0, "brier": 90.0, "log_loss": 200.0, "gap_brier": 99.0,
            "gap_log_loss": 220.0,
        }
        for n in range(RUNS) for outcome in ("passed", "held") for bin_ in range(SCORE_BINS)
    ]  # fmt: skip
    calls = [
        {
            "run": 100 + n, "made": "live", "which": which, "attacker": pair + 2, "defender": 1,
            "attacker_id": "a", "defender_id": "b", "made_at": at, "lap": 3, "position": 4,
            "interval_s": 1.0, "p_overtake": 0.5, "gap_only": 0.1, "outcome": "held",
            "score": pair + n / RUNS,
        }
        for n in range(RUNS) for which in ("best", "worst") for pair in range(60)
    ]  # fmt: skip
    async with database.writing() as connection:
        for model, rows in (
            (tables.LedgerRunRow, runs),
            (tables.LedgerCell, cells),
            (tables.LedgerCall, calls),
        ):
            await connection.execute(insert(table_of(model)), rows)


def out(words: str) -> None:
    """Say something."""
    sys.stdout.write(words)
    sys.stdout.flush()
