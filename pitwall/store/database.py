"""Connect to the database: one engine, SQLite or PostgreSQL, made from a URL, pools by purpose.

All of one worker together are 17, so that five workers and a few commands fit PostgreSQL's default
of 100: `docs/database.md` has the arithmetic.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
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
    """Connections for one purpose.

    Attributes:
        name: Of the purpose; PostgreSQL shows it in `pg_stat_activity`.
        most: Connections, at most.
        wait_s: How long one more waits for one; then it is told that the database is busy.
        answer_within_s: How long a statement may take on PostgreSQL; None is for ever.
    """

    name: str
    most: int
    wait_s: float
    answer_within_s: float | None = None

    def bounds(self) -> dict[str, Any]:
        """Return what SQLAlchemy is told."""
        return {"pool_size": self.most, "max_overflow": 0, "pool_timeout": self.wait_s}


# Two: one that was lost while it wrote is still being closed when the next write begins.
RECORDER: Final = Pool("recorder", most=2, wait_s=30.0, answer_within_s=60.0)

ACCOUNTS: Final = Pool("accounts", most=4, wait_s=5.0, answer_within_s=30.0)

READERS: Final = Pool("readers", most=5, wait_s=5.0, answer_within_s=60.0)

REPLAYS: Final = Pool("replays", most=3, wait_s=10.0, answer_within_s=120.0)

EXPORTS: Final = Pool("exports", most=3, wait_s=10.0, answer_within_s=600.0)

TOOLS: Final = Pool("tools", most=10, wait_s=30.0)  # commands: one process, one purpose

DATABASE_FILE = "pitwall.db"

BUSY_TIMEOUT_S = 30.0  # how long a writer waits for another one

_ASK_AGAIN_S = 0.02

CONNECT_WITHIN_S = 5.0

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}

_BEGIN = "sqlite_begin"


class Database:
    """The engine and the two kinds of transaction.

    Nothing is opened before the first use. Both kinds of transaction turn whatever the driver
    raises into `StoreError`, but for what it refuses because of its content: that is passed on.

    Args:
        url: From `database_url`.
        pool: Its connections; nobody else's.
    """

    def __init__(self, url: URL, pool: Pool = TOOLS) -> None:
        self.url = url
        self.pool = pool
        self.engine = _sqlite(url, pool) if self.is_sqlite else _postgresql(url, pool)
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
            StoreBusyError: All connections of this pool are in use.
            StoreError: The database cannot be reached.
        """
        with_errors = _translated()
        async with with_errors, self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Open a reading transaction that sees what was there at its first statement throughout.

        Raises:
            StoreError: The database cannot be reached.
        """
        async with self.reading() as connection:
            if not self.is_sqlite:  # whose readers see one state anyway
                await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
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


class Databases:
    """One database by way of several pools: what starves one of them leaves the others be.

    Attributes:
        recorder: Writes races; nothing else does.
        accounts: Log-ins, keys and users.
        readers: Pages and routes about kept races.
        replays: Replays, and what is made of whole races for them.
        exports: Files.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.recorder = Database(url, RECORDER)
        self.accounts = Database(url, ACCOUNTS)
        self.readers = Database(url, READERS)
        self.replays = Database(url, REPLAYS)
        self.exports = Database(url, EXPORTS)

    async def close(self) -> None:
        """Close every connection of every pool."""
        for each in (self.exports, self.replays, self.readers, self.accounts, self.recorder):
            await each.close()


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
    except (ArgumentError, KeyError, ValueError):  # the last one of a port that is no number
        message = (
            "PITWALL_DATABASE_URL must be sqlite:///FILE or "
            "postgresql://USER:PASSWORD@HOST/NAME"  # what was found may hold a password
        )
        raise SettingsError(message) from None


def _sqlite(url: URL, pool: Pool) -> AsyncEngine:
    if url.database and url.database != ":memory:":
        # Where this fails, opening the file does too, and says so in the way that all faults are.
        with suppress(OSError):
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    bounds = pool.bounds() if url.database != ":memory:" else {}
    engine = create_async_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, **bounds)
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    event.listen(engine.sync_engine, "invalidate", _undo)
    return engine


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's own
    # The driver must not begin transactions of its own: it would leave DDL outside them.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        _write_ahead(cursor)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:  # the file is none of SQLite's, or damaged
        raise sqlite3.OperationalError(str(error)) from error
    for pragma in (
        "synchronous = NORMAL",  # in WAL safe against a crash of the process
        "foreign_keys = ON",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: Any) -> None:  # noqa: ANN401
    """Let readers not wait for the writer.

    The first who opens the file changes its mode, which needs the file for a moment alone: SQLite
    refuses others who ask meanwhile at once, whatever their time-out.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            await_only(asyncio.sleep(_ASK_AGAIN_S))
        else:
            return


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _undo(connection: Any, _record: object, _error: object) -> None:  # noqa: ANN401
    """Undo what a task that was cancelled had begun to write.

    SQLAlchemy closes its connection without. SQLite keeps a closed connection, and its right to
    write, for as long as a cursor of it is left: the traceback of the cancellation holds one.
    """
    with suppress(sqlite3.Error, MissingGreenlet):  # closed already; or a stray, nobody awaits it
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
