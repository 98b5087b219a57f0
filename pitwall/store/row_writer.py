"""Write the rows of a batch: entries, laps, timing and the other tables of a race."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import String, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine
from sqlmodel import AutoString, SQLModel

from pitwall.domain import records
from pitwall.domain.names import nameless
from pitwall.domain.records import Batch, ControlRecord, EntryRecord, RaceMark
from pitwall.store import bulk, tables
from pitwall.store.rejected_rows import Put, at_once


class _Target(NamedTuple):
    """The table that the rows of one kind are written to.

    `key` is empty where rows are only ever inserted.
    """

    model: type[SQLModel]
    record: type[tuple[Any, ...]]
    key: tuple[str, ...] = ()


_TARGETS = {
    "keyframes": _Target(tables.Keyframe, records.KeyframeRecord, ("race_number", "seq")),
    "timing": _Target(tables.TimingRow, records.TimingRecord),
    "laps": _Target(tables.Lap, records.LapRow, ("race_number", "car", "lap")),
    "stints": _Target(tables.StintRow, records.StintRecord, ("race_number", "car", "stint")),
    "standings": _Target(tables.StandingRow, records.StandingRecord, ("race_number", "car")),
    "control": _Target(tables.ControlRow, records.ControlRecord),
    "statuses": _Target(
        tables.StatusRow, records.StatusRecord, ("race_number", "at", "seq", "kind")
    ),
    "weather": _Target(tables.WeatherRow, records.WeatherRecord, ("race_number", "at", "seq")),
    "endings": _Target(
        tables.EndingRow,
        records.EndingRecord,
        ("race_number", "ended_at", "attacker", "defender"),
    ),
    "samples": _Target(tables.CarSampleRow, records.SampleRecord),
}


# What a message of race control says; its other columns say how it was sent.
_SAID = ("stamped_at", "category", "message", "flag", "scope", "sector", "lap", "car")


_ONE_AT_A_TIME = 0x64726976657273  # advisory lock: two writers that number new drivers


def table_of(model: type[SQLModel]) -> Table:
    """Return the table behind a SQLModel class."""
    table: Table = model.__table__  # type: ignore[attr-defined]  # made by its metaclass
    return table


def is_text(kind: TypeEngine[Any]) -> bool:
    """Whether a column holds text, for which SQLModel has a type of its own."""
    return isinstance(kind, String | AutoString)


def fit(value: str, length: int) -> str:
    """Return text as a column can hold it: cut to its length, without NUL characters."""
    return value.replace("\0", "")[:length]


async def write(
    connection: AsyncConnection,
    mark: RaceMark,
    batch: Batch,
    drivers: dict[int, str],
    put: Put = at_once,
) -> dict[int, str]:
    """Write a batch without its raw messages and forecasts.

    Args:
        connection: A connection in a transaction that has locked the race.
        mark: The race.
        batch: The rows; none of them is stored already, except those that are replaced.
        drivers: The driver of each car, as far as known.
        put: Writes the rows of each table.

    Returns:
        The driver of each car now.
    """
    missing = {
        car for row in batch.predictions.values() for car in (row.attacker, row.defender)
    } - {*drivers, *batch.entries}
    for car in missing:
        batch.entries[car] = EntryRecord(car, nameless(car), "", "", "", "", None)
    _tell_apart(batch.entries, drivers)
    drivers = drivers | {car: fit(each.driver_id, 80) for car, each in batch.entries.items()}

    async def write_entries(rows: list[EntryRecord]) -> None:
        await _write_entries(connection, mark, rows)

    await put("entries", list(batch.entries.values()), write_entries)
    batch.control = await _told_first(connection, mark.number, batch.control)
    for name, target in _TARGETS.items():
        held = getattr(batch, name)
        rows = list(held.values() if isinstance(held, dict) else held)
        if name == "samples":
            rows = [row for _, row in batch.samples]

        async def write_rows(rows: list[tuple[Any, ...]], target: _Target = target) -> None:
            await _write_rows(connection, mark.number, target, rows)

        await put(table_of(target.model).name, rows, write_rows)
    return drivers


async def _told_first(
    connection: AsyncConnection, number: int, rows: list[ControlRecord]
) -> list[ControlRecord]:
    """Return the messages of race control that are not stored yet, each once.

    Every snapshot of a feed repeats all messages of the race, and so does a feed that is followed
    again after a restart.
    """
    if not rows:
        return []
    table = table_of(tables.ControlRow)
    query = select(*(table.c[name] for name in _SAID)).where(
        table.c.race_number == number, table.c.stamped_at.in_({row.stamped_at for row in rows})
    )
    known = {tuple(row) for row in await connection.execute(query)}
    lengths: dict[str, int] = {
        name: getattr(table.c[name].type, "length", None) or 0 for name in _SAID
    }
    fresh = []
    for row in rows:
        values = ((getattr(row, name), lengths[name]) for name in _SAID)
        said = tuple(fit(each, most) if isinstance(each, str) else each for each, most in values)
        if said not in known:
            known.add(said)
            fresh.append(row)
    return fresh


def _tell_apart(entries: dict[int, EntryRecord], drivers: dict[int, str]) -> None:
    """Give a driver a key of its own where another car's driver has the same name."""
    car_of_name = {name: car for car, name in drivers.items() if car not in entries}
    # A driver that is stored under the name already keeps it.
    stored_first = sorted(
        entries.items(), key=lambda each: drivers.get(each[0]) != each[1].driver_id
    )
    for car, entry in stored_first:
        name = fit(entry.driver_id, 80)
        if car_of_name.setdefault(name, car) != car:
            name = f"{fit(entry.driver_id, 80 - len(f'-{car}'))}-{car}"
            car_of_name[name] = car
            entries[car] = entry._replace(driver_id=name)


