"""Enter the forecasts and outcomes of a batch into the ledger, in the batch's own transaction."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.ledger import EntryKind, Made
from pitwall.domain.records import Batch, OutcomeRecord, PredictionRecord, RaceMark
from pitwall.domain.sessions import SessionKind, Source
from pitwall.store.forecast_writer import Settlement, Written
from pitwall.store.instants import utc_now
from pitwall.store.ledger import entries, scores
from pitwall.store.ledger.entries import NewEntry
from pitwall.store.ledger.scores import CellKey, LapKey, Scored, Sums
from pitwall.store.row_writer import fit, table_of
from pitwall.store.tables import LedgerRunRow, RaceRow

# A simulated race proves nothing, and a server without a network simulates one after the other.
SIMULATED_RUNS = 20
_USUAL = SessionKind.RACE  # other kinds, such as sprints, are named after the race
TIMELY = timedelta(minutes=30)
_LIVE_SOURCES = {Source.LIVE.value, Source.SIMULATED.value}  # others hold races that are over

_KINDS = {Made.LIVE: EntryKind.OUTCOMES, Made.IMPORT: EntryKind.LATE_OUTCOMES}

_runs = table_of(LedgerRunRow)
_races = table_of(RaceRow)


class Run(NamedTuple):
    """One pass of forecasts over a race, live or at import."""

    number: int
    made: Made
    first_at: datetime


class LedgerWriter:
    """Enters batches into the ledger, and remembers which drivers each run's entries have named."""

    def __init__(self) -> None:
        self._named: dict[int, dict[int, str]] = {}

    def forget(self) -> None:
        """Forget which drivers were named, because the last entries may have been rolled back."""
        self._named.clear()

    async def enter(
        self,
        connection: AsyncConnection,
        mark: RaceMark,
        batch: Batch,
        written: Written,
        drivers: dict[int, str],
    ) -> None:
        """Enter the new forecasts of a batch, then its new outcomes.

        Nothing happens for a race whose forecasts are not entered: a race that began before there
        was a ledger, or a simulated race beyond the first `SIMULATED_RUNS`.

        Args:
            connection: A connection in the transaction that wrote the batch.
            mark: The race.
            batch: The batch.
            written: What was new in the batch.
            drivers: The driver of each car.
        """
        if not (written.fresh or written.settled):
            return
        await entries.hold(connection)
        run = await _run_of(connection, mark)
        new: list[NewEntry] = []
        if run is None:
            run = await _begin(connection, mark, batch, written)
            if run is None:
                return
            new.append(NewEntry(EntryKind.RUN, await _run_body(connection, run)))
        forecasts = [*written.fresh, *(each.forecast for each in written.settled)]
        new += self._drivers(run, forecasts, drivers)
        now = utc_now()
        scored = [
            Scored(_made(run, mark, batch, each, now), each)
            for each in written.settled
            if each.forecast.made_at >= run.first_at  # others were made before the ledger
        ]
        known = await scores.known_laps(connection, run.number, scored)
        # In a thread, because an import settles thousands at once, and live frames must not wait.
        work = await asyncio.to_thread(_work_out, run, written.fresh, scored, known, drivers)
        new += work.new
        if new:
            await entries.append(connection, run.number, new, now)
        await scores.store_sums(connection, work.cells)
        await scores.store_laps(connection, run.number, work.laps)
        await scores.store_calls(connection, work.calls)

    def _drivers(
        self, run: Run, forecasts: list[PredictionRecord], drivers: dict[int, str]
    ) -> Iterator[NewEntry]:
        cars = {car for row in forecasts for car in (row.attacker, row.defender)}
        named = self._named.setdefault(run.number, {})
        new = {car: drivers[car] for car in sorted(cars) if named.get(car) != drivers[car]}
        if new:
            named.update(new)
            yield NewEntry(
                EntryKind.DRIVERS, entries.text_body({str(k): v for k, v in new.items()})
            )


def _forecasts(fresh: list[PredictionRecord], drivers: dict[int, str]) -> Iterator[NewEntry]:
    if fresh:
        names = (
            {"attacker_id": drivers[r.attacker], "defender_id": drivers[r.defender]} for r in fresh
        )
        rows = (row._asdict() | own for row, own in zip(fresh, names, strict=True))
        details = entries.details_digest(rows)
        yield NewEntry(EntryKind.FORECASTS, entries.forecasts_body(fresh, details))


def _outcomes(scored: list[Scored]) -> Iterator[NewEntry]:
    for made, kind in _KINDS.items():
        settled = [each.settlement.forecast for each in scored if each.made is made]
        if settled:
            yield NewEntry(kind, entries.outcomes_body(map(_outcome, settled)))


def _outcome(one: PredictionRecord) -> OutcomeRecord:
    settled_at = one.settled_at or one.made_at
    return OutcomeRecord(one.outcome or "", settled_at, one.made_at, one.attacker, one.defender)


