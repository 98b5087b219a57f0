"""Connections to the database: one engine, SQLite or PostgreSQL, made from a URL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from pitwall.errors import SettingsError, StoreError

DATABASE_FILE = "pitwall.db"
BUSY_TIMEOUT_S = 30.0  # how long a writer waits for another one
CONNECT_WITHIN_S = 5.0
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
_BEGIN = "sqlite_begin"


class Database:
    """The engine and the two kinds of transaction.

    Nothing is opened before the first use. Both kinds of transaction turn what the driver
    raises about a lost or full database into `StoreError`.

    Args:
        url: From `database_url`.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.engine = _sqlite(url) if self.is_sqlite else _postgresql(url)
        # SQLite only: a reader that becomes a writer is refused where another wrote meanwhile.
        self._writer = self.engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite; else it is PostgreSQL."""
        return self.url.get_backend_name() == "sqlite"

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that sees one state of the database and writes nothing.

        Raises:
            StoreError: The database cannot be reached.
        """
        with_errors = _translated()
        async with with_errors, self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that is committed at the end, or undone when an error leaves it.

        Raises:
            StoreError: The database cannot be reached or is full.
        """
        with_errors = _translated()
        async with with_errors, self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """Open a writing transaction for a few objects of the tables; many rows go otherwise.

        Raises:
            StoreError: The database cannot be reached or is full.
        """
        with_errors = _translated()
        maker = async_sessionmaker(self._writer, expire_on_commit=False)
        async with with_errors, maker.begin() as session:
            yield session

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def database_url(text: str | None, data: Path) -> URL:
    """Return where the database is.

    Args:
        text: `sqlite:///FILE` or `postgresql://...`; None is a SQLite file in `data`.
        data: The data folder.

    Raises:
        SettingsError: The text is no URL of these two kinds.

    Example:
        >>> str(database_url(None, Path("data")))
        'sqlite+aiosqlite:///data/pitwall.db'
    """
    if text is None:
        return URL.create("sqlite+aiosqlite", database=str(data / DATABASE_FILE))
    try:
        url = make_url(text)
        return url.set(drivername=_DRIVERS[url.get_backend_name()])
    except (ArgumentError, KeyError):
        message = (
            "PITWALL_DATABASE_URL must be sqlite:///FILE or "
            "postgresql://USER:PASSWORD@HOST/NAME"  # what was found may hold a password
        )
        raise SettingsError(message) from None


def _sqlite(url: URL) -> AsyncEngine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's own
    # The driver must not begin transactions of its own: it would leave DDL outside them.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",  # readers do not wait for the writer
        "synchronous = NORMAL",  # in WAL safe against a crash of the process
        "foreign_keys = ON",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _postgresql(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_pre_ping=True,
        connect_args={
            "timeout": CONNECT_WITHIN_S,
            "server_settings": {"timezone": "UTC", "application_name": "pitwall"},
        },
    )


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (DBAPIError, OSError, TimeoutError) as error:
        if isinstance(error, DBAPIError) and not _is_trouble(error):
            raise
        reason = str(error.orig) if isinstance(error, DBAPIError) else str(error)
        message = f"The database does not answer as it should: {reason or type(error).__name__}."
        raise StoreError(message) from error


def _is_trouble(error: DBAPIError) -> bool:
    """Whether the database is in trouble, rather than the statement wrong."""
    return error.connection_invalidated or type(error).__name__ in {
        *("OperationalError", "InterfaceError", "InternalError", "DBAPIError"),
    }
