"""Whether the tables that people see say what the ledger's entries say."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.ledger import EntryKind
from pitwall.errors import LedgerError
from pitwall.store import tables
from pitwall.store.details import table_of
from pitwall.store.ledger import bodies, scoring
from pitwall.store.ledger.entering import described
from pitwall.store.ledger.following import Entry, Follower, RunBook
from pitwall.store.ledger.scoring import CellKey, Sums

_CLOSE = 1e-6  # sums added up in another order differ by less
_runs = table_of(tables.LedgerRunRow)
_cells = table_of(tables.LedgerCell)
_laps = table_of(tables.LedgerLap)
_AT_ONCE = 10_000
_calls = table_of(tables.LedgerCall)
_races = table_of(tables.Race)
_predictions = table_of(tables.Prediction)
_NAMED = ("attacker_id", "defender_id", "made_at", "lap", "position", "model_version", "outcome",
          "settled_at")  # fmt: skip


async def is_kept(connection: AsyncConnection, book: RunBook) -> bool:
    """Whether the race of a run is still in the database, as it was when it was forecast."""
    born = datetime.fromisoformat(book.told["race_born"])
    same = (_races.c.id == book.told["race_id"]) & (_races.c.created_at == born)
    return await connection.scalar(select(_races.c.number).where(same)) is not None


async def check_table(connection: AsyncConnection, book: RunBook, entry: Entry) -> int:
    """Compare an entry with the table of predictions, and return how many rows were compared.

    Raises:
        LedgerError: A row is another than the entry says, or is gone.
    """
    if entry.kind == EntryKind.FORECASTS:
        details, said = bodies.read_forecasts(entry.body)
        keys = [(one.made_at, one.attacker, one.defender) for one in said]
        rows = await _rows_of(connection, book, keys)
        if None in rows or bodies.details_digest(filter(None, rows)) != details:
            _differ(entry, book)
        return len(rows)
    if entry.kind in {EntryKind.OUTCOMES, EntryKind.LATE_OUTCOMES}:
        came = bodies.read_outcomes(entry.body)
        keys = [(one.made_at, one.attacker, one.defender) for one in came]
        rows = await _rows_of(connection, book, keys)
        for row, one in zip(rows, came, strict=True):
            told = None if row is None else (row["outcome"], row["settled_at"])
            if told != (one.outcome, one.settled_at):
                _differ(entry, book)
    return 0


def _differ(entry: Entry, book: RunBook) -> None:
    message = (
        f"The predictions of {book.told['race_id']} were changed after they were written: they are "
        f"not what entry {entry.number} of the ledger holds of them."
    )
    raise LedgerError(None, message)


async def _rows_of(
    connection: AsyncConnection, book: RunBook, keys: Sequence[tuple[datetime, int, int]]
) -> list[dict[str, Any] | None]:
    """Return the rows of the table of predictions in the order of keys; None where one is gone."""
    if not keys:
        return []
    c = _predictions.c
    columns = [c[name] for name in dict.fromkeys((*_NAMED, *bodies.DETAILS))]
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
    told = {run: bodies.text_body(book.told) for run, book in follower.runs.items()}
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
                kept[row.run] = scoring.laps_mark([key], kept[row.run])
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


async def check_nothing_added(connection: AsyncConnection, book: RunBook) -> None:
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
