"""Insert many rows at once: COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.store.instants import to_micros

_FEW = 200  # rows: for fewer, one INSERT each, sent together, is faster than a temporary table
Row = tuple[Any, ...]


async def insert_rows(
    connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Iterable[Row]
) -> None:
    """Insert new rows; a key that exists already is an error."""
    driver = await driver_of(connection)
    if connection.dialect.name == "postgresql":
        await driver.copy_records_to_table(table.name, records=rows, columns=list(columns))
    else:
        await _execute_many(driver, _insert(table, columns), rows)


async def upsert_rows(
    connection: AsyncConnection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    key: Sequence[str],
    keep: Sequence[str] = (),
) -> None:
    """Insert rows, and update those whose `key` exists already.

    Args:
        connection: A connection in a transaction.
        table: The table to write to.
        columns: The columns of the rows, in order.
        rows: The values; no key twice.
        key: A unique key among `columns`.
        keep: Columns that an existing row keeps as they are.
    """
    updated = [name for name in columns if name not in key and name not in keep]
    assignments = ", ".join(f"{name} = excluded.{name}" for name in updated)
    action = f"UPDATE SET {assignments}" if updated else "NOTHING"
    conflict = f"ON CONFLICT ({', '.join(key)}) DO {action}"
    driver = await driver_of(connection)
    if connection.dialect.name == "sqlite":
        await _execute_many(driver, f"{_insert(table, columns)} {conflict}", rows)
        return
    remaining = iter(rows)
    first = list(islice(remaining, _FEW))
    if len(first) < _FEW:
        marks = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
        await driver.executemany(f"{_insert(table, columns, marks)} {conflict}", first)
        return
    # COPY cannot handle conflicts, so the rows go through a table that this transaction drops.
    names, temporary = ", ".join(columns), f"passing_{table.name}"
    await connection.execute(
        text(
            f"CREATE TEMP TABLE {temporary} ON COMMIT DROP AS "  # noqa: S608  our own names
            f"SELECT {names} FROM {table.name} WITH NO DATA"
        )
    )
    await driver.copy_records_to_table(
        temporary, records=chain(first, remaining), columns=list(columns)
    )
    await connection.execute(
        text(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {temporary} {conflict}")  # noqa: S608
    )
    await connection.execute(text(f"DROP TABLE {temporary}"))


async def driver_of(connection: AsyncConnection) -> Any:  # noqa: ANN401  asyncpg's or aiosqlite's
    """Return the driver's own connection, inside the transaction."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if connection.dialect.name == "postgresql" and not driver.is_in_transaction():
        # SQLAlchemy begins a transaction only with the first statement that it sends itself.
        await connection.execute(text("SELECT 1"))
    return driver


def _insert(table: Table, columns: Sequence[str], marks: str = "") -> str:
    marks = marks or ", ".join("?" * len(columns))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608


async def _execute_many(driver: Any, statement: str, rows: Iterable[Row]) -> None:  # noqa: ANN401
    # The generator runs in the driver's own thread, so that it does not block the event loop.
    cursor = await driver.executemany(statement, (tuple(map(_plain, row)) for row in rows))
    await cursor.close()


def _plain(value: Any) -> Any:  # noqa: ANN401  any column's
    return to_micros(value) if isinstance(value, datetime) else value
