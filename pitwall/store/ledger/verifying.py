"""Check the ledger: every hash, every sum counted from it, and the tables that people see.

What the database alone holds can be rewritten by whoever owns the database, hashes included. So
give this the hash that `ledger head` printed some time ago, kept elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.ledger import LedgerHead, Verified
from pitwall.errors import LedgerError, StoreError
from pitwall.store.engine import Database
from pitwall.store.ledger import comparing
from pitwall.store.ledger.bodies import GENESIS, Head, counted, digest_of
from pitwall.store.ledger.chain import entries
from pitwall.store.ledger.following import Entry, Follower

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
                kept[entry.run] = await comparing.is_kept(connection, book)
            if kept[entry.run]:
                compared += await comparing.check_table(connection, book, entry)
            told(number)
        if known_head is not None and known_head[0] > number:
            message = f"The ledger ends at entry {number}; it once had {known_head[0]} at least."
            raise LedgerError(None, message)
        for run in sorted(run for run, is_kept in kept.items() if is_kept):
            await comparing.check_nothing_added(connection, follower.runs[run])
        await comparing.check_runs(connection, follower)
        await comparing.check_sums(connection, follower)
        await comparing.check_laps(connection, follower)
        await comparing.check_calls(connection, follower)
        await comparing.check_not_emptied(connection, follower)
    return Verified(number, follower.forecasts, follower.outcomes, head, compared)


def _check_link(entry: Entry, number: int, before: bytes) -> None:
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


async def _entries(connection: AsyncConnection) -> AsyncIterator[Entry]:
    """Yield all entries in order, some at a time."""
    last = 0
    while True:
        query = select(entries).where(entries.c.number > last)
        rows = (await connection.execute(query.order_by(entries.c.number).limit(AT_ONCE))).all()
        for row in rows:
            yield Entry(
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
