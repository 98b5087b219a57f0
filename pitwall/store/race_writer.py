"""Write races as they run: each batch in one transaction, together with the mark it reaches.

The mark, `races.messages`, makes a restart exact: rows of a batch that lie before it are left out,
so that nothing is added twice when a batch, or a part of it, is written again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.names import cars_by_driver, slug
from pitwall.domain.race import START_OF_TIME, RaceInfo
from pitwall.domain.records import (
    Batch,
    MessageRecord,
    OutcomeRecord,
    PredictionRecord,
    RaceMark,
)
from pitwall.domain.sessions import Source
from pitwall.errors import RaceNotFoundError, StoreError
from pitwall.recording import record_rows
from pitwall.recording.race_recorder import is_of_another_feed
from pitwall.store import bulk, forecast_writer, message_chunks, row_writer
from pitwall.store.database import Database
from pitwall.store.database_errors import is_about_content, reason
from pitwall.store.instants import Instant, utc_now
from pitwall.store.ledger.writer import LedgerWriter, named_before
from pitwall.store.rejected_rows import Narrowing, SetAsideFile
from pitwall.store.tables import CarSampleRow, CircuitRow, RaceRow, RawChunk, TimingRow

log = logging.getLogger(__name__)

_CHUNK_COLUMNS = ("race_number", "first_seq", "messages", "first_at", "last_at", "body")
_ONE_AT_A_TIME = 0x7069747761  # advisory lock: two first writers of one race


class SqlRaceWriter:
    """Implements `pitwall.ports.races.RaceWriter`.

    Args:
        database: The database to write to.
        aside: Stores rows that the database rejects for their content. None if such rows are to
            stop the recording of their race.
    """

    def __init__(self, database: Database, aside: SetAsideFile | None = None) -> None:
        self._database = database
        self._aside = aside
        # By race, up to which message this writer has found or written it. If another number is
        # stored, another writer has gone on with the race, and the three caches below are stale.
        self._reached: dict[int, int] = {}
        # By race, the messages of the current minute: they are stored in pieces until it ends.
        self._open: dict[int, list[MessageRecord]] = {}
        self._drivers: dict[int, dict[int, str]] = {}
        self._cars: dict[int, dict[str, int]] = {}  # by every name that a driver has had
        self._ledger = LedgerWriter()

    async def begin(self, info: RaceInfo, source: str, feed: str) -> RaceMark:
        self._ledger.forget()  # another writer may have named other drivers meanwhile
        try:
            return await self._begin(info, source, feed)
        except Exception as error:
            if is_about_content(error):
                message = f"The database rejects the race {info.race_id[:96]}: {reason(error)}."
                raise StoreError(message) from error
            raise

    async def _begin(self, info: RaceInfo, source: str, feed: str) -> RaceMark:
        async with self._database.writing() as connection:
            if not self._database.is_sqlite:
                lock = text("SELECT pg_advisory_xact_lock(:key)")
                await connection.execute(lock, {"key": _ONE_AT_A_TIME})
            found = await self._mark(connection, info)
            if found is None:
                await _insert_race(connection, info, source, feed)
                found = await self._mark(connection, info)
            if found is None:
                raise RaceNotFoundError(f"The race {info.race_id} could not be created.")
            if found.state == "abandoned" and not is_of_another_feed(found, Source(source), feed):
                resume = text("UPDATE races SET state = 'running' WHERE number = :number")
                await connection.execute(resume, {"number": found.number})
                found = replace(found, state="running")
            self._open[found.number] = await _open_minute(connection, found)
            self._reached[found.number] = found.messages
            return found

    async def append(self, mark: RaceMark, batch: Batch) -> None:
        reached = batch.messages_through
        await self._append_or_set_aside(mark, batch)
        self._reached[mark.number] = max(self._reached.get(mark.number, 0), reached)

    async def _append_or_set_aside(self, mark: RaceMark, batch: Batch) -> None:
        try:
            await self._append(mark, batch)
        except BaseException as error:
            # When a connection is lost in its commit, nobody knows whether the batch was stored.
            self._forget(mark)
            if not is_about_content(error):
                raise
            await self._append_narrowly(mark, batch, error)

    async def _append(self, mark: RaceMark, batch: Batch) -> None:
        async with self._database.writing() as connection:
            stored, drivers = await self._continued(connection, mark)
            batch = record_rows.without(batch, stored)
            drivers = await row_writer.write(connection, mark, batch, drivers)
            await self._write_forecasts(connection, mark, batch, drivers)
            still_open = await self._write_messages(connection, mark.number, batch.messages)
            await _advance(connection, mark, batch, max(stored, batch.messages_through))
        self._drivers[mark.number] = drivers  # only after the commit: a failed batch comes again
        self._open[mark.number] = still_open

    async def _append_narrowly(self, mark: RaceMark, batch: Batch, why: BaseException) -> None:
        """Write a batch, and set aside those of its rows that the database rejects."""
        if self._aside is None:
            raise StoreError(f"The database rejects rows of a race: {reason(why)}.") from why
        try:
            async with self._database.writing() as connection:
                stored, drivers = await self._continued(connection, mark)
                batch = record_rows.without(batch, stored)
                narrow = Narrowing(connection)
                drivers = await row_writer.write(connection, mark, batch, drivers, narrow.put)
                await self._write_forecasts_narrowly(connection, mark, batch, drivers, narrow)
                await self._write_messages_narrowly(connection, mark.number, batch.messages, narrow)
                await _advance_narrowly(
                    connection, mark, batch, max(stored, batch.messages_through), narrow
                )
                if narrow.refused:
                    # Before the commit, because afterwards these rows exist nowhere else.
                    await asyncio.to_thread(self._aside.write, mark.info.race_id, narrow.refused)
        except BaseException as error:
            self._forget(mark)
            if not is_about_content(error):
                raise
            raise StoreError(f"The database rejects rows of a race: {reason(error)}.") from error
        # Drivers and the current minute are read again, as they now are in the database.
        self._forget(mark)
        log.warning(
            "set rows aside that the database rejects",
            extra={"rows": len(narrow.refused), "reason": self._aside.state().reason},
        )

    async def _continued(
        self, connection: AsyncConnection, mark: RaceMark
    ) -> tuple[int, dict[int, str]]:
        """Lock the race; return how many of its messages are stored and the driver of each car."""
        stored = await self._locked(connection, mark)
        if mark.number not in self._open:
            now = await self._mark(connection, mark.info)
            self._open[mark.number] = await _open_minute(connection, now or mark)
        if mark.number not in self._cars:
            self._cars[mark.number] = await named_before(connection, mark)
        drivers = await self._known_drivers(connection, mark.number)
        self._cars[mark.number] |= cars_by_driver(drivers)
        return stored, drivers

    async def _locked(self, connection: AsyncConnection, mark: RaceMark) -> int:
        """Return how many messages are stored, and forget what was so before another wrote.

        An open minute of before would be put in place of everything that the other has stored.
        """
        stored = await _lock_race(connection, mark)
        if self._reached.get(mark.number) != stored:
            self._forget(mark)
        return stored

    def _forget(self, mark: RaceMark) -> None:
        self._ledger.forget()
        self._open.pop(mark.number, None)
        self._drivers.pop(mark.number, None)
        self._cars.pop(mark.number, None)

    async def _write_forecasts(
        self, connection: AsyncConnection, mark: RaceMark, batch: Batch, drivers: dict[int, str]
    ) -> None:
        cars = self._cars.setdefault(mark.number, {})
        cars |= cars_by_driver(drivers)
        written = await forecast_writer.write(connection, mark, batch, drivers, cars)
        await self._ledger.enter(connection, mark, batch, written, drivers)

    async def _write_forecasts_narrowly(
        self,
        connection: AsyncConnection,
        mark: RaceMark,
        batch: Batch,
        drivers: dict[int, str],
        narrow: Narrowing,
    ) -> None:
        async def write(rows: list[PredictionRecord | OutcomeRecord]) -> None:
            self._ledger.forget()  # the entry that named drivers last may have been rolled back
            part = Batch(info=batch.info, is_imported=batch.is_imported)
            for row in rows:
                if isinstance(row, PredictionRecord):
                    part.predictions[row.made_at, row.attacker, row.defender] = row
                else:
                    part.outcomes.append(row)
            await self._write_forecasts(connection, mark, part, drivers)

        await narrow.put("predictions", [*batch.predictions.values(), *batch.outcomes], write)

    async def _write_messages_narrowly(
        self,
        connection: AsyncConnection,
        number: int,
        messages: Sequence[MessageRecord],
        narrow: Narrowing,
    ) -> None:
        """Write raw messages; a rejected one leaves a gap, like a message that never arrived."""

        async def write(rows: list[MessageRecord]) -> None:
            self._open[number] = await self._write_messages(connection, number, rows)

        await narrow.put("raw_chunks", messages, write)

    async def finish(self, mark: RaceMark, state: str) -> None:
        async with self._database.writing() as connection:
            stored = await self._locked(connection, mark)
            if self._reached.get(mark.number, stored) < stored:
                log.info(
                    "another worker has gone on with the race, so its state is left unchanged",
                    extra={"race_id": mark.info.race_id, "state": state},
                )
                self._reached.pop(mark.number)
                self._forget(mark)
                return
            held = self._open.get(mark.number, [])
            if held:
                await _replace_chunks(connection, mark.number, [held])
            statement = text(
                "UPDATE races SET state = :state, revision = revision + 1 WHERE number = :number"
            )
            await connection.execute(statement, {"state": state, "number": mark.number})
        self._reached.pop(mark.number, None)
        for cache in (self._open, self._drivers, self._cars):
            cache.pop(mark.number, None)

    async def remove(self, race_id: str) -> None:
        async with self._database.writing() as connection:
            await _remove_races(connection, "id = :id", {"id": race_id})

    async def prune_simulated(self, keep: int) -> int:
        async with self._database.writing() as connection:
            newest = (
                "SELECT number FROM races WHERE source = 'simulated' "
                "ORDER BY updated_at DESC, number DESC LIMIT :keep"
            )
            others = f"source = 'simulated' AND number NOT IN ({newest})"
            return await _remove_races(connection, others, {"keep": keep})

    async def _mark(self, connection: AsyncConnection, info: RaceInfo) -> RaceMark | None:
        statement = text(
            "SELECT number, source, messages, last_at, state, feed FROM races WHERE id = :id"
        ).columns(last_at=Instant())
        row = (await connection.execute(statement, {"id": info.race_id})).one_or_none()
        if row is None:
            return None
        return RaceMark(
            info, row.source, row.number, row.messages, row.last_at, row.state, row.feed
        )

    async def _known_drivers(self, connection: AsyncConnection, number: int) -> dict[int, str]:
        if number not in self._drivers:
            statement = text("SELECT car, driver_id FROM entries WHERE race_number = :number")
            found = await connection.execute(statement, {"number": number})
            return {row.car: row.driver_id for row in found}
        return self._drivers[number]

    async def _write_messages(
        self, connection: AsyncConnection, number: int, new: Sequence[MessageRecord]
    ) -> list[MessageRecord]:
        """Write messages, with one chunk for each complete minute.

        Return the messages of the current minute.
        """
        held = self._open.get(number, [])
        if not new:
            return held
        groups = message_chunks.by_minute([*held, *new])
        if len(groups) > 1:
            await _replace_chunks(connection, number, groups)
        else:
            await _insert_chunks(connection, number, [list(new)])
        return groups[-1]


async def _insert_race(connection: AsyncConnection, info: RaceInfo, source: str, feed: str) -> None:
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


async def _remove_races(connection: AsyncConnection, which: str, values: dict[str, Any]) -> int:
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


async def _lock_race(connection: AsyncConnection, mark: RaceMark) -> int:
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


async def _advance(connection: AsyncConnection, mark: RaceMark, batch: Batch, through: int) -> None:
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


async def _advance_narrowly(
    connection: AsyncConnection, mark: RaceMark, batch: Batch, through: int, narrow: Narrowing
) -> None:
    """Set the mark; leave the batch's laps and model out if the database rejects them."""

    async def write(_rows: list[dict[str, Any]]) -> None:
        await _advance(connection, mark, batch, through)

    before = len(narrow.refused)
    values = {"last_at": batch.last_at, "laps": batch.lap, "total_laps": batch.total_laps}
    await narrow.put("races", [values], write)
    if len(narrow.refused) > before:
        await _advance(connection, mark, Batch(info=batch.info), through)


