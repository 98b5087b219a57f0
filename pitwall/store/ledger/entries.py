"""Define the bytes of the ledger's entries, hash them, and append entries to the chain.

`docs/ledger.md` describes the same for those who check a ledger with a program of their own. All
numbers are little-endian; instants are microseconds since 1970, UTC.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.forecasts import Outcome
from pitwall.domain.ledger import EntryKind
from pitwall.domain.records import OutcomeRecord, PredictionRecord
from pitwall.errors import StoreError
from pitwall.store import bulk
from pitwall.store.instants import from_micros, to_micros
from pitwall.store.row_writer import table_of
from pitwall.store.tables import LedgerEntry

GENESIS: Final = bytes(32)  # the digest before the first entry

_HEAD = struct.Struct("<qBiiq")  # number, kind, run, items, written_at

_FORECAST = struct.Struct("<qHHHBdd")

_OUTCOME = struct.Struct("<qHHBq")

_DIGEST_BYTES = 32

OUTCOMES: Final = tuple(outcome.value for outcome in Outcome)
"""A body stores an outcome as its index here, so a new one must go to the end of `Outcome`."""

DETAILS: Final = (
    "interval_s", "p_overtake", "p_overtake_3", "p_low", "p_high", "p_om", "w_om", "p_boost",
    "w_boost", "p_aero", "w_aero", "p_pit", "p_neutralised", "p_retired",
)  # fmt: skip

_DETAILS = struct.Struct(f"<ii{len(DETAILS)}d")

LATER_DETAILS: Final = ("c_base", "c_om", "c_boost", "c_aero", "p_kept")
"""Numbers that the first releases did not store; their entries hash the others alone."""

_LATER_DETAILS = struct.Struct(f"<{len(LATER_DETAILS)}d")

LATER_TEXT: Final = "condition"


class LedgerForecast(NamedTuple):
    """One forecast as the ledger stores it: car numbers, an interval in seconds, a probability."""

    made_at: datetime
    attacker: int
    defender: int
    lap: int
    position: int
    interval_s: float
    p_overtake: float


class Head(NamedTuple):
    """The columns of an entry that its digest covers, besides the body."""

    number: int
    kind: int
    run: int
    items: int
    written_at: datetime


def digest_of(before: bytes, head: Head, body: bytes) -> bytes:
    """Return the digest that chains an entry to the one before it.

    Args:
        before: Digest of the entry before; `GENESIS` for the first entry.
        head: The other columns of the entry.
        body: The body of the entry.
    """
    packed = _HEAD.pack(head.number, head.kind, head.run, head.items, to_micros(head.written_at))
    return hashlib.sha256(before + packed + body).digest()


def text_body(values: Mapping[str, Any]) -> bytes:
    """Return the body of an entry that describes a run or its drivers."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def forecasts_body(rows: Sequence[PredictionRecord], details: bytes) -> bytes:
    """Return the body of an entry of forecasts.

    Args:
        rows: The forecasts, in any order.
        details: The digest of the same rows in the same order, from `details_digest`.
    """
    return details + b"".join(
        _FORECAST.pack(
            to_micros(row.made_at),
            row.attacker,
            row.defender,
            row.lap,
            row.position,
            row.interval_s,
            row.p_overtake,
        )
        for row in rows
    )


def outcomes_body(rows: Iterable[OutcomeRecord]) -> bytes:
    """Return the body of an entry of outcomes."""
    return b"".join(
        _OUTCOME.pack(
            to_micros(row.made_at),
            row.attacker,
            row.defender,
            OUTCOMES.index(row.outcome),
            to_micros(row.settled_at),
        )
        for row in rows
    )


