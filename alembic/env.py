"""Run alembic's migrations on the caller's connection, or on a connection of their own."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection

from alembic import context
from pitwall.app.settings import load
from pitwall.store.database import Database, database_url
from pitwall.store.tables import metadata


def migrate(connection: Connection) -> None:
    """Run the migrations in the transaction that the connection is in."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,  # SQLite's DDL is; alembic assumes that the driver's is not
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_alone() -> None:
    """Open the database of the settings and migrate it, for `alembic` called at a terminal."""
    settings = load()
    database = Database(database_url(settings.database_url, settings.data))
    async with database.writing() as connection:
        await connection.run_sync(migrate)
    await database.close()


given: Connection | None = context.config.attributes.get("connection")
if given is None:
    asyncio.run(migrate_alone())
else:
    migrate(given)
