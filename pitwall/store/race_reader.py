"""Read stored races: lists of races, pages of their rows, and what a replay needs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Select, SmallInteger, false, func, literal, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from pitwall.domain.records import KeyframePlace, KeyframeRecord
from pitwall.domain.stored_races import (
    HistoryPage,
    HistoryTable,
    RaceFilter,
    RaceSummary,
    Selection,
)
from pitwall.domain.timeline import Timeline
from pitwall.errors import RaceNotFoundError, SelectionError
from pitwall.store import message_chunks, tables, timeline
from pitwall.store.database import Database
from pitwall.store.instants import Instant, from_micros, to_micros
from pitwall.store.row_writer import is_text, table_of
from pitwall.store.table_views import TABLE_VIEWS, Column, TableView
from pitwall.wire.message import RawMessage

_races = table_of(tables.RaceRow)
_circuits = table_of(tables.CircuitRow)
_entries = table_of(tables.EntryRow)
_drivers = table_of(tables.DriverRow)
_chunks = table_of(tables.RawChunk)
_keyframes = table_of(tables.Keyframe)
_NOT_IN_SUMMARY = {"created_at", "updated_at"}
_SUMMARY = (
    *(column for column in _races.c if column.name not in _NOT_IN_SUMMARY),
    _circuits.c.name.label("circuit"),
)


class SqlRaceReader:
    """Implements `pitwall.ports.races.RaceReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def races(
        self, race_filter: RaceFilter, limit: int, after: str | None = None
    ) -> tuple[list[RaceSummary], str | None]:
        newest = func.coalesce(_races.c.first_at, _races.c.created_at)
        query = _summaries().order_by(newest.desc(), _races.c.number.desc()).limit(limit + 1)
        for column, value in (
            (_races.c.year, race_filter.year),
            (_races.c.circuit_id, race_filter.circuit),
            (_races.c.source, race_filter.source),
        ):
            if value is not None:
                query = query.where(column == value)
        if race_filter.kind is not None:
            query = query.where(func.lower(_races.c.kind) == race_filter.kind.lower())
        if race_filter.driver is not None:
            drove = select(_entries.c.race_number).where(_entries.c.driver_id == race_filter.driver)
            query = query.where(_races.c.number.in_(drove))
        if after is not None:
            instant, number = _read_cursor(after, 2)
            if not _is_whole(number, _races.c.number.type):
                raise SelectionError("The cursor is damaged.")
            place = tuple_(newest, _races.c.number)
            query = query.where(place < tuple_(literal(_instant(instant), Instant()), number))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.add_columns(newest.label("place")))).all()
        summaries = [_summary(row) for row in rows[:limit]]
        if len(rows) <= limit:
            return summaries, None
        last = rows[limit - 1]
        return summaries, _cursor([to_micros(last.place), last.number])

    async def race(self, race_id: str) -> RaceSummary:
        async with self._database.reading() as connection:
            row = (await connection.execute(_summaries().where(_races.c.id == race_id))).first()
        if row is None:
            raise RaceNotFoundError(f"No race {race_id!r} is stored here.")
        return _summary(row)

    async def page(
        self,
        race: RaceSummary,
        wanted: Sequence[HistoryTable],
        selection: Selection,
        limit: int,
        cursor: str | None = None,
    ) -> HistoryPage:
        remaining = [table for table in HistoryTable if table in wanted]
        after: list[Any] = []
        if cursor is not None:
            name, *after = _read_cursor(cursor)
            if name not in remaining:
                raise SelectionError("The cursor belongs to another query.")
            remaining = remaining[remaining.index(HistoryTable(name)) :]
        rows: list[tuple[HistoryTable, dict[str, Any]]] = []
        async with self._database.reading() as connection:
            cars = await cars_of(connection, race, selection.drivers)
            for table in remaining:
                table_view, room = TABLE_VIEWS[table], limit - len(rows)
                query = ordered(table_view, race, selection, cars).limit(room + 1)
                page_rows = (await connection.execute(_continued(query, table_view, after))).all()
                after = []
                names = table_view.names
                rows += [(table, dict(zip(names, row, strict=False))) for row in page_rows[:room]]
                if len(page_rows) > room:
                    # If there was no room at all, the next page begins with this table's first row.
                    key = list(page_rows[room - 1][len(names) :]) if room else []
                    return HistoryPage(tuple(rows), _cursor([table.value, *map(_plain, key)]))
        return HistoryPage(tuple(rows), None)

    async def keyframe(self, race: RaceSummary, at: datetime) -> KeyframeRecord | None:
        query = (
            select(_keyframes.c.seq, _keyframes.c.at, _keyframes.c.body)
            .where(_keyframes.c.race_number == race.number, _keyframes.c.at <= at)
            .order_by(_keyframes.c.seq.desc())
            .limit(1)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        return KeyframeRecord(row.seq, row.at, row.body) if row else None

    async def keyframe_places(self, race: RaceSummary) -> list[KeyframePlace]:
        query = (
            select(_keyframes.c.seq, _keyframes.c.at)
            .where(_keyframes.c.race_number == race.number)
            .order_by(_keyframes.c.seq)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [KeyframePlace(row.seq, row.at) for row in rows]

    async def timeline(self, race: RaceSummary) -> Timeline:
        async with self._database.reading() as connection:
            return await timeline.timeline_of(connection, race)

    async def messages(
        self, race: RaceSummary, first_seq: int = 0, until: datetime | None = None
    ) -> list[RawMessage]:
        own = _chunks.c.race_number == race.number
        query = (
            select(_chunks.c.first_seq, _chunks.c.body)
            .where(own, _chunks.c.first_seq + _chunks.c.messages > first_seq)
            .where(true() if until is None else _chunks.c.first_at <= until)
            .order_by(_chunks.c.first_seq)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [
            message
            for row in rows
            for nth, message in enumerate(message_chunks.unpack(row.body))
            if row.first_seq + nth >= first_seq and (until is None or message.sent_at <= until)
        ]


def ordered(
    table_view: TableView, race: RaceSummary, selection: Selection, cars: dict[int, str] | None
) -> Select[Any]:
    """Return the query of the selected rows, in order.

    Args:
        table_view: The table to read.
        race: The race.
        selection: The time span.
        cars: The cars and their drivers' keys, from `cars_of`. None for all cars.
    """
    query = table_view.rows_of(race).order_by(*table_view.key)
    if table_view.at is not None and selection.since is not None:
        query = query.where(table_view.at >= selection.since)
    if table_view.at is not None and selection.until is not None:
        query = query.where(table_view.at < selection.until)
    if cars is not None and table_view.cars:
        keys: list[Any] = list(cars if table_view.holds_numbers else cars.values())
        query = query.where(or_(false(), *(column.in_(keys) for column in table_view.cars)))
    return query


async def cars_of(
    connection: AsyncConnection, race: RaceSummary, drivers: Sequence[str]
) -> dict[int, str] | None:
    """Return the cars and keys of the named drivers; None where no driver is named.

    Raises:
        SelectionError: A name is unknown in this race.
    """
    if not drivers:
        return None
    query = (
        select(_entries.c.car, _drivers.c.id, _drivers.c.code)
        .join(_drivers, _entries.c.driver_id == _drivers.c.id)
        .where(_entries.c.race_number == race.number)
    )
    known: dict[str, tuple[int, str]] = {}
    for row in await connection.execute(query):
        for name in (str(row.car), row.id, row.code.lower()):
            known[name] = (row.car, row.id)
    unknown = sorted({name for name in drivers if name.lower() not in known})
    if unknown:
        raise SelectionError(f"Nobody in this race is called {', '.join(unknown)[:200]}.")
    return dict(known[name.lower()] for name in drivers)


def _summaries() -> Select[Any]:
    of_circuit = _races.c.circuit_id == _circuits.c.id
    return select(*_SUMMARY).select_from(_races.outerjoin(_circuits, of_circuit))


def _summary(row: Any) -> RaceSummary:  # noqa: ANN401  a row of `_SUMMARY`
    return RaceSummary(**{column.name: getattr(row, column.name) for column in _SUMMARY})


def _continued(query: Select[Any], table_view: TableView, after: Sequence[Any]) -> Select[Any]:
    """Return the query with the key's columns added, beginning after the row with key `after`."""
    query = query.add_columns(*table_view.key)
    if not after:
        return query
    if len(after) != len(table_view.key):
        raise SelectionError("The cursor is damaged.")
    values = [_typed(column, value) for column, value in zip(table_view.key, after, strict=True)]
    if table_view.at is table_view.key[0]:
        # Redundant, but lets the database use an index that lacks a part of the key.
        query = query.where(table_view.at >= values[0])
    return query.where(tuple_(*table_view.key) > tuple_(*values))


def _typed(column: Column, value: object) -> Any:  # noqa: ANN401  a literal of its type
    if isinstance(column.type, Instant):
        return literal(_instant(value), column.type)
    is_word = isinstance(value, str) and "\0" not in value
    if not (is_word if is_text(column.type) else _is_whole(value, column.type)):
        raise SelectionError("The cursor is damaged.")
    return literal(value, column.type)


def _is_whole(value: object, kind: TypeEngine[Any]) -> bool:
    """Whether this is an integer that a column of this kind can be compared with."""
    bits = 15 if isinstance(kind, SmallInteger) else 31  # no row has a higher one
    return type(value) is int and abs(value) < 2**bits


def _instant(value: object) -> datetime:
    try:
        return from_micros(value) if isinstance(value, int) else from_micros(int(str(value)))
    except (OverflowError, ValueError):
        raise SelectionError("The cursor is damaged.") from None


def _plain(value: object) -> object:
    return to_micros(value) if isinstance(value, datetime) else value


def _cursor(parts: Sequence[object]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(parts))).decode().rstrip("=")


def _read_cursor(text: str, length: int | None = None) -> list[Any]:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        parts = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, ValueError):
        parts = None
    if not isinstance(parts, list) or not parts or (length is not None and len(parts) != length):
        raise SelectionError("The cursor is damaged.")
    return parts
