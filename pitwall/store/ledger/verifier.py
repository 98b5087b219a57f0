"""Verify the ledger: every hash, every sum counted from it, and the tables that people see.

What the database alone holds can be rewritten by whoever owns the database, hashes included. So
give this the hash that `ledger head` printed some time ago, kept elsewhere.
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
from pitwall.store.ledger.writer import described, is_timely
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


class _OpenRun(NamedTuple):
    forecast: LedgerForecast
    written_at: datetime


@dataclass(slots=True)
class RunState:
    """What the entries of one run have said so far.

    Attributes:
        told: What its first entry says.
        drivers: By car.
        cars: By every name that a driver has had.
        laps: Of its battles, the newest that were counted.
        laps_mark: Of all of them, whatever their order, as `scoring.laps_mark` gives it.
        still_open: Forecasts without an outcome.
        forecasts: How many there were.
        calls: The best and the worst of each pair, by key, as in `ledger_calls`.
    """

    told: dict[str, Any]
    drivers: dict[int, str] = field(default_factory=dict)
    cars: dict[str, int] = field(default_factory=dict)
    laps: set[LapKey] = field(default_factory=set)
    laps_mark: int = 0
    still_open: dict[tuple[datetime, int, int], _OpenRun] = field(default_factory=dict)
    forecasts: int = 0
    calls: dict[CallKey, dict[str, Any]] = field(default_factory=dict)


class Follower:
    """Takes entries in order.

    Attributes:
        runs: By number.
        cells: What the entries so far add up to; as in `ledger_cells`.
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
            StoreError: It says what it cannot; the message is the end of a sentence.
        """
        if entry.kind == EntryKind.RUN:
            self.runs[entry.run] = RunState(entries.read_text(entry.body))
            return
        book = self.runs.get(entry.run)
        if book is None:
            raise StoreError("it is about a race of which no entry tells")
        if entry.kind == EntryKind.DRIVERS:
            named = entries.read_text(entry.body)
            book.drivers |= {int(car): str(name) for car, name in named.items()}
            book.cars |= cars_by_driver(book.drivers)
        elif entry.kind == EntryKind.FORECASTS:
            self._take_forecasts(book, entry)
        elif entry.kind in {EntryKind.OUTCOMES, EntryKind.LATE_OUTCOMES}:
            self._take_outcomes(book, entry)
        else:
            raise StoreError(f"it is of kind {entry.kind}, which is none")

    def _take_forecasts(self, book: RunState, entry: ReadEntry) -> None:
        _, rows = entries.read_forecasts(entry.body)
        for row in rows:
            key = (row.made_at, row.attacker, row.defender)
            if key in book.still_open:
                raise StoreError("it forecasts the same again")
            book.still_open[key] = _OpenRun(row, entry.written_at)
        self.forecasts += len(rows)
        book.forecasts += len(rows)
        self.cells[entry.run, book.told["made"], scores.SAID, 0].forecasts += len(rows)

    def _take_outcomes(self, book: RunState, entry: ReadEntry) -> None:
        rows = entries.read_outcomes(entry.body)
        foretold = entry.kind == EntryKind.OUTCOMES
        scored = []
        for row in rows:
            said = book.still_open.pop((row.made_at, row.attacker, row.defender), None)
            if said is None:
                raise StoreError("it settles a forecast that was not open")
            if foretold and said.written_at >= entry.written_at:
                raise StoreError("it counts a forecast as made before, which was not")
            if foretold and not is_timely(book.told["source"], row.settled_at, entry.written_at):
                raise StoreError("it counts a forecast as live of a race that was over long before")
            settlement = Settlement(_settled(said.forecast, row), was_open=foretold)
            scored.append(Scored(Made.LIVE if foretold else Made.IMPORT, settlement))
        scores.better_of(book.calls, scores.calls_of(entry.run, scored, book.drivers))
        new = scores.count(self.cells, entry.run, scored, book.laps)
        book.laps |= new
        book.laps_mark = scores.laps_mark(new, book.laps_mark)
        newest = max((said.settlement.forecast.lap for said in scored), default=0)
        book.laps = {lap for lap in book.laps if lap[0] > newest - _LAPS_BACK}
        self.outcomes += len(rows)


def _settled(said: LedgerForecast, came: OutcomeRecord) -> PredictionRecord:
    return PredictionRecord(
        **said._asdict(), model_version="", outcome=came.outcome, settled_at=came.settled_at
    )


_CLOSE = 1e-6  # sums added up in another order differ by less

_runs = table_of(tables.LedgerRunRow)

_cells = table_of(tables.LedgerCell)

_laps = table_of(tables.LedgerLap)

_AT_ONCE = 10_000

_calls = table_of(tables.LedgerCall)

_races = table_of(tables.RaceRow)

_predictions = table_of(tables.Prediction)

_NAMED = ("attacker_id", "defender_id", "made_at", "lap", "position", "model_version", "outcome",
          "settled_at")  # fmt: skip


async def is_kept(connection: AsyncConnection, book: RunState) -> bool:
    """Whether the race of a run is still in the database, as it was when it was forecast."""
    born = datetime.fromisoformat(book.told["race_born"])
    same = (_races.c.id == book.told["race_id"]) & (_races.c.created_at == born)
    return await connection.scalar(select(_races.c.number).where(same)) is not None


async def check_table(connection: AsyncConnection, book: RunState, entry: ReadEntry) -> int:
    """Compare an entry with the table of predictions, and return how many rows were compared.

    Raises:
        LedgerError: A row is another than the entry says, or is gone.
    """
    if entry.kind == EntryKind.FORECASTS:
        details, said = entries.read_forecasts(entry.body)
        keys = [(one.made_at, one.attacker, one.defender) for one in said]
        rows = await _rows_of(connection, book, keys)
        if None in rows or entries.details_digest(filter(None, rows)) != details:
            _differ(entry, book)
        return len(rows)
    if entry.kind in {EntryKind.OUTCOMES, EntryKind.LATE_OUTCOMES}:
        came = entries.read_outcomes(entry.body)
        keys = [(one.made_at, one.attacker, one.defender) for one in came]
        rows = await _rows_of(connection, book, keys)
        for row, one in zip(rows, came, strict=True):
            told = None if row is None else (row["outcome"], row["settled_at"])
            if told != (one.outcome, one.settled_at):
                _differ(entry, book)
    return 0


def _differ(entry: ReadEntry, book: RunState) -> None:
    message = (
        f"The predictions of {book.told['race_id']} were changed after they were written: they are "
        f"not what entry {entry.number} of the ledger holds of them."
    )
    raise LedgerError(None, message)


async def _rows_of(
    connection: AsyncConnection, book: RunState, keys: Sequence[tuple[datetime, int, int]]
) -> list[dict[str, Any] | None]:
    """Return the rows of the table of predictions in the order of keys; None where one is gone."""
    if not keys:
        return []
    c = _predictions.c
    columns = [c[name] for name in dict.fromkeys((*_NAMED, *entries.DETAILS))]
    query = select(*columns).where(
        c.race_id == book.told["race_id"],
        c.made_at >= min(key[0] for key in keys),
        c.made_at <= max(key[0] for key in keys),
    )
    found = [dict(row._mapping) for row in await connection.execute(query)]
    cars = book.cars
    by_key = {
        (row["made_at"], cars.get(row["attacker_id"]), cars.get(row["defender_id"])): row
        for row in found
    }
    return [by_key.get(key) for key in keys]


async def check_runs(connection: AsyncConnection, follower: Follower) -> None:
    """Compare the table of runs with their first entries.

    Raises:
        LedgerError: They differ.
    """
    rows = {row.run: described(row) for row in await connection.execute(select(_runs))}
    told = {run: entries.text_body(book.told) for run, book in follower.runs.items()}
    for run in sorted(rows.keys() | told.keys()):
        if rows.get(run) != told.get(run):
            message = f"The table of runs says of run {run} what its entries do not say."
            raise LedgerError(None, message)


async def check_sums(connection: AsyncConnection, follower: Follower) -> None:
    """Compare what the page shows with what the entries add up to.

    Raises:
        LedgerError: They differ.
    """
    kept: defaultdict[CellKey, Sums] = defaultdict(Sums)
    for row in await connection.execute(select(_cells)):
        run, made, outcome, bin_, *sums = row
        kept[run, made, outcome, bin_] = Sums(*sums)
    for key in sorted(kept.keys() | follower.cells.keys()):
        if not all(map(_same, astuple(follower.cells[key]), astuple(kept[key]))):
            message = f"The sums of run {key[0]} are not what its entries add up to."
            raise LedgerError(None, message)


async def check_laps(connection: AsyncConnection, follower: Follower) -> None:
    """Compare the laps that were counted with those that the entries give.

    Raises:
        LedgerError: They differ.
    """
    kept: defaultdict[int, int] = defaultdict(int)
    async with connection.stream(select(_laps)) as found:
        async for rows in found.partitions(_AT_ONCE):
            for row in rows:
                key = (row.lap, row.made, row.attacker, row.defender, row.bin)
                kept[row.run] = scores.laps_mark([key], kept[row.run])
    for run in sorted(kept.keys() | follower.runs.keys()):
        book = follower.runs.get(run)
        if kept[run] != (book.laps_mark if book else 0):
            message = f"The laps that were counted of run {run} are not those of its entries."
            raise LedgerError(None, message)


async def check_not_emptied(connection: AsyncConnection, follower: Follower) -> None:
    """Look for forecasts where the ledger has none at all.

    Raises:
        LedgerError: There are some.
    """
    if follower.runs:
        return
    kept = await connection.scalar(select(func.count()).select_from(_predictions))
    if kept:
        message = (
            f"The ledger is empty, and {kept:,} forecasts are kept: it was emptied, or all of them "
            "were made before there was a ledger."
        )
        raise LedgerError(None, message)


async def check_calls(connection: AsyncConnection, follower: Follower) -> None:
    """Compare the lists of best calls and worst misses with those that the entries give.

    Raises:
        LedgerError: They differ.
    """
    found: defaultdict[int, int] = defaultdict(int)
    for row in await connection.execute(select(_calls)):
        told = dict(row._mapping)
        key = (row.made, row.which, row.attacker, row.defender)
        book = follower.runs.get(row.run)
        ours = book.calls.get(key) if book else None
        if ours is None or not all(_same(ours[name], value) for name, value in told.items()):
            raise LedgerError(None, f"A best or worst call of run {row.run} is not in its entries.")
        found[row.run] += 1
    for run, book in follower.runs.items():
        if found[run] != len(book.calls):
            raise LedgerError(None, f"A best or worst call of run {run} is missing.")


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return one == other


async def check_nothing_added(connection: AsyncConnection, book: RunState) -> None:
    """Compare how many predictions a race has with how many were entered of it.

    Raises:
        LedgerError: There are others.
    """
    since = datetime.fromisoformat(book.told["first_at"])  # others were made before the ledger
    own = (_predictions.c.race_id == book.told["race_id"]) & (_predictions.c.made_at >= since)
    kept = await connection.scalar(select(func.count()).select_from(_predictions).where(own))
    if kept != book.forecasts:
        message = (
            f"{book.told['race_id']} has {kept} predictions, and {book.forecasts} were entered in "
            "the ledger."
        )
        raise LedgerError(None, message)


AT_ONCE = 500  # entries: some 30 MB where races were imported


async def verify(
    database: Database,
    known_head: tuple[int, str] | None = None,
    told: Callable[[int], None] = lambda _done: None,
) -> Verified:
    """Read the whole ledger and return what it holds, if all of it agrees.

    Memory does not grow with the forecasts, but for those that nothing has settled; of each race it
    holds the best and the worst call of each pair.

    Args:
        database: Where it is.
        known_head: Number and hash of an entry, as `ledger head` printed them before.
        told: Is called with the entries checked so far.

    Raises:
        LedgerError: Something was rewritten, removed or added.
        StoreError: The database cannot be reached.
    """
    follower, before, number, compared = Follower(), GENESIS, 0, 0
    head: LedgerHead | None = None
    kept: dict[int, bool] = {}
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
            book = follower.runs[entry.run]
            if entry.run not in kept:
                kept[entry.run] = await is_kept(connection, book)
            if kept[entry.run]:
                compared += await check_table(connection, book, entry)
            told(number)
        if known_head is not None and known_head[0] > number:
            message = f"The ledger ends at entry {number}; it once had {known_head[0]} at least."
            raise LedgerError(None, message)
        for run in sorted(run for run, is_kept in kept.items() if is_kept):
            await check_nothing_added(connection, follower.runs[run])
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
        raise LedgerError(number, "its hash is not that of what it says and of the one before it")
    if counted(entry.kind, entry.body) != entry.items:
        raise LedgerError(number, "it does not hold as much as it says")


def _check_known(head: LedgerHead, digest: str) -> None:
    if head.digest != digest.lower():
        raise LedgerError(head.number, f"its hash was once {digest} and is now {head.digest}")


async def _entries(connection: AsyncConnection) -> AsyncIterator[ReadEntry]:
    """Yield all entries in order, some at a time."""
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
