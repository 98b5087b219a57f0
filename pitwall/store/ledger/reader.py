"""Read what pages show of the ledger: sums by race, and the best and worst single forecasts."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, Subquery, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.forecasts import DECIDED, Outcome
from pitwall.domain.ledger import (
    SCORE_BINS,
    Call,
    ForecastTally,
    LedgerContents,
    LedgerHead,
    LedgerRun,
    Made,
)
from pitwall.domain.sessions import Source
from pitwall.store import tables
from pitwall.store.database import Database
from pitwall.store.ledger import scores
from pitwall.store.ledger.entries import entries_table
from pitwall.store.row_writer import table_of
from pitwall.store.table_views import Column

FRESH_S = 15.0  # contents read less than this long ago are returned again
MOST_CALLS = 8
_runs = table_of(tables.LedgerRunRow)
_cells = table_of(tables.LedgerCell)
_calls = table_of(tables.LedgerCall)
_races = table_of(tables.RaceRow)
_drivers = table_of(tables.DriverRow)


class SqlLedgerReader:
    """Implements `pitwall.ports.races.LedgerReader`."""

    def __init__(self, database: Database, fresh_s: float = FRESH_S) -> None:
        self._database = database
        self._fresh_s = fresh_s
        self._read: dict[tuple[Made, bool], tuple[float, LedgerContents]] = {}
        self._reading = asyncio.Lock()

    async def head(self) -> LedgerHead | None:
        async with self._database.reading() as connection:
            return await _head(connection)

    async def contents(self, made: Made, *, simulated: bool) -> LedgerContents:
        async with self._reading:  # requests at the same time wait for one that reads
            cached = self._read.get((made, simulated))
            if cached is not None and time.monotonic() - cached[0] < self._fresh_s:
                return cached[1]
            async with self._database.snapshot() as connection:
                contents = await _contents(connection, made, simulated=simulated)
            self._read[made, simulated] = (time.monotonic(), contents)
            return contents


async def _head(connection: AsyncConnection) -> LedgerHead | None:
    query = select(entries_table.c.number, entries_table.c.digest, entries_table.c.written_at)
    newest = query.order_by(entries_table.c.number.desc()).limit(1)
    found = (await connection.execute(newest)).first()
    if found is None:
        return None
    return LedgerHead(found.number, bytes(found.digest).hex(), found.written_at)


async def _contents(connection: AsyncConnection, made: Made, *, simulated: bool) -> LedgerContents:
    counted = _counted(made, simulated=simulated)
    rows = (await connection.execute(counted)).all()
    runs = counted.subquery()
    by_run = (await connection.execute(_summed(runs, made, _cells.c.run))).all()
    by_bin = (await connection.execute(_summed(runs, made, _cells.c.bin))).all()
    best, worst = [
        await _calls_of(connection, runs, made, which) if rows else ()
        for which in ("best", "worst")
    ]
    head = await _head(connection)
    built, bins = await asyncio.to_thread(_built, rows, by_run, by_bin)
    return LedgerContents(head, built, bins, best, worst)


def _summed(runs: Subquery, made: Made, by: Column) -> Select[Any]:
    """Return the query that sums the cells of some runs by one of their columns and by outcome."""
    sums = (func.sum(_cells.c[name]).label(name) for name in scores.SUMS)
    query = select(by.label("place"), _cells.c.outcome, *sums)
    of_these = query.join(runs, _cells.c.run == runs.c.run)
    return of_these.where(_cells.c.made == made.value).group_by(by, _cells.c.outcome)


def _built(
    rows: Sequence[Row[Any]], by_run: Sequence[Row[Any]], by_bin: Sequence[Row[Any]]
) -> tuple[tuple[LedgerRun, ...], tuple[ForecastTally, ...]]:
    """Return the runs and bins of the page; called in a thread."""
    sums: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for one in by_run:
        sums[one.place].append(one)
    bins = [ForecastTally() for _ in range(SCORE_BINS)]
    for one in by_bin:
        if one.outcome in DECIDED:
            bins[one.place] += _tally(one)
    return tuple(_run(row, sums[row.run]) for row in rows if sums[row.run]), tuple(bins)


def _counted(made: Made, *, simulated: bool) -> Select[Any]:
    """Return the query of the runs that count: every live run, the newest import of each race."""
    same_race = (_runs.c.race_id == _races.c.id) & (_runs.c.race_born == _races.c.created_at)
    is_stored = _races.c.number.is_not(None).label("is_stored")
    is_simulated = _runs.c.source == Source.SIMULATED.value
    query = (
        select(_runs, is_stored)
        .outerjoin(_races, same_race)
        .where(is_simulated if simulated else ~is_simulated)
        .order_by(_runs.c.first_at, _runs.c.run)
    )
    if made is Made.LIVE:
        return query.where(_runs.c.made == made.value)
    newest = select(func.max(_runs.c.run)).group_by(_runs.c.race_id, _runs.c.made)
    return query.where(_runs.c.run.in_(newest))


async def _calls_of(
    connection: AsyncConnection,
    runs: Subquery,
    made: Made,
    which: str,
) -> tuple[Call, ...]:
    behind, ahead = _drivers.alias("behind"), _drivers.alias("ahead")
    query = (
        select(
            _calls,
            runs.c.race_id,
            runs.c.name,
            runs.c.year,
            runs.c.source,
            runs.c.is_stored,
            behind.c.code.label("attacker_code"),
            ahead.c.code.label("defender_code"),
        )
        .join(runs, _calls.c.run == runs.c.run)
        .outerjoin(behind, behind.c.id == _calls.c.attacker_id)
        .outerjoin(ahead, ahead.c.id == _calls.c.defender_id)
        .where(_calls.c.made == made.value, _calls.c.which == which)
        .order_by(_calls.c.score.desc(), _calls.c.run, _calls.c.attacker)
        .limit(MOST_CALLS)
    )
    return tuple(_call(row) for row in await connection.execute(query))


def _call(row: Row[Any]) -> Call:
    return Call(
        race_id=row.race_id,
        race=f"{row.name} {row.year}",
        source=row.source,
        made_at=row.made_at,
        lap=row.lap,
        position=row.position,
        attacker=row.attacker,
        defender=row.defender,
        attacker_code=row.attacker_code or row.attacker_id,
        defender_code=row.defender_code or row.defender_id,
        interval_s=row.interval_s,
        p_overtake=row.p_overtake,
        gap_only=row.gap_only,
        outcome=row.outcome,
        is_stored=bool(row.is_stored),
    )


def _run(row: Row[Any], sums: Sequence[Row[Any]]) -> LedgerRun:
    decided, forecasts, interrupted = ForecastTally(), 0, {}
    for one in sums:
        if one.outcome in DECIDED:
            decided += _tally(one)
        elif one.outcome == scores.ALL_FORECASTS:
            forecasts += one.forecasts
        else:
            interrupted[one.outcome] = int(one.forecasts)
    return LedgerRun(
        run=row.run,
        race_id=row.race_id,
        name=row.name,
        year=row.year,
        circuit=row.circuit,
        source=row.source,
        first_at=row.first_at,
        model_version=row.model_version,
        made=Made(row.made),
        is_stored=bool(row.is_stored),
        forecasts=int(forecasts),
        decided=decided,
        interrupted=interrupted,
    )


def _tally(cell: Row[Any]) -> ForecastTally:
    return ForecastTally(
        forecasts=int(cell.forecasts),
        passes=int(cell.forecasts) if cell.outcome == Outcome.PASSED else 0,
        laps=int(cell.laps),
        p_sum=cell.p_sum,
        brier=cell.brier,
        log_loss=cell.log_loss,
        gap_brier=cell.gap_brier,
        gap_log_loss=cell.gap_log_loss,
    )
