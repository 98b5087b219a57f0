"""Verify the ledger: every hash, every sum counted from it, and the tables that people see.

The owner of the database can rewrite all of it, hashes included. So pass the hash that `ledger
head` printed some time ago and that was stored elsewhere.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.ledger import EntryKind, LedgerHead, Made, Verified
from pitwall.domain.names import cars_by_driver
from pitwall.domain.records import OutcomeRecord, PredictionRecord
from pitwall.errors import LedgerError, StoreError
from pitwall.store import tables
from pitwall.store.database import Database
from pitwall.store.forecast_writer import Settlement
from pitwall.store.ledger import entries, scores
from pitwall.store.ledger.entries import (
    GENESIS,
    Head,
    LedgerForecast,
    counted,
    digest_of,
    entries_table,
)
from pitwall.store.ledger.scores import CallKey, CellKey, LapKey, Scored, Sums
from pitwall.store.ledger.writer import is_timely, run_body
from pitwall.store.row_writer import table_of

_LAPS_BACK = 20  # a forecast is settled within four minutes


class ReadEntry(NamedTuple):
    """One row of `ledger_entries`."""

    number: int
    kind: int
    run: int
    items: int
    written_at: datetime
    body: bytes
    digest: bytes


class _UnsettledForecast(NamedTuple):
    forecast: LedgerForecast
    written_at: datetime


@dataclass(slots=True)
class RunState:
    """What the entries of one run have said so far.

    Attributes:
        header: The values of its first entry.
        drivers: The driver of each car.
        cars: The car of every name that a driver has had.
        laps: The newest laps of its battles that were counted.
        laps_mark: The checksum of all counted laps, as `scores.laps_mark` gives it.
        still_open: Forecasts without an outcome.
        forecasts: How many forecasts there were.
        calls: The best and the worst call of each pair, by key, as in `ledger_calls`.
    """

    header: dict[str, Any]
    drivers: dict[int, str] = field(default_factory=dict)
    cars: dict[str, int] = field(default_factory=dict)
    laps: set[LapKey] = field(default_factory=set)
    laps_mark: int = 0
    still_open: dict[tuple[datetime, int, int], _UnsettledForecast] = field(default_factory=dict)
    forecasts: int = 0
    calls: dict[CallKey, dict[str, Any]] = field(default_factory=dict)


class Follower:
    """Takes entries in order, and counts what they add up to.

    Attributes:
        runs: The runs by number.
        cells: The sums of the entries so far, as in `ledger_cells`.
        forecasts, outcomes: How many there were.
    """

    def __init__(self) -> None:
        self.runs: dict[int, RunState] = {}
        self.cells: defaultdict[CellKey, Sums] = defaultdict(Sums)
        self.forecasts = 0
        self.outcomes = 0

    def take(self, entry: ReadEntry) -> None:
        """Take the next entry.

        Raises:
            StoreError: The entry contradicts earlier ones; the message is the end of a sentence.
        """
        if entry.kind == EntryKind.RUN:
            self.runs[entry.run] = RunState(entries.read_text(entry.body))
            return
        run = self.runs.get(entry.run)
        if run is None:
            raise StoreError("it is about a race that no earlier entry describes")
        if entry.kind == EntryKind.DRIVERS:
            named = entries.read_text(entry.body)
            run.drivers |= {int(car): str(name) for car, name in named.items()}
            run.cars |= cars_by_driver(run.drivers)
        elif entry.kind == EntryKind.FORECASTS:
            self._take_forecasts(run, entry)
        elif entry.kind in {EntryKind.OUTCOMES, EntryKind.LATE_OUTCOMES}:
            self._take_outcomes(run, entry)
        else:
            raise StoreError(f"it is of the unknown kind {entry.kind}")

    def _take_forecasts(self, run: RunState, entry: ReadEntry) -> None:
        _, rows = entries.read_forecasts(entry.body)
        for row in rows:
            key = (row.made_at, row.attacker, row.defender)
            if key in run.still_open:
                raise StoreError("it repeats a forecast that is still open")
            run.still_open[key] = _UnsettledForecast(row, entry.written_at)
        self.forecasts += len(rows)
        run.forecasts += len(rows)
        self.cells[entry.run, run.header["made"], scores.ALL_FORECASTS, 0].forecasts += len(rows)

    def _take_outcomes(self, run: RunState, entry: ReadEntry) -> None:
        rows = entries.read_outcomes(entry.body)
        is_live = entry.kind == EntryKind.OUTCOMES
        scored = []
        for row in rows:
            forecast = run.still_open.pop((row.made_at, row.attacker, row.defender), None)
            if forecast is None:
                raise StoreError("it settles a forecast that was not open")
            if is_live and forecast.written_at >= entry.written_at:
                raise StoreError(
                    "it counts a forecast as live that was not made before its outcome"
                )
            if is_live and not is_timely(run.header["source"], row.settled_at, entry.written_at):
                raise StoreError("it counts a forecast as live in a race that was over long before")
            settlement = Settlement(_settled(forecast.forecast, row), was_open=is_live)
            scored.append(Scored(Made.LIVE if is_live else Made.IMPORT, settlement))
        scores.replace_beaten(run.calls, scores.calls_of(entry.run, scored, run.drivers))
        new = scores.count(self.cells, entry.run, scored, run.laps)
        run.laps |= new
        run.laps_mark = scores.laps_mark(new, run.laps_mark)
        newest = max((forecast.settlement.forecast.lap for forecast in scored), default=0)
        run.laps = {lap for lap in run.laps if lap[0] > newest - _LAPS_BACK}
        self.outcomes += len(rows)


def _settled(forecast: LedgerForecast, outcome: OutcomeRecord) -> PredictionRecord:
    return PredictionRecord(
        **forecast._asdict(),
        model_version="",
        outcome=outcome.outcome,
        settled_at=outcome.settled_at,
    )


_CLOSE = 1e-6  # sums that are added up in another order differ by less

_runs = table_of(tables.LedgerRunRow)

_cells = table_of(tables.LedgerCell)

_laps = table_of(tables.LedgerLap)

_AT_ONCE = 10_000

_calls = table_of(tables.LedgerCall)

_races = table_of(tables.RaceRow)

_predictions = table_of(tables.Prediction)

_NAMED = ("attacker_id", "defender_id", "made_at", "lap", "position", "model_version", "outcome",
          "settled_at")  # fmt: skip


async def is_stored(connection: AsyncConnection, run: RunState) -> bool:
    """Whether the race of a run is still the one in the database, not removed or imported again."""
    born = datetime.fromisoformat(run.header["race_born"])
    same = (_races.c.id == run.header["race_id"]) & (_races.c.created_at == born)
    return await connection.scalar(select(_races.c.number).where(same)) is not None


async def check_table(connection: AsyncConnection, run: RunState, entry: ReadEntry) -> int:
    """Compare an entry with the table of predictions, and return how many rows were compared.

    Raises:
        LedgerError: A row differs from the entry, or is gone.
    """
    if entry.kind == EntryKind.FORECASTS:
        details, forecasts = entries.read_forecasts(entry.body)
        keys = [(one.made_at, one.attacker, one.defender) for one in forecasts]
        rows = await _rows_of(connection, run, keys)
        if None in rows or entries.details_digest(filter(None, rows)) != details:
            _raise_changed(entry, run)
        return len(rows)
    if entry.kind in {EntryKind.OUTCOMES, EntryKind.LATE_OUTCOMES}:
        outcomes = entries.read_outcomes(entry.body)
        keys = [(one.made_at, one.attacker, one.defender) for one in outcomes]
        rows = await _rows_of(connection, run, keys)
        for row, one in zip(rows, outcomes, strict=True):
            stored = None if row is None else (row["outcome"], row["settled_at"])
            if stored != (one.outcome, one.settled_at):
                _raise_changed(entry, run)
    return 0


def _raise_changed(entry: ReadEntry, run: RunState) -> None:
    message = (
        f"The predictions of {run.header['race_id']} were changed after they were written: they "
        f"differ from entry {entry.number} of the ledger."
    )
    raise LedgerError(None, message)


async def _rows_of(
    connection: AsyncConnection, run: RunState, keys: Sequence[tuple[datetime, int, int]]
) -> list[dict[str, Any] | None]:
    """Return the rows of the table of predictions in the order of keys; None where one is gone."""
    if not keys:
        return []
    c = _predictions.c
    details = (*entries.DETAILS, *entries.LATER_DETAILS, entries.LATER_TEXT)
    columns = [c[name] for name in dict.fromkeys((*_NAMED, *details))]
    query = select(*columns).where(
        c.race_id == run.header["race_id"],
        c.made_at >= min(key[0] for key in keys),
        c.made_at <= max(key[0] for key in keys),
    )
    rows = [dict(row._mapping) for row in await connection.execute(query)]
    cars = run.cars
    by_key = {
        (row["made_at"], cars.get(row["attacker_id"]), cars.get(row["defender_id"])): row
        for row in rows
    }
    return [by_key.get(key) for key in keys]


async def check_runs(connection: AsyncConnection, follower: Follower) -> None:
    """Compare the table of runs with their first entries.

    Raises:
        LedgerError: They differ.
    """
    rows = {row.run: run_body(row) for row in await connection.execute(select(_runs))}
    first = {run: entries.text_body(state.header) for run, state in follower.runs.items()}
    for run in sorted(rows.keys() | first.keys()):
        if rows.get(run) != first.get(run):
            message = f"The table of runs differs from the entries of run {run}."
            raise LedgerError(None, message)


async def check_sums(connection: AsyncConnection, follower: Follower) -> None:
    """Compare the sums that the page shows with the sums of the entries.

    Raises:
        LedgerError: They differ.
    """
    stored: defaultdict[CellKey, Sums] = defaultdict(Sums)
    for row in await connection.execute(select(_cells)):
        run, made, outcome, bin_, *sums = row
        stored[run, made, outcome, bin_] = Sums(*sums)
    for key in sorted(stored.keys() | follower.cells.keys()):
        if not all(map(_same, astuple(follower.cells[key]), astuple(stored[key]))):
            message = f"The stored sums of run {key[0]} differ from the sums of its entries."
            raise LedgerError(None, message)


async def check_laps(connection: AsyncConnection, follower: Follower) -> None:
    """Compare the laps that were counted with those of the entries.

    Raises:
        LedgerError: They differ.
    """
    stored: defaultdict[int, int] = defaultdict(int)
    async with connection.stream(select(_laps)) as found:
        async for rows in found.partitions(_AT_ONCE):
            for row in rows:
                key = (row.lap, row.made, row.attacker, row.defender, row.bin)
                stored[row.run] = scores.laps_mark([key], stored[row.run])
    for run in sorted(stored.keys() | follower.runs.keys()):
        state = follower.runs.get(run)
        if stored[run] != (state.laps_mark if state else 0):
            message = f"The stored laps of run {run} differ from the laps of its entries."
            raise LedgerError(None, message)


async def check_not_emptied(connection: AsyncConnection, follower: Follower) -> None:
    """Check that an empty ledger means that there are no forecasts.

    Raises:
        LedgerError: There are forecasts, although the ledger is empty.
    """
    if follower.runs:
        return
    stored = await connection.scalar(select(func.count()).select_from(_predictions))
    if stored:
        message = (
            f"The ledger is empty, but {stored:,} forecasts are stored: it was emptied, or all of "
            "them were made before there was a ledger."
        )
        raise LedgerError(None, message)


async def check_calls(connection: AsyncConnection, follower: Follower) -> None:
    """Compare the lists of best calls and worst misses with those of the entries.

    Raises:
        LedgerError: They differ.
    """
    found: defaultdict[int, int] = defaultdict(int)
    for row in await connection.execute(select(_calls)):
        values = dict(row._mapping)
        key = (row.made, row.which, row.attacker, row.defender)
        state = follower.runs.get(row.run)
        call = state.calls.get(key) if state else None
        if call is None or not all(_same(call[name], value) for name, value in values.items()):
            raise LedgerError(None, f"A best or worst call of run {row.run} is not in its entries.")
        found[row.run] += 1
    for run, state in follower.runs.items():
        if found[run] != len(state.calls):
            raise LedgerError(None, f"A best or worst call of run {run} is missing.")


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return one == other


async def check_nothing_added(connection: AsyncConnection, run: RunState) -> None:
    """Compare how many predictions a race has with how many the ledger holds.

    Raises:
        LedgerError: The numbers differ.
    """
    since = datetime.fromisoformat(run.header["first_at"])  # earlier ones are older than the ledger
    own = (_predictions.c.race_id == run.header["race_id"]) & (_predictions.c.made_at >= since)
    stored = await connection.scalar(select(func.count()).select_from(_predictions).where(own))
    if stored != run.forecasts:
        message = (
            f"{run.header['race_id']} has {stored} predictions, but the ledger holds "
            f"{run.forecasts} of it."
        )
        raise LedgerError(None, message)


AT_ONCE = 500  # entries read at once: about 30 MB where races were imported


async def verify(
    database: Database,
    known_head: tuple[int, str] | None = None,
    on_progress: Callable[[int], None] = lambda _done: None,
) -> Verified:
    """Read and check the whole ledger, and return what it holds.

    Memory grows only with the forecasts that are still open, and with the best and the worst call
    of each pair of a race.

    Args:
        database: The database that holds the ledger.
        known_head: Number and hash of an entry, as `ledger head` printed them before. None skips
            that check.
        on_progress: Called with the number of entries checked so far.

    Raises:
        LedgerError: Something was rewritten, removed or added.
        StoreError: The database cannot be reached.
    """
    follower, before, number, compared = Follower(), GENESIS, 0, 0
    head: LedgerHead | None = None
    stored_runs: dict[int, bool] = {}
    async with database.snapshot() as connection:
        async for entry in _entries(connection):
            number += 1
            _check_link(entry, number, before)
            before = entry.digest
            head = LedgerHead(number, before.hex(), entry.written_at)
            if known_head is not None and known_head[0] == number:
                _check_known(head, known_head[1])
            try:
                follower.take(entry)
            except StoreError as error:
                raise LedgerError(number, str(error)) from error
            run = follower.runs[entry.run]
            if entry.run not in stored_runs:
                stored_runs[entry.run] = await is_stored(connection, run)
            if stored_runs[entry.run]:
                compared += await check_table(connection, run, entry)
            on_progress(number)
        if known_head is not None and known_head[0] > number:
            message = f"The ledger ends at entry {number}, but once had at least {known_head[0]}."
            raise LedgerError(None, message)
        for each in sorted(each for each, stored in stored_runs.items() if stored):
            await check_nothing_added(connection, follower.runs[each])
        await check_runs(connection, follower)
        await check_sums(connection, follower)
        await check_laps(connection, follower)
        await check_calls(connection, follower)
        await check_not_emptied(connection, follower)
    return Verified(number, follower.forecasts, follower.outcomes, head, compared)


def _check_link(entry: ReadEntry, number: int, before: bytes) -> None:
    if entry.number != number:
        raise LedgerError(number, "it is missing")
    head = Head(entry.number, entry.kind, entry.run, entry.items, entry.written_at)
    if digest_of(before, head, entry.body) != entry.digest:
        raise LedgerError(number, "its hash does not match its content and the entry before it")
    if counted(entry.kind, entry.body) != entry.items:
        raise LedgerError(number, "it does not hold as many items as it says")


def _check_known(head: LedgerHead, digest: str) -> None:
    if head.digest != digest.lower():
        raise LedgerError(head.number, f"its hash was once {digest} and is now {head.digest}")


async def _entries(connection: AsyncConnection) -> AsyncIterator[ReadEntry]:
    """Yield all entries in order, reading some at a time."""
    last = 0
    while True:
        query = select(entries_table).where(entries_table.c.number > last)
        rows = (
            await connection.execute(query.order_by(entries_table.c.number).limit(AT_ONCE))
        ).all()
        for row in rows:
            yield ReadEntry(
                row.number,
                row.kind,
                row.run,
                row.items,
                row.written_at,
                bytes(row.body),
                bytes(row.digest),
            )
        if len(rows) < AT_ONCE:
            return
        last = rows[-1].number