async def _open_minute(connection: AsyncConnection, mark: RaceMark) -> list[MessageRecord]:
    """Return the messages of the minute in which writing stopped, which are stored in pieces."""
    if mark.last_at is None or mark.state != "running":
        return []
    since = mark.last_at - (mark.last_at - START_OF_TIME) % message_chunks.CHUNK
    table = row_writer.table_of(RawChunk)
    pieces = await connection.execute(
        table.select()
        .where(table.c.race_number == mark.number, table.c.first_at >= since)
        .order_by(table.c.first_seq)
    )
    return [
        MessageRecord(piece.first_seq + nth, message.sent_at, message.topic, message.body)
        for piece in pieces
        for nth, message in enumerate(message_chunks.unpack(piece.body))
    ]


async def _replace_chunks(
    connection: AsyncConnection, number: int, groups: Sequence[Sequence[MessageRecord]]
) -> None:
    """Replace all pieces from the first of these messages on by whole chunks."""
    await connection.execute(
        text("DELETE FROM raw_chunks WHERE race_number = :number AND first_seq >= :seq"),
        {"number": number, "seq": groups[0][0].seq},
    )
    await _insert_chunks(connection, number, groups)


async def _insert_chunks(
    connection: AsyncConnection, number: int, groups: Sequence[Sequence[MessageRecord]]
) -> None:
    packed = [
        (
            number,
            group[0].seq,
            len(group),
            group[0].sent_at,
            group[-1].sent_at,
            message_chunks.pack(group),
        )
        for group in groups
    ]
    await bulk.insert_rows(connection, row_writer.table_of(RawChunk), _CHUNK_COLUMNS, packed)
