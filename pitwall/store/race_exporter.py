"""Export a race's tables as CSV and Parquet: streams of bytes, in bounded memory.

PostgreSQL writes CSV itself (COPY); SQLite's rows are formatted in a thread, 2,000 at a time. One
transaction reads a whole file, so that it shows one moment of the race. `export_spool` returns the
connection when the last row is read, however slow the client is.
"""

from __future__ import annotations

import asyncio
import csv
import io
import re
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    Integer,
    Select,
    SmallInteger,
    String,
    case,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy import union_all as put_together
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from pitwall.aio import end
from pitwall.domain.stored_races import HistoryTable, RaceSummary, Selection
from pitwall.store import tables
from pitwall.store.bulk import driver_of
from pitwall.store.database import Database
from pitwall.store.export_spool import spooled
from pitwall.store.instants import Instant, from_micros
from pitwall.store.race_reader import cars_of, ordered
from pitwall.store.row_writer import is_text, table_of
from pitwall.store.table_views import TABLE_VIEWS, Column, TableView

# What a spreadsheet would run as a formula, after OWASP's list, with every Unicode variant of these
# characters, also behind characters that it may take for blanks. There is no backslash in it,
# because PostgreSQL reads the same expression.
_BLANK = "".join(
    char
    for code in (*range(0x21), *range(0x7F, 0xA1), 0xAD, 0x1680, 0x180E, *range(0x2000, 0x2010),
                 *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x3000, 0xFEFF)
    if (char := chr(code)) != "\0"
)  # fmt: skip

_RUN = "".join(
    char for char in map(chr, range(0x80, 0x10000)) if unicodedata.normalize("NFKC", char)[:1] in
    {"=", "+", "-", "@"}
)  # fmt: skip

_FORMULA = f"^([\t\r]|[{_BLANK}]*[=+@{_RUN}-])"

_BREAKS = "[\r\n]+"

_STARTS_FORMULA = re.compile(_FORMULA)

_LINE_BREAKS = re.compile(_BREAKS)

_INSTANT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


def in_postgresql(column: Column) -> Column:
    """Return the SQL expression that writes a column the way `in_python` does."""
    text: Any = column
    if isinstance(column.type, Instant):
        text = func.to_char(func.timezone("UTC", column), _INSTANT)
    elif isinstance(column.type, Boolean):
        text = case((column.is_(True), "true"), (column.is_(False), "false"))
    elif is_text(column.type):
        # Line breaks would make one row look like two to simple readers.
        line = func.regexp_replace(column, _BREAKS, " ", "g")
        text = case((line.regexp_match(_FORMULA), func.concat("'", line)), else_=line)
    return text.label(column.name)  # type: ignore[no-any-return]


def csv_lines(rows: Iterable[Sequence[Any]], writers: Sequence[Callable[[Any], str]]) -> bytes:
    """Return rows as RFC 4180 lines, UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow(
            [
                "" if value is None else write(value)
                for write, value in zip(writers, row, strict=True)
            ]
        )
    return out.getvalue().encode()


def in_python(kind: TypeEngine[Any]) -> Callable[[Any], str]:
    """Return the function that writes a column's value from SQLite, which is never None."""
    if isinstance(kind, Instant):
        return lambda value: f"{from_micros(value):%Y-%m-%dT%H:%M:%S.%fZ}"
    if isinstance(kind, Boolean):
        return lambda value: "true" if value else "false"
    if is_text(kind):
        return _safe_text
    return _number_text


def _safe_text(value: str) -> str:
    line = _LINE_BREAKS.sub(" ", value)
    return f"'{line}" if _STARTS_FORMULA.match(line) else line


def _number_text(value: float) -> str:
    return repr(value).removesuffix(".0")


ROW_GROUP = 20_000


class _Pieces(io.RawIOBase):
    """A file object that holds only what was written since it was last read."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()
        self._taken = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401  any buffer
        self._held += data
        return len(data)

    def tell(self) -> int:
        return self._taken + len(self._held)

    def take(self) -> bytes:
        data, self._held = bytes(self._held), bytearray()
        self._taken += len(data)
        return data


async def parquet_pieces(
    connection: AsyncConnection, table_view: TableView, query: Select[Any]
) -> AsyncGenerator[bytes, None]:
    """Yield the file's bytes; each row group is compressed with zstd in a thread."""
    schema = pa.schema([(column.name, _arrow_type(column.type)) for column in table_view.columns])
    pieces = _Pieces()
    writer = pq.ParquetWriter(pieces, schema, compression="zstd")
    try:
        async with connection.stream(query.with_only_columns(*table_view.columns)) as found:
            async for rows in found.partitions(ROW_GROUP):
                await asyncio.to_thread(_write, writer, schema, rows)
                yield pieces.take()
    finally:
        writer.close()
    yield pieces.take()


