"""`pitwall ledger`: check the ledger of forecasts, or print its newest hash."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import click

from pitwall.app import database as app_database
from pitwall.app.settings import load
from pitwall.cli.coroutines import waiting
from pitwall.cli.progress import ProgressBar
from pitwall.errors import LedgerError
from pitwall.logs import one_line
from pitwall.store.database import Database
from pitwall.store.ledger.reader import SqlLedgerReader
from pitwall.store.ledger.verifier import verify

_HEX = 64


def _entry(text: str) -> tuple[int, str]:
    number, _, digest = text.partition(":")
    is_hash = len(digest) == _HEX and not set(digest.lower()) - set("0123456789abcdef")
    if not number.isdecimal() or not is_hash:
        message = "expected NUMBER:HASH, as `ledger head` prints it"
        raise click.BadParameter(message)
    return int(number), digest


@click.group(
    epilog="""
    \b
    Examples:
      pitwall ledger head                        note the newest hash somewhere else ...
      pitwall ledger verify --head NUMBER:HASH   ... and check against it later
    """
)
def command() -> None:
    """Verify the ledger of forecasts, or print its newest hash."""


@command.command("verify")
@click.option(
    "--head",
    type=_entry,
    metavar="NUMBER:HASH",
    help="An entry that `ledger head` printed earlier, and that must still be there.",
)
@waiting
async def verify_all(head: tuple[int, str] | None) -> int:
    """Check every entry of the ledger; the exit code is 1 where one is broken."""
    async with _open() as database:
        return await _verify(database, head)


@command.command("head")
@waiting
async def print_head() -> int:
    """Print the number, the hash and the time of the newest entry."""
    async with _open() as database:
        return await _print_head(database)


@asynccontextmanager
async def _open() -> AsyncGenerator[Database]:
    database = app_database.open_database(load())
    try:
        yield database
    finally:
        await database.close()


async def _verify(database: Database, known_head: tuple[int, str] | None) -> int:
    try:
        with ProgressBar("entries") as progress:
            report = await verify(database, known_head, progress.show)
    except LedgerError as error:
        sys.stderr.write(f"{one_line(str(error))}\n")
        return 1
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


async def _print_head(database: Database) -> int:
    head = await SqlLedgerReader(database).head()
    if head is None:
        print("The ledger is empty.")
        return 0
    print(f"{head.number}:{head.digest} {head.written_at:%Y-%m-%dT%H:%M:%SZ}")
    return 0
