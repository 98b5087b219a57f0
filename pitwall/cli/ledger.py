"""`python -m pitwall ledger`: check the ledger of forecasts, or print its newest hash."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from pitwall.app import database as app_database
from pitwall.app.settings import load
from pitwall.errors import LedgerError
from pitwall.logs import one_line
from pitwall.store.database import Database
from pitwall.store.ledger.reader import SqlLedgerReader
from pitwall.store.ledger.verifier import verify

_EVERY = 1_000  # entries between two reports of progress
_HEX = 64


def add_to(commands: Any) -> None:  # noqa: ANN401  argparse gives its sub-parsers no public type
    """Add the command's parser."""
    parser = commands.add_parser("ledger", help="check the ledger of forecasts, or print its hash")
    parser.add_argument("what", choices=["verify", "head"])
    parser.add_argument(
        "--head",
        type=_head,
        metavar="NUMBER:HASH",
        help="verify: an entry that `ledger head` printed earlier, and that must still be there",
    )
    parser.set_defaults(run=run)


async def run(chosen: argparse.Namespace) -> int:
    """Verify the ledger, or print its newest hash.

    Raises:
        StoreError: The database cannot be reached.
    """
    database = app_database.open_database(load())
    try:
        return await (
            _verify(database, chosen.head) if chosen.what == "verify" else _head_of(database)
        )
    finally:
        await database.close()


async def _verify(database: Database, known_head: tuple[int, str] | None) -> int:
    try:
        report = await verify(database, known_head, _show_progress)
    except LedgerError as error:
        sys.stderr.write(f"\r\x1b[K{one_line(str(error))}\n")
        return 1
    sys.stderr.write("\r\x1b[K")
    print(
        f"The ledger is whole: {report.entries:,} entries, {report.forecasts:,} forecasts, "
        f"{report.outcomes:,} outcomes; {report.compared:,} forecasts agree with the table of "
        "predictions."
    )
    if report.head is not None:
        print(f"head {report.head.number}:{report.head.digest}")
    if known_head is None:
        print("To detect a rewritten ledger, pass --head with what `ledger head` printed earlier.")
    return 0


async def _head_of(database: Database) -> int:
    head = await SqlLedgerReader(database).head()
    if head is None:
        print("The ledger is empty.")
        return 0
    print(f"{head.number}:{head.digest} {head.written_at:%Y-%m-%dT%H:%M:%SZ}")
    return 0


def _show_progress(done: int) -> None:
    if done % _EVERY == 0:
        sys.stderr.write(f"\r{done:,} entries ")
        sys.stderr.flush()


def _head(text: str) -> tuple[int, str]:
    number, _, digest = text.partition(":")
    if (
        not number.isdecimal()
        or len(digest) != _HEX
        or set(digest.lower()) - set("0123456789abcdef")
    ):
        message = "expected NUMBER:HASH, as `ledger head` prints it"
        raise argparse.ArgumentTypeError(message)
    return int(number), digest
