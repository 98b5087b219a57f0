"""Test that rejected rows are told from failures of the database, which pass."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InvalidRequestError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from pitwall.errors import StoreBusyError, StoreError
from pitwall.store import migrations
from pitwall.store.database import Database, Databases, Pool, _translated, database_url
from pitwall.store.database_errors import is_about_content, reason

_CLASSES: list[tuple[str, Any]] = inspect.getmembers(asyncpg.exceptions, inspect.isclass)
STATES: dict[str, Any] = {
    kind.sqlstate: kind
    for _, kind in _CLASSES
    if issubclass(kind, asyncpg.PostgresError) and kind.sqlstate
}
CONTENT = {state for state in STATES if state[:2] in {"21", "22", "23"}} | {"54000"}


class Plain(Exception):  # noqa: N818  stands for the adapter's
    """The driver's error as SQLAlchemy wraps one that it does not know."""

    def __init__(self, state: str) -> None:
        super().__init__(f"<class 'a.driver'>: it said {state}")
        self.sqlstate = state


async def raised(error: BaseException) -> BaseException:
    """Return the error that leaves a transaction in which another one is raised."""
    with pytest.raises(type(error) if is_about_content(error) else StoreError) as caught:
        async with _translated():
            raise error
    return caught.value


def test_there_are_states_of_every_class() -> None:
    assert len(STATES) > 200
    assert {"08006", "40001", "42P01", "53100", "57P01", "57P03", "XX000"} <= STATES.keys()


@pytest.mark.parametrize("state", sorted(STATES))
async def test_every_state_of_postgresql_by_either_way(state: str) -> None:
    by_driver = STATES[state]("said so")
    by_sqlalchemy = DBAPIError("INSERT", {}, Plain(state))
    for error in (by_driver, by_sqlalchemy):
        came = await raised(error)
        assert isinstance(came, StoreError) is (state not in CONTENT)


@pytest.mark.parametrize(
    ("error", "is_content"),
    [
        (sqlite3.IntegrityError("NOT NULL constraint failed"), True),
        (sqlite3.DataError("string or blob too big"), True),
        (sqlite3.ProgrammingError("Error binding parameter 3: type 'set' is not supported"), True),
        (sqlite3.ProgrammingError("Cannot operate on a closed database."), False),
        (sqlite3.OperationalError("database is locked"), False),
        (sqlite3.OperationalError("no such table: races"), False),
        (sqlite3.OperationalError("disk I/O error"), False),
        (sqlite3.DatabaseError("database disk image is malformed"), False),
        (OverflowError("Python int too large to convert to SQLite INTEGER"), True),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), True),
        (StatementError("no", "INSERT", {}, TypeError("not a datetime")), True),
        (DBAPIError("INSERT", {}, Plain("ZZ999")), False),  # a state that nobody knows
        (DBAPIError("INSERT", {}, RuntimeError("no state at all")), False),
        (PoolTimeoutError("QueuePool limit of size 5 overflow 10 reached"), False),
        (InvalidRequestError("Can't reconnect until invalid transaction is rolled back"), False),
        (asyncpg.InterfaceError("connection is closed"), False),
        (asyncpg.InternalClientError("got result for unknown protocol state"), False),
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 5432)"), False),
        (TimeoutError(), False),
        (ConnectionResetError(), False),
        (MemoryError(), False),
    ],
)
async def test_what_else_can_be_raised(error: Exception, is_content: bool) -> None:
    assert is_about_content(error) is is_content
    if not isinstance(error, MemoryError):
        assert isinstance(await raised(error), StoreError) is not is_content


def test_the_address_of_the_database_is_told_to_nobody() -> None:
    refused = ConnectionRefusedError(111, "Connect call failed ('10.0.0.7', 5432)")
    assert "10.0.0.7" not in reason(refused)
    assert reason(STATES["28P01"]('password authentication failed for user "pitwall"')) == (
        "it refuses the log-in"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"These are notes, and no database.\n" * 200, "its file is not a SQLite database"),
        (b"SQLite format 3\0" + b"\xff" * 8_000, "its file is not a SQLite database"),
    ],
)
async def test_a_file_that_is_no_database_is_called_that(
    tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "pitwall.db"
    file.write_bytes(content)
    database = Database(database_url(None, tmp_path))

    for opened in (database.reading, database.writing):
        with pytest.raises(StoreError, match=words) as refused:
            async with opened():
                pass
        assert "move the file away" in str(refused.value)
    await database.close()

    assert file.read_bytes() == content


async def test_a_damaged_file_is_called_that(tmp_path: Path) -> None:
    database = Database(database_url(None, tmp_path))
    await migrations.upgrade(database)
    await database.close()
    file = tmp_path / "pitwall.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:4_096] + b"\xff" * (len(whole) - 4_096))

    with pytest.raises(StoreError, match="its file is damaged; stop pitwall, then move the file"):
        await migrations.upgrade(database)
    await database.close()


async def test_a_pool_that_is_empty_says_busy_and_another_one_has_its_own(store_url: str) -> None:
    url = database_url(store_url, Path())
    small = Database(url, Pool("small", most=1, wait_s=0.1))
    other = Database(url, Pool("other", most=1, wait_s=0.1))
    try:
        async with small.reading() as held:
            await held.execute(text("SELECT 1"))
            with pytest.raises(StoreBusyError, match="busy"):
                async with small.reading():
                    pass
            async with asyncio.timeout(5), other.writing() as free:
                await free.execute(text("CREATE TABLE written (n INTEGER)"))
    finally:
        await small.close()
        await other.close()


def test_the_connections_of_five_workers_fit_the_default_of_postgresql() -> None:
    databases = Databases(database_url("postgresql://pitwall@127.0.0.1/pitwall", Path()))
    of_a_worker = sum(
        each.pool.most
        for each in (
            databases.recorder,
            databases.accounts,
            databases.readers,
            databases.replays,
            databases.exports,
        )
    )
    assert of_a_worker == 17
    assert 5 * of_a_worker + 10 <= 100 - 3  # a command beside them; three are kept for superusers