def _write(writer: Any, schema: Any, rows: Sequence[Any]) -> None:  # noqa: ANN401  no types
    columns = zip(*rows, strict=True)
    arrays = [
        pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)
    ]
    writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _arrow_type(kind: TypeEngine[Any]) -> Any:  # noqa: ANN401  pyarrow has no types
    if isinstance(kind, Instant):
        return pa.timestamp("us", tz="UTC")
    for column, arrow in (
        (Boolean, pa.bool_()),
        (SmallInteger, pa.int16()),
        (BigInteger, pa.int64()),
        (Integer, pa.int32()),
        (Float, pa.float64()),
    ):
        if isinstance(kind, column):
            return arrow
    return pa.string()


_timing = table_of(tables.TimingRow)

_laps = table_of(tables.Lap)

_control = table_of(tables.ControlRow)

_statuses = table_of(tables.StatusRow)

_weather = table_of(tables.WeatherRow)

_predictions = table_of(tables.Prediction)

_entries = table_of(tables.EntryRow)

# Name and type of each column. A column that a kind of row does not have stays empty.
_COLUMNS: dict[str, Any] = {
    "driver": String,
    "lap": Integer,
    "position": SmallInteger,
    "gap_to_leader_s": Float,
    "gap_to_leader_laps": SmallInteger,
    "interval_s": Float,
    "interval_laps": SmallInteger,
    "lap_time_s": Float,
    "defender": String,
    "p_overtake": Float,
    "outcome": String,
    "air_c": Float,
    "track_c": Float,
    "text": String,
}


def everything(race: RaceSummary) -> TableView:
    """Return one table of everything that happened in a race, without car telemetry.

    `kind` names the kind of a row: `timing`, `lap`, `prediction`, `race_control`, `track`, `phase`,
    `lap_count`, `part` or `weather`. The `text` of a lap that does not count is `deleted`.
    """
    own = put_together(
        _driven(_timing, "timing", _timing.c.at, _TIMING, race),
        _driven(_laps, "lap", _laps.c.completed_at, _LAPS, race),
        _row(literal("prediction"), _predictions.c.made_at, _PREDICTIONS).where(
            _predictions.c.race_id == race.id
        ),
        _driven(_control, "race_control", _control.c.at, _CONTROL, race),
        _row(_statuses.c.kind, _statuses.c.at, {"text": _statuses.c.value}).where(
            _statuses.c.race_number == race.number
        ),
        _row(literal("weather"), _weather.c.at, _WEATHER).where(
            _weather.c.race_number == race.number
        ),
    ).subquery("everything")
    columns = tuple(own.c)
    key = (own.c.at_utc, own.c.kind, own.c.driver, own.c.defender, own.c.text)
    return TableView(columns, key, own.c.at_utc, (own.c.driver, own.c.defender), None, own)


_TIMING = {
    "position": _timing.c.position,
    "gap_to_leader_s": _timing.c.gap_s,
    "gap_to_leader_laps": _timing.c.gap_laps,
    "interval_s": _timing.c.interval_s,
    "interval_laps": _timing.c.interval_laps,
}

_LAPS = {
    "lap": _laps.c.lap,
    "lap_time_s": _laps.c.lap_time_s,
    "text": case((_laps.c.deleted, "deleted")),
}

_PREDICTIONS = {
    "driver": _predictions.c.attacker_id,
    "defender": _predictions.c.defender_id,
    "lap": _predictions.c.lap,
    "position": _predictions.c.position,
    "interval_s": _predictions.c.interval_s,
    "p_overtake": _predictions.c.p_overtake,
    "outcome": _predictions.c.outcome,
}

_CONTROL = {"lap": _control.c.lap, "text": _control.c.message}

_WEATHER = {"air_c": _weather.c.air_c, "track_c": _weather.c.track_c}


def _row(kind: Column, at: Column, values: Mapping[str, Column]) -> Select[Any]:
    columns = (
        (values[name] if name in values else cast(null(), type_)).label(name)
        for name, type_ in _COLUMNS.items()
    )
    return select(at.label("at_utc"), kind.label("kind"), *columns)


