"""Enter what a batch of a race forecast into the ledger, in the batch's own transaction."""

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
from pitwall.store.ledger.entries import LastEntry
from pitwall.store.ledger.scores import CellKey, LapKey, Scored, Sums
from pitwall.store.row_writer import fit, table_of
from pitwall.store.tables import LedgerRunRow, RaceRow

# A made-up race proves nothing, and a server without a network makes one up after the other.
SIMULATED_RUNS = 20
_USUAL = SessionKind.RACE  # other kinds, sprints above all, are named
TIMELY = timedelta(minutes=30)
_FORETOLD = {Source.LIVE.value, Source.SIMULATED.value}  # other sources tell of races long over

_KINDS = {Made.LIVE: EntryKind.OUTCOMES, Made.IMPORT: EntryKind.LATE_OUTCOMES}

_runs = table_of(LedgerRunRow)
_races = table_of(RaceRow)


class Run(NamedTuple):
    """A race as it is forecast once."""

    number: int
    made: Made
    first_at: datetime


class LedgerWriter:
    """Enters batches; remembers of each run which drivers its entries have named."""

    def __init__(self) -> None:
        self._named: dict[int, dict[int, str]] = {}

    def forget(self) -> None:
        """Name drivers again: what was entered last was undone."""
        self._named.clear()

    async def enter(
        self,
        connection: AsyncConnection,
        mark: RaceMark,
        batch: Batch,
        written: Written,
        drivers: dict[int, str],
    ) -> None:
        """Enter what was written of a batch: forecasts first, then outcomes.

        Nothing happens for a race whose forecasts are not entered: one that was begun before
        there was a ledger, or one simulated race too many.

        Args:
            connection: In the transaction that wrote it.
            mark: Which race.
            batch: Where it came from.
            written: What of the batch was new.
            drivers: Who drives which car.
        """
        if not (written.fresh or written.settled):
            return
        await entries.hold(connection)
        run = await _run_of(connection, mark)
        said: list[LastEntry] = []
        if run is None:
            run = await _begin(connection, mark, batch, written)
            if run is None:
                return
            said.append(LastEntry(EntryKind.RUN, await _described(connection, run)))
        told = [*written.fresh, *(each.forecast for each in written.settled)]
        said += self._drivers(run, told, drivers)
        now = utc_now()
        scored = [
            Scored(_made(run, mark, batch, each, now), each)
            for each in written.settled
            if each.forecast.made_at >= run.first_at  # others were made before the ledger
        ]
        known = await scores.known_laps(connection, run.number, scored)
        # In a thread: an import settles thousands at once, and frames must not wait.
        work = await asyncio.to_thread(_work_out, run, written.fresh, scored, known, drivers)
        said += work.said
        if said:
            await entries.append(connection, run.number, said, now)
        await scores.keep_sums(connection, work.cells)
        await scores.keep_laps(connection, run.number, work.laps)
        await scores.keep_calls(connection, work.calls)

    def _drivers(
        self, run: Run, told: list[PredictionRecord], drivers: dict[int, str]
    ) -> Iterator[LastEntry]:
        cars = {car for row in told for car in (row.attacker, row.defender)}
        named = self._named.setdefault(run.number, {})
        new = {car: drivers[car] for car in sorted(cars) if named.get(car) != drivers[car]}
        if new:
            named.update(new)
            yield LastEntry(
                EntryKind.DRIVERS, entries.text_body({str(k): v for k, v in new.items()})
            )


def _forecasts(fresh: list[PredictionRecord], drivers: dict[int, str]) -> Iterator[LastEntry]:
    if fresh:
        names = (
            {"attacker_id": drivers[r.attacker], "defender_id": drivers[r.defender]} for r in fresh
        )
        told = (row._asdict() | own for row, own in zip(fresh, names, strict=True))
        details = entries.details_digest(told)
        yield LastEntry(EntryKind.FORECASTS, entries.forecasts_body(fresh, details))


def _outcomes(scored: list[Scored]) -> Iterator[LastEntry]:
    for made, kind in _KINDS.items():
        settled = [each.settlement.forecast for each in scored if each.made is made]
        if settled:
            yield LastEntry(kind, entries.outcomes_body(map(_outcome, settled)))


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
    """Return the cars of a race by the names that the ledger knows of their drivers, oldest first.

    A driver may be named otherwise after he was forecast: the table holds the name of that moment.
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
    live = mark.source in _FORETOLD and not batch.is_imported
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


async def _described(connection: AsyncConnection, run: Run) -> bytes:
    return described(
        (await connection.execute(_runs.select().where(_runs.c.run == run.number))).one()
    )


async def _is_one_too_many(connection: AsyncConnection, source: str) -> bool:
    if source != Source.SIMULATED.value:
        return False
    query = select(func.count()).select_from(_runs).where(_runs.c.source == source)
    return (await connection.scalar(query) or 0) >= SIMULATED_RUNS


def described(row: object) -> bytes:
    """Return what a run's first entry says, from its row in `ledger_runs`."""
    told = {column.name: getattr(row, column.name) for column in _runs.c}
    instants = {name: value.isoformat() for name, value in told.items() if hasattr(value, "tzinfo")}
    return entries.text_body(told | instants)


class _Work(NamedTuple):
    said: list[LastEntry]
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
    """Return what a batch adds to the ledger's tables; touches no database."""
    cells: defaultdict[CellKey, Sums] = defaultdict(Sums)
    if fresh:
        cells[run.number, run.made.value, scores.SAID, 0].forecasts += len(fresh)
    laps = scores.count(cells, run.number, scored, known)
    said = [*_forecasts(fresh, drivers), *_outcomes(scored)]
    return _Work(said, cells, laps, scores.calls_of(run.number, scored, drivers))


def _made(run: Run, mark: RaceMark, batch: Batch, each: Settlement, now: datetime) -> Made:
    settled_at = each.forecast.settled_at or each.forecast.made_at
    foretold = (
        run.made is Made.LIVE
        and each.was_open
        and not batch.is_imported
        and is_timely(mark.source, settled_at, now)
    )
    return Made.LIVE if foretold else Made.IMPORT


def is_timely(source: str, settled_at: datetime, written_at: datetime) -> bool:
    """Whether an outcome was written about when it happened.

    Else an old race was shown as a live one, by a server that repeats what it once recorded, or
    nothing could be written for long. A made-up race has a clock of its own.
    """
    return source != Source.LIVE.value or abs(written_at - settled_at) <= TIMELY
