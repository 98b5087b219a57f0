"""Migrate the database to the tables of this release.

Everything happens in one transaction behind one lock: servers that start together wait for each
other, and one that is killed half-way leaves the database as it was.
"""

from __future__ import annotations

from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from alembic import command
from pitwall.errors import StoreError
from pitwall.places import MIGRATIONS
from pitwall.store.database import Database

# Any number that nobody else uses: "pitwall" in ASCII.
_LOCK = 0x70697477616C6C


async def upgrade(database: Database, revision: str = "head") -> None:
    """Upgrade the database to `revision`; do nothing if it is there already.

    Raises:
        StoreError: The database cannot be reached, or is at a revision unknown to this release.
    """
    await _migrate(database, revision, up=True)


async def downgrade(database: Database, revision: str) -> None:
    """Downgrade the database to `revision`; `base` removes every table with its rows.

    Raises:
        StoreError: The database cannot be reached.
    """
    await _migrate(database, revision, up=False)


async def _migrate(database: Database, revision: str, *, up: bool) -> None:
    async with database.writing() as connection:
        # On SQLite the writing transaction is the lock.
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await connection.run_sync(_run, revision, up)


def _run(connection: Connection, revision: str, up: bool) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    change = command.upgrade if up else command.downgrade
    try:
        change(config, revision)
    except CommandError as error:
        # The revision is unknown, or a later release has migrated the database.
        raise StoreError(f"The database cannot be migrated to {revision}: {error}.") from error
