"""Connect to SQLite or PostgreSQL with one connection pool for each purpose.

The pools of one worker hold 17 connections together, and 19 in the worker that leads, so that five
workers and a command fit PostgreSQL's default limit of 100: `docs/database.md` has the arithmetic.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import ArgumentError, MissingGreenlet
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.util import await_only

from pitwall.errors import SettingsError, StoreBusyError, StoreError
from pitwall.store.database_errors import OF_DATABASES, is_about_content, sentence


@dataclass(frozen=True, slots=True)
class Pool:
    """Limits of the connection pool for one purpose.

    Attributes:
        name: The purpose; PostgreSQL shows it in `pg_stat_activity`.
        most: The greatest number of connections.
        wait_s: How long a request waits for a connection before it fails with `StoreBusyError`.
        answer_within_s: How long a statement may take on PostgreSQL. None for no limit.
    """

    name: str
    most: int
    wait_s: float
    answer_within_s: float | None = None

    def bounds(self) -> dict[str, Any]:
        """Return the pool's limits as arguments of SQLAlchemy's `create_async_engine`."""
        return {"pool_size": self.most, "max_overflow": 0, "pool_timeout": self.wait_s}


# Two, because a connection lost during a write is still being closed when the next write begins.
RECORDER: Final = Pool("recorder", most=2, wait_s=30.0, answer_within_s=60.0)

ACCOUNTS: Final = Pool("accounts", most=4, wait_s=5.0, answer_within_s=30.0)

READERS: Final = Pool("readers", most=5, wait_s=5.0, answer_within_s=60.0)

REPLAYS: Final = Pool("replays", most=3, wait_s=10.0, answer_within_s=120.0)

EXPORTS: Final = Pool("exports", most=3, wait_s=10.0, answer_within_s=600.0)

# Two: what happened is written while what is due is read. Only the worker that leads opens them.
WEBHOOKS: Final = Pool("webhooks", most=2, wait_s=30.0, answer_within_s=30.0)

TOOLS: Final = Pool("tools", most=10, wait_s=30.0)  # commands: one process, one purpose

DATABASE_FILE = "pitwall.db"

BUSY_TIMEOUT_S = 30.0  # how long a writer waits for another one to finish

_RETRY_S = 0.02

CONNECT_WITHIN_S = 5.0

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}

_BEGIN = "sqlite_begin"


class Database:
    """Opens reading and writing transactions on one connection pool.

    Nothing is opened before the first use. Transactions turn whatever the driver raises into
    `StoreError`, except errors about the content of rows, which are passed on.

    Args:
        url: The address, from `database_url`.
        pool: The limits of its own connection pool.
    """

    def __init__(self, url: URL, pool: Pool = TOOLS) -> None:
        self.url = url
        self.pool = pool
        self.engine = _sqlite(url, pool) if self.is_sqlite else _postgresql(url, pool)
        # SQLite only: it refuses a reader that becomes a writer when another has written meanwhile,
        # so that a writing transaction takes the lock at its start.
        self._writer = self.engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite; else it is PostgreSQL."""
        return self.url.get_backend_name() == "sqlite"

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction for reading.

        Raises:
            StoreBusyError: All connections of this pool are in use.
            StoreError: The database cannot be reached.
        """
        with_errors = _translated()
        async with with_errors, self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Open a reading transaction in which every statement sees the same state of the database.

        Raises:
            StoreError: The database cannot be reached.
        """
        async with self.reading() as connection:
            if not self.is_sqlite:  # its readers see one state anyway
                await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that commits at the end, or rolls back after an error.

        Raises:
            StoreError: The database cannot be reached or is full.
        """
        with_errors = _translated()
        async with with_errors, self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """Open a writing transaction for a few model objects; for many rows use `bulk`.

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


