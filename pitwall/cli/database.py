"""`pitwall db`: bring the database up to this release, or take it back."""

from __future__ import annotations

import click

from pitwall.app import database as app_database
from pitwall.app.settings import load
from pitwall.cli.coroutines import waiting
from pitwall.store import migrations


@click.group()
def command() -> None:
    """Migrate the database to this release, or back. The server upgrades it when it starts."""


@command.command()
@click.argument("revision", default="head")
@waiting
async def upgrade(revision: str) -> int:
    """Upgrade the database to REVISION, by default that of this release."""
    return await _migrate(revision, is_upgrade=True)


@command.command()
@click.argument("revision")
@waiting
async def downgrade(revision: str) -> int:
    """Take the database back to REVISION; `base` removes every table with its rows."""
    return await _migrate(revision, is_upgrade=False)


async def _migrate(revision: str, *, is_upgrade: bool) -> int:
    """Migrate the database, and print its revision.

    Raises:
        StoreError: The database cannot be reached.
    """
    database = app_database.open_database(load())
    try:
        if is_upgrade:
            await migrations.upgrade(database, revision)
        else:
            await migrations.downgrade(database, revision)
    finally:
        await database.close()
    print(f"the database is at {revision}")
    return 0