async def _run_of(connection: AsyncConnection, mark: RaceMark) -> Run | None:
    same = (_runs.c.race_id == _races.c.id) & (_runs.c.race_born == _races.c.created_at)
    query = (
        select(_runs.c.run, _runs.c.made, _runs.c.first_at)
        .join(_races, same)
        .where(_races.c.number == mark.number)
    )
    found = (await connection.execute(query)).first()
    return None if found is None else Run(found.run, Made(found.made), found.first_at)


async def named_before(connection: AsyncConnection, mark: RaceMark) -> dict[str, int]:
    """Return the cars of a race by the names that the ledger has of their drivers, oldest first.

    A driver's name may change after a forecast, whose row holds the name of that moment.
    """
    run = await _run_of(connection, mark)
    if run is None:
        return {}
    c = entries.entries_table.c
    query = select(c.body).where(c.run == run.number, c.kind == int(EntryKind.DRIVERS))
    cars: dict[str, int] = {}
    for row in await connection.execute(query.order_by(c.number)):
        cars |= {str(name): int(car) for car, name in entries.read_text(bytes(row.body)).items()}
    return cars


async def _begin(
    connection: AsyncConnection, mark: RaceMark, batch: Batch, written: Written
) -> Run | None:
    if not written.fresh or await _is_one_too_many(connection, mark.source):
        return None
    first = min(written.fresh, key=lambda row: row.made_at)
    live = mark.source in _LIVE_SOURCES and not batch.is_imported
    number = await connection.scalar(select(func.coalesce(func.max(_runs.c.run), 0) + 1))
    run = Run(number or 1, Made.LIVE if live else Made.IMPORT, first.made_at)
    info = mark.info
    values = {
        "run": run.number,
        "race_id": info.race_id[:96],
        "race_born": await _born(connection, mark),
        "name": fit(info.name if info.kind == _USUAL else f"{info.name}, {info.kind}", 120),
        "year": info.year,
        "circuit": fit(info.circuit, 80),
        "source": mark.source,
        "made": run.made.value,
        "model_version": first.model_version,
        "first_at": first.made_at,
    }
    await connection.execute(_runs.insert(), values)
    return run


async def _born(connection: AsyncConnection, mark: RaceMark) -> datetime | None:
    query = select(_races.c.created_at).where(_races.c.number == mark.number)
    born: datetime | None = await connection.scalar(query)
    return born


async def _run_body(connection: AsyncConnection, run: Run) -> bytes:
    return run_body(
        (await connection.execute(_runs.select().where(_runs.c.run == run.number))).one()
    )


async def _is_one_too_many(connection: AsyncConnection, source: str) -> bool:
    if source != Source.SIMULATED.value:
        return False
    query = select(func.count()).select_from(_runs).where(_runs.c.source == source)
    return (await connection.scalar(query) or 0) >= SIMULATED_RUNS


def run_body(row: object) -> bytes:
    """Return the body of a run's first entry, made from its row in `ledger_runs`."""
    values = {column.name: getattr(row, column.name) for column in _runs.c}
    instants = {
        name: value.isoformat() for name, value in values.items() if hasattr(value, "tzinfo")
    }
    return entries.text_body(values | instants)


class _Work(NamedTuple):
    new: list[NewEntry]
    cells: dict[CellKey, Sums]
    laps: set[LapKey]
    calls: list[dict[str, Any]]


def _work_out(
    run: Run,
    fresh: list[PredictionRecord],
    scored: list[Scored],
    known: set[LapKey],
    drivers: dict[int, str],
) -> _Work:
    """Return what a batch adds to the ledger's tables, without using the database."""
    cells: defaultdict[CellKey, Sums] = defaultdict(Sums)
    if fresh:
        cells[run.number, run.made.value, scores.ALL_FORECASTS, 0].forecasts += len(fresh)
    laps = scores.count(cells, run.number, scored, known)
    new = [*_forecasts(fresh, drivers), *_outcomes(scored)]
    return _Work(new, cells, laps, scores.calls_of(run.number, scored, drivers))


def _made(run: Run, mark: RaceMark, batch: Batch, each: Settlement, now: datetime) -> Made:
    settled_at = each.forecast.settled_at or each.forecast.made_at
    is_live = (
        run.made is Made.LIVE
        and each.was_open
        and not batch.is_imported
        and is_timely(mark.source, settled_at, now)
    )
    return Made.LIVE if is_live else Made.IMPORT


def is_timely(source: str, settled_at: datetime, written_at: datetime) -> bool:
    """Whether an outcome was written within half an hour of its time.

    If not, a server repeated an old recording as a live race, or nothing could be written for long.
    A simulated race has a clock of its own and is always timely.
    """
    return source != Source.LIVE.value or abs(written_at - settled_at) <= TIMELY
