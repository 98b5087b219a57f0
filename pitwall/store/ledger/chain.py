"""Append entries to the ledger: each takes up the digest of the one before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.ledger import EntryKind
from pitwall.store import bulk
from pitwall.store.details import table_of
from pitwall.store.ledger.bodies import GENESIS, Head, counted, digest_of
from pitwall.store.tables import LedgerEntry

entries = table_of(LedgerEntry)
COLUMNS = ("number", "kind", "run", "items", "written_at", "body", "digest")
_ONE_CHAIN = 0x6C6564676572  # advisory lock: writers of two races, one chain


class Said(NamedTuple):
    """What an entry is to say."""

    kind: EntryKind
    body: bytes


async def hold(connection: AsyncConnection) -> None:
    """Keep other writers away from the chain until this transaction ends.

    On SQLite a writing transaction does that already.
    """
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:key)")
        await connection.execute(lock, {"key": _ONE_CHAIN})


async def append(
    connection: AsyncConnection, run: int, said: Sequence[Said], now: datetime
) -> None:
    """Append entries about one run, written now; the caller holds the chain."""
    newest = select(entries.c.number, entries.c.digest).order_by(entries.c.number.desc()).limit(1)
    found = (await connection.execute(newest)).first()
    number, digest = (0, GENESIS) if found is None else (found.number, bytes(found.digest))
    rows = []
    for kind, body in said:
        number += 1
        head = Head(number, kind, run, counted(kind, body), now)
        digest = digest_of(digest, head, body)
        rows.append((number, int(kind), run, head.items, now, body, digest))
    await bulk.insert_rows(connection, entries, COLUMNS, rows)