async def _write_rows(
    connection: AsyncConnection, number: int, target: _Target, held: Iterable[tuple[Any, ...]]
) -> None:
    table = table_of(target.model)
    names: tuple[str, ...] = target.record._fields  # type: ignore[attr-defined]  # a NamedTuple
    columns = ("race_number", *names)
    lengths: dict[int, int | None] = {
        place: getattr(table.columns[name].type, "length", None)
        for place, name in enumerate(names)
        if is_text(table.columns[name].type)
    }
    rows = ((number, *_fitted(row, lengths)) for row in held)
    if target.key:
        await bulk.upsert_rows(connection, table, columns, rows, key=target.key)
    else:
        await bulk.insert_rows(connection, table, columns, rows)


def _fitted(row: tuple[Any, ...], lengths: dict[int, int | None]) -> Iterable[Any]:
    if not lengths:
        return row
    return (
        fit(value, lengths[place] or len(value)) if place in lengths and value else value
        for place, value in enumerate(row)
    )


async def _driver_numbers(connection: AsyncConnection, names: set[str]) -> dict[str, int]:
    """Return the number of each driver; those who are new get the next ones."""
    table = table_of(tables.DriverRow)
    query = select(table.c.id, table.c.number).where(table.c.id.in_(names))
    known = {row.id: row.number for row in await connection.execute(query)}
    if names <= known.keys():
        return known
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:key)")
        await connection.execute(lock, {"key": _ONE_AT_A_TIME})
        known = {row.id: row.number for row in await connection.execute(query)}
    last = await connection.scalar(select(func.coalesce(func.max(table.c.number), 0))) or 0
    new = sorted(names - known.keys())
    return known | {name: last + nth for nth, name in enumerate(new, 1)}


async def _write_entries(
    connection: AsyncConnection, mark: RaceMark, rows: list[EntryRecord]
) -> None:
    numbers = await _driver_numbers(connection, {fit(each.driver_id, 80) for each in rows})
    drivers = {
        name: (name, fit(each.code, 8), fit(each.name, 80), numbers[name])
        for each in rows
        for name in (fit(each.driver_id, 80),)
    }
    await bulk.upsert_rows(
        connection,
        table_of(tables.DriverRow),
        ("id", "code", "name", "number"),
        drivers.values(),
        key=("id",),
        keep=("number",),
    )
    entries = [
        (
            mark.number,
            each.car,
            fit(each.driver_id, 80),
            fit(each.team, 80),
            fit(each.team_colour, 6),
            each.grid_position,
        )
        for each in rows
    ]
    columns = ("race_number", "car", "driver_id", "team", "team_colour", "grid_position")
    await bulk.upsert_rows(
        connection, table_of(tables.EntryRow), columns, entries, key=("race_number", "car")
    )