def _driven(
    table: Any,  # noqa: ANN401  a table with a car
    kind: str,
    at: Column,
    values: Mapping[str, Column],
    race: RaceSummary,
) -> Select[Any]:
    of_car = (table.c.race_number == _entries.c.race_number) & (table.c.car == _entries.c.car)
    return (
        _row(literal(kind), at, {**values, "driver": _entries.c.driver_id})
        .select_from(table.outerjoin(_entries, of_car))
        .where(table.c.race_number == race.number)
    )


ROWS_AT_ONCE = 2_000

PIECES_AHEAD = 8  # pieces of COPY that may wait for a slow reader; then the database waits

PIECE_BYTES = 65_536


class SqlRaceExporter:
    """Implements `pitwall.ports.races.RaceExporter`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def csv(
        self, race: RaceSummary, table: HistoryTable | None, selection: Selection
    ) -> AsyncGenerator[bytes, None]:
        async with aclosing(spooled(self._csv(race, table, selection))) as pieces:
            async for piece in pieces:
                yield piece

    async def parquet(
        self, race: RaceSummary, table: HistoryTable | None, selection: Selection
    ) -> AsyncGenerator[bytes, None]:
        async with aclosing(spooled(self._parquet(race, table, selection))) as pieces:
            async for piece in pieces:
                yield piece

    async def _csv(
        self, race: RaceSummary, table: HistoryTable | None, selection: Selection
    ) -> AsyncGenerator[bytes, None]:
        table_view = TABLE_VIEWS[table] if table else everything(race)
        async with self._database.reading() as connection:
            query = await selected(connection, table_view, race, selection)
            lines = _copied if not self._database.is_sqlite else _written
            async with aclosing(lines(connection, table_view, query)) as pieces:
                async for piece in _gathered(pieces):
                    yield piece

    async def _parquet(
        self, race: RaceSummary, table: HistoryTable | None, selection: Selection
    ) -> AsyncGenerator[bytes, None]:
        # pyarrow takes a second to import

        table_view = TABLE_VIEWS[table] if table else everything(race)
        async with self._database.reading() as connection:
            query = await selected(connection, table_view, race, selection)
            async with aclosing(parquet_pieces(connection, table_view, query)) as pieces:
                async for piece in pieces:
                    yield piece


async def selected(
    connection: AsyncConnection, table_view: TableView, race: RaceSummary, selection: Selection
) -> Select[Any]:
    """Return the query of an export, with its rows in order.

    Raises:
        SelectionError: A driver's name is unknown in this race.
    """
    return ordered(table_view, race, selection, await cars_of(connection, race, selection.drivers))


def as_text(connection: AsyncConnection, query: Select[Any]) -> str:
    """Return a query with its values written into it, because COPY takes no parameters."""
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    return str(compiled)


async def _copied(
    connection: AsyncConnection, table_view: TableView, query: Select[Any]
) -> AsyncGenerator[bytes, None]:
    written: Select[Any] = query.with_only_columns(*map(in_postgresql, table_view.columns))
    driver = await driver_of(connection)
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(PIECES_AHEAD)

    async def copy() -> None:
        try:
            await driver.copy_from_query(
                as_text(connection, written), output=pieces.put, format="csv", header=True
            )
        finally:
            await pieces.put(None)

    copying = asyncio.create_task(copy())
    try:
        while (piece := await pieces.get()) is not None:
            # COPY ends lines with LF alone; no value holds one.
            yield piece.replace(b"\n", b"\r\n")
        await copying
    finally:
        # Make room for the final None of a copy that still waits for its reader.
        while not pieces.empty():
            pieces.get_nowait()
        await end(copying)


async def _written(
    connection: AsyncConnection, table_view: TableView, query: Select[Any]
) -> AsyncGenerator[bytes, None]:
    writers = [in_python(column.type) for column in table_view.columns]
    driver = await driver_of(connection)
    yield (",".join(table_view.names) + "\r\n").encode()
    async with driver.execute(as_text(connection, query)) as cursor:
        while rows := await cursor.fetchmany(ROWS_AT_ONCE):
            yield await asyncio.to_thread(csv_lines, rows, writers)


async def _gathered(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Join small pieces, because each one costs the reader a wake-up."""
    held: list[bytes] = []
    size = 0
    async for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
