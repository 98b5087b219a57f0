"""Many rows at once: COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.store.instants import to_micros

_FEW = 200  # rows: below, an INSERT each, sent together, beats a table to pass through
Row = tuple[Any, ...]


async def insert_rows(
    connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Iterable[Row]
) -> None:
    """Insert rows that are not there; a key that is there already is an error."""
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
    """Insert rows, and where `key` is there already replace the rest of the row.

    Args:
        connection: In a transaction.
        table: Where to.
        columns: Of the rows, in order.
        rows: The values; no key twice.
        key: A unique key among `columns`.
        keep: Columns that stay as they are in a row that is there.
    """
    changed = [name for name in columns if name not in key and name not in keep]
    replaced = ", ".join(f"{name} = excluded.{name}" for name in changed)
    action = f"UPDATE SET {replaced}" if changed else "NOTHING"
    conflict = f"ON CONFLICT ({', '.join(key)}) DO {action}"
    driver = await driver_of(connection)
    if connection.dialect.name == "sqlite":
        await _execute_many(driver, f"{_insert(table, columns)} {conflict}", rows)
        return
    left = iter(rows)
    first = list(islice(left, _FEW))
    if len(first) < _FEW:
        marks = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
        await driver.executemany(f"{_insert(table, columns, marks)} {conflict}", first)
        return
    # COPY knows no conflict: by way of a table that this transaction drops.
    names, passing = ", ".join(columns), f"passing_{table.name}"
    await connection.execute(
        text(
            f"CREATE TEMP TABLE {passing} ON COMMIT DROP AS "  # noqa: S608  our own names
            f"SELECT {names} FROM {table.name} WITH NO DATA"
        )
    )
    await driver.copy_records_to_table(passing, records=chain(first, left), columns=list(columns))
    await connection.execute(
        text(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {passing} {conflict}")  # noqa: S608
    )
    await connection.execute(text(f"DROP TABLE {passing}"))


async def driver_of(connection: AsyncConnection) -> Any:  # noqa: ANN401  asyncpg's or aiosqlite's
    """Return the driver's own connection, inside the transaction."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if connection.dialect.name == "postgresql" and not driver.is_in_transaction():
        # SQLAlchemy begins with the first statement that it sends itself.
        await connection.execute(text("SELECT 1"))
    return driver


def _insert(table: Table, columns: Sequence[str], marks: str = "") -> str:
    marks = marks or ", ".join("?" * len(columns))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608


async def _execute_many(driver: Any, statement: str, rows: Iterable[Row]) -> None:  # noqa: ANN401
    # The generator runs in the driver's own thread, which the event loop does not wait for.
    cursor = await driver.executemany(statement, (tuple(map(_plain, row)) for row in rows))
    await cursor.close()


def _plain(value: Any) -> Any:  # noqa: ANN401  any column's
    return to_micros(value) if isinstance(value, datetime) else value
