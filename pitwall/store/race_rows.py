"""Insert, lock, advance and remove the row of a race."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.names import slug
from pitwall.domain.race import RaceInfo
from pitwall.domain.records import Batch, RaceMark
from pitwall.errors import RaceNotFoundError
from pitwall.store import bulk, row_writer
from pitwall.store.instants import utc_now
from pitwall.store.rejected_rows import Narrowing
from pitwall.store.tables import CarSampleRow, CircuitRow, RaceRow, TimingRow


async def insert_race(connection: AsyncConnection, info: RaceInfo, source: str, feed: str) -> None:
    """Insert a race under the next free number, and its circuit if that is new."""
    circuit_id = slug(info.circuit)[:64] or None
    if circuit_id:
        row = (circuit_id, info.circuit)
        table = row_writer.table_of(CircuitRow)
        await bulk.upsert_rows(connection, table, ("id", "name"), [row], key=("id",))
    number = await connection.scalar(text("SELECT coalesce(max(number), 0) + 1 FROM races"))
    values = RaceRow(
        id=info.race_id[:96],
        number=number or 1,
        circuit_id=circuit_id,
        name=row_writer.fit(info.name, 120),
        kind=row_writer.fit(info.kind, 40),
        year=info.year,
        starts_at=info.starts_at,
        source=source,
        feed=row_writer.fit(feed, 200),
        created_at=utc_now(),
    ).model_dump()
    await connection.execute(row_writer.table_of(RaceRow).insert(), values)


async def remove(connection: AsyncConnection, which: str, values: dict[str, Any]) -> int:
    """Remove races with all their rows; return how many there were.

    The races are deleted first, because that waits for the writers of these races: whatever they
    wrote is then visible and deleted too.
    """
    statement = text(f"DELETE FROM races WHERE {which} RETURNING number")  # noqa: S608  our own
    removed = [{"number": row.number} for row in await connection.execute(statement, values)]
    for model in (TimingRow, CarSampleRow):  # these have no foreign key that cascades
        table = row_writer.table_of(model)
        own = table.c.race_number == bindparam("number")
        if removed:
            await connection.execute(table.delete().where(own), removed)
    return len(removed)


async def locked(connection: AsyncConnection, mark: RaceMark) -> int:
    """Lock a race against other writers, and return how many of its messages are stored.

    Raises:
        RaceNotFoundError: The race was removed meanwhile.
    """
    lock = " FOR UPDATE" if connection.dialect.name == "postgresql" else ""
    statement = text(f"SELECT messages FROM races WHERE number = :number{lock}")  # noqa: S608
    messages: int | None = await connection.scalar(statement, {"number": mark.number})
    if messages is None:
        raise RaceNotFoundError(f"The race {mark.info.race_id} was removed during the recording.")
    return messages


async def advance(connection: AsyncConnection, mark: RaceMark, batch: Batch, through: int) -> None:
    """Set a race's mark to `through` messages, and update its laps and times."""
    first = batch.messages[0].sent_at if batch.messages else None
    newest = next(reversed(batch.predictions.values()), None)
    table = row_writer.table_of(RaceRow)
    changes: dict[str, Any] = {
        "messages": through,
        "revision": table.c.revision + 1,
        "updated_at": utc_now(),
    }
    if batch.last_at is not None:
        changes |= {"last_at": batch.last_at, "laps": batch.lap, "total_laps": batch.total_laps}
    if newest is not None:
        changes["model_version"] = newest.model_version
    await connection.execute(table.update().where(table.c.number == mark.number).values(changes))
    if first is not None:
        unset = table.c.first_at.is_(None)
        own = table.c.number == mark.number
        await connection.execute(table.update().where(own, unset).values(first_at=first))


async def advance_narrowly(
    connection: AsyncConnection, mark: RaceMark, batch: Batch, through: int, narrow: Narrowing
) -> None:
    """Set the mark; leave the batch's laps and model out if the database rejects them."""

    async def write(_rows: list[dict[str, Any]]) -> None:
        await advance(connection, mark, batch, through)

    before = len(narrow.refused)
    values = {"last_at": batch.last_at, "laps": batch.lap, "total_laps": batch.total_laps}
    await narrow.put("races", [values], write)
    if len(narrow.refused) > before:
        await advance(connection, mark, Batch(info=batch.info), through)