def details_digest(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the digest of everything that the table of predictions stores of some forecasts.

    What the first releases did not store follows after all rows, unless none of the rows has any of
    it. So entries of these releases still verify, while a value that is added to such a row, or
    removed from a newer one, changes the digest.

    Args:
        rows: The table's columns by name, in the order of the entry; None counts as not a number.
    """
    digest, later = hashlib.sha256(), bytearray()
    has_later = False
    for row in rows:
        names = (row["attacker_id"], row["defender_id"], row["model_version"])
        digest.update(struct.pack("<q", to_micros(row["made_at"])))
        digest.update("".join(f"{name}\0" for name in names).encode())
        numbers = (math.nan if row[name] is None else row[name] for name in DETAILS)
        digest.update(_DETAILS.pack(row["lap"], row["position"], *numbers))
        values = [row[name] for name in LATER_DETAILS]
        has_later = has_later or any(each is not None for each in (*values, row[LATER_TEXT]))
        later += _LATER_DETAILS.pack(*(math.nan if each is None else each for each in values))
        later += f"{row[LATER_TEXT] or ''}\0".encode()
    if has_later:
        digest.update(later)
    return digest.digest()


def read_text(body: bytes) -> dict[str, Any]:
    """Return the values in an entry about a run or its drivers.

    Raises:
        StoreError: The body is damaged.
    """
    try:
        values = json.loads(body)
    except ValueError as error:
        raise StoreError("its text cannot be read") from error
    if not isinstance(values, dict):
        raise StoreError("its text is not a JSON object")
    return values


def read_forecasts(body: bytes) -> tuple[bytes, list[LedgerForecast]]:
    """Return the digest of the details and the forecasts of an entry.

    Raises:
        StoreError: The body is damaged.
    """
    rows = _rows(_FORECAST, body[_DIGEST_BYTES:])
    return body[:_DIGEST_BYTES], [LedgerForecast(from_micros(at), *rest) for at, *rest in rows]


def read_outcomes(body: bytes) -> list[OutcomeRecord]:
    """Return the outcomes of an entry.

    Raises:
        StoreError: The body is damaged.
    """
    try:
        return [
            OutcomeRecord(OUTCOMES[code], from_micros(settled), from_micros(at), behind, ahead)
            for at, behind, ahead, code, settled in _rows(_OUTCOME, body)
        ]
    except IndexError as error:
        raise StoreError("it holds an unknown outcome") from error


def counted(kind: int, body: bytes) -> int:
    """Return how many forecasts or outcomes a body holds; 1 for a body of text."""
    if kind == EntryKind.FORECASTS:
        return (len(body) - _DIGEST_BYTES) // _FORECAST.size
    settles = kind in {EntryKind.OUTCOMES, EntryKind.LATE_OUTCOMES}
    return len(body) // _OUTCOME.size if settles else 1


def _rows(shape: struct.Struct, body: bytes) -> list[tuple[Any, ...]]:
    try:
        return list(shape.iter_unpack(body))
    except struct.error as error:
        raise StoreError("its length is not a whole number of rows") from error


entries_table = table_of(LedgerEntry)

COLUMNS = ("number", "kind", "run", "items", "written_at", "body", "digest")

_ONE_CHAIN = 0x6C6564676572  # advisory lock: writers of two races, one chain


class NewEntry(NamedTuple):
    """An entry to be appended."""

    kind: EntryKind
    body: bytes


async def hold(connection: AsyncConnection) -> None:
    """Lock the chain against other writers until this transaction ends.

    On SQLite a writing transaction is that lock already.
    """
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:key)")
        await connection.execute(lock, {"key": _ONE_CHAIN})


async def append(
    connection: AsyncConnection, run: int, new: Sequence[NewEntry], now: datetime
) -> None:
    """Append entries about one run, dated `now`; the caller has locked the chain with `hold`."""
    newest = (
        select(entries_table.c.number, entries_table.c.digest)
        .order_by(entries_table.c.number.desc())
        .limit(1)
    )
    found = (await connection.execute(newest)).first()
    number, digest = (0, GENESIS) if found is None else (found.number, bytes(found.digest))
    rows = []
    for kind, body in new:
        number += 1
        head = Head(number, kind, run, counted(kind, body), now)
        digest = digest_of(digest, head, body)
        rows.append((number, int(kind), run, head.items, now, body, digest))
    await bulk.insert_rows(connection, entries_table, COLUMNS, rows)