class Databases:
    """Opens one database through several pools, so that a busy purpose does not starve the others.

    Attributes:
        recorder: Writes races; nothing else does.
        accounts: Reads and writes users, log-ins and keys.
        readers: Serves pages and routes about stored races.
        replays: Loads whole races for replays and analyses.
        exports: Writes files for download.
        webhooks: Stores what is sent to webhooks.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.recorder = Database(url, RECORDER)
        self.accounts = Database(url, ACCOUNTS)
        self.readers = Database(url, READERS)
        self.replays = Database(url, REPLAYS)
        self.exports = Database(url, EXPORTS)
        self.webhooks = Database(url, WEBHOOKS)

    async def close(self) -> None:
        """Close every connection of every pool."""
        for each in (
            self.webhooks,
            self.exports,
            self.replays,
            self.readers,
            self.accounts,
            self.recorder,
        ):
            await each.close()


def database_url(text: str | None, data: Path) -> URL:
    """Return the address of the database.

    Args:
        text: `sqlite:///FILE` or `postgresql://...`. None for a SQLite file in `data`.
        data: The data folder.

    Raises:
        SettingsError: The text is neither kind of URL.

    Example:
        >>> str(database_url(None, Path("data")))
        'sqlite+aiosqlite:///data/pitwall.db'
    """
    if text is None:
        return URL.create("sqlite+aiosqlite", database=str(data / DATABASE_FILE))
    try:
        url = make_url(text)
        url = url.set(drivername=_DRIVERS[url.get_backend_name()])
    except (ArgumentError, KeyError, ValueError):  # ValueError: the port is not a number
        message = (
            "PITWALL_DATABASE_URL must be sqlite:///FILE or "
            "postgresql://USER:PASSWORD@HOST/NAME"  # the value itself may hold a password
        )
        raise SettingsError(message) from None
    if not url.drivername.startswith("sqlite") and find_spec("asyncpg") is None:
        message = (
            "PITWALL_DATABASE_URL names a PostgreSQL database, and its driver is not installed: "
            "install pitwall[postgres], which brings it"
        )
        raise SettingsError(message)
    return url


def _sqlite(url: URL, pool: Pool) -> AsyncEngine:
    if url.database and url.database != ":memory:":
        # If this fails, opening the file fails too, and that error is reported like all others.
        with suppress(OSError):
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    bounds = pool.bounds() if url.database != ":memory:" else {}
    engine = create_async_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, **bounds)
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    event.listen(engine.sync_engine, "invalidate", _undo)
    return engine


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's own
    # The driver must not begin transactions itself: it would leave DDL outside them.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        _write_ahead(cursor)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:  # the file is damaged or no SQLite database
        failure = sqlite3.OperationalError(str(error))
        failure.sqlite_errorcode = error.sqlite_errorcode
        raise failure from error
    for pragma in (
        "synchronous = NORMAL",  # in WAL safe against a crash of the process
        "foreign_keys = ON",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: Any) -> None:  # noqa: ANN401
    """Switch to write-ahead logging, so that readers do not wait for the writer.

    The first connection changes the mode of the file and needs it alone for a moment. SQLite
    refuses other connections meanwhile at once, whatever their time-out, so they retry here.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            await_only(asyncio.sleep(_RETRY_S))
        else:
            return


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _undo(connection: Any, _record: object, _error: object) -> None:  # noqa: ANN401
    """Roll back what a cancelled task had begun to write.

    SQLAlchemy closes the connection without a rollback. SQLite keeps a closed connection and its
    write lock as long as one of its cursors exists, and the cancellation's traceback holds one.
    """
    with suppress(sqlite3.Error, MissingGreenlet):  # closed already, or awaited by nobody
        connection.rollback()


def _postgresql(url: URL, pool: Pool) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_pre_ping=True,
        connect_args={
            "timeout": CONNECT_WITHIN_S,
            "command_timeout": pool.answer_within_s,
            "server_settings": {"timezone": "UTC", "application_name": f"pitwall {pool.name}"},
        },
        **pool.bounds(),
    )


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreBusyError from error
    except OF_DATABASES as error:
        if is_about_content(error):
            raise
        raise StoreError(sentence(error)) from error
