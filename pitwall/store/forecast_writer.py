"""Write forecasts and their outcomes; what is stored once is never changed.

Rows are written to the table `forecasts`, with numbers in place of names and words, and read back
from its view `predictions`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain import records
from pitwall.domain.records import Batch, OutcomeRecord, PredictionRecord, RaceMark
from pitwall.store import bulk, tables
from pitwall.store.instants import Instant
from pitwall.store.row_writer import table_of

_table = table_of(tables.CompactForecast)
_words = table_of(tables.ForecastWord)
_drivers = table_of(tables.DriverRow)
_view = table_of(tables.Prediction)
_BY_CAR = {"attacker", "defender"}
_PREDICTED = tuple(name for name in records.PredictionRecord._fields if name not in _BY_CAR)
_NUMBERED = {
    "model_version": "model_number",
    "outcome": "outcome_number",
    "condition": "condition_number",
}
_SHARES = ("w_om", "w_boost", "w_aero")
_AS_THEY_ARE = tuple(name for name in _PREDICTED if name not in {*_NUMBERED, *_SHARES})
_COLUMNS = (
    *("race_number", "attacker_number", "defender_number"),
    *_NUMBERED.values(),
    *_SHARES,
    *_AS_THEY_ARE,
)
_plain_values = attrgetter(*_AS_THEY_ARE)
_THIRD = 1.0 / 3.0
_ONE_AT_A_TIME = 0x776F726473  # advisory lock: two writers that number new words
_Key = tuple[datetime, int, int]  # cars, because a driver may be named after the first forecast


@dataclass(frozen=True, slots=True)
class Settlement:
    """A forecast whose outcome was written.

    Attributes:
        forecast: The forecast with its outcome.
        was_open: Whether it was stored before its outcome was known here.
    """

    forecast: PredictionRecord
    was_open: bool


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch added to the table of predictions.

    Attributes:
        fresh: Forecasts that were not stored before.
        settled: Outcomes that were not stored before.
    """

    fresh: list[PredictionRecord]
    settled: list[Settlement]


async def write(
    connection: AsyncConnection,
    mark: RaceMark,
    batch: Batch,
    drivers: dict[int, str],
    cars: dict[str, int],
) -> Written:
    """Write a batch's forecasts and outcomes.

    A forecast that is stored already stays as it is: only its outcome is added, once.

    Args:
        connection: A connection in a transaction that has locked the race.
        mark: The race.
        batch: The rows to write.
        drivers: The driver of each car.
        cars: The car of each name that a driver has had in this race.
    """
    race_id, fresh = mark.info.race_id, list(batch.predictions.values())
    outcomes = list(batch.outcomes)
    known = await _known(connection, race_id, batch, cars)
    if known:
        keyed = [(_key(row), row) for row in fresh]
        fresh = [row for key, row in keyed if key not in known]
        outcomes += [_outcome(row) for key, row in keyed if key in known and row.outcome]
    settled = await _settle(connection, mark, outcomes, cars)
    if fresh:
        numbers = await _driver_numbers(connection, set(drivers.values()))
        words = await _word_numbers(connection, fresh)
        rows = (
            (
                mark.number,
                numbers[drivers[row.attacker]],
                numbers[drivers[row.defender]],
                words[row.model_version],
                words[row.outcome],
                words[row.condition],
                *_stored_shares(row),
                *_plain_values(row),
            )
            for row in fresh
        )
        await bulk.insert_rows(connection, _table, _COLUMNS, rows)
    at_once = [Settlement(row, was_open=False) for row in fresh if row.outcome]
    return Written(fresh, [*settled, *at_once])


def _key(row: PredictionRecord | OutcomeRecord) -> _Key:
    return row.made_at, row.attacker, row.defender


def _outcome(row: PredictionRecord) -> OutcomeRecord:
    settled_at = row.settled_at or row.made_at
    return OutcomeRecord(row.outcome or "", settled_at, row.made_at, row.attacker, row.defender)


async def _known(
    connection: AsyncConnection, race_id: str, batch: Batch, cars: dict[str, int]
) -> set[_Key]:
    """Return the forecasts that are stored from the batch's first one on: usually none."""
    if not batch.predictions:
        return set()
    first_at = min(made_at for made_at, _, _ in batch.predictions)
    c = _view.c
    query = select(c.made_at, c.attacker_id, c.defender_id).where(
        c.race_id == race_id, c.made_at >= first_at
    )
    return {
        (row.made_at, cars[row.attacker_id], cars[row.defender_id])
        for row in await connection.execute(query)
        if row.attacker_id in cars and row.defender_id in cars
    }


async def _settle(
    connection: AsyncConnection,
    mark: RaceMark,
    outcomes: Iterable[OutcomeRecord],
    cars: dict[str, int],
) -> list[Settlement]:
    new = {_key(row): row for row in outcomes}
    still_open = await _still_open(connection, mark.info.race_id, list(new), cars)
    if not still_open:
        return []
    settled = [
        Settlement(_settled(row, new[key]), was_open=True) for key, row in still_open.items()
    ]
    names = {name for row in still_open.values() for name in (row.attacker_id, row.defender_id)}
    numbers = await _driver_numbers(connection, names)
    words = await _word_numbers(connection, [each.forecast for each in settled])
    statement = _table.update().where(
        _table.c.race_number == bindparam("of_race"),
        _table.c.made_at == bindparam("then", type_=Instant()),
        _table.c.attacker_number == bindparam("behind"),
        _table.c.defender_number == bindparam("ahead"),
    )
    changes: dict[str, Any] = {
        "outcome_number": bindparam("outcome"),
        "settled_at": bindparam("settled_at"),
    }
    values = [
        {
            "of_race": mark.number,
            "then": row.made_at,
            "behind": numbers[row.attacker_id],
            "ahead": numbers[row.defender_id],
            "outcome": words[new[key].outcome],
            "settled_at": new[key].settled_at,
        }
        for key, row in still_open.items()
    ]
    await connection.execute(statement.values(changes), values)
    return settled


async def _driver_numbers(connection: AsyncConnection, names: set[str]) -> dict[str, int]:
    query = select(_drivers.c.id, _drivers.c.number).where(_drivers.c.id.in_(names))
    return {row.id: row.number for row in await connection.execute(query)}


async def _word_numbers(
    connection: AsyncConnection, rows: Iterable[PredictionRecord]
) -> dict[str | None, int | None]:
    """Return the number of each word in these forecasts, after numbering those that are new."""
    needed = {word for row in rows for word in (row.model_version, row.outcome, row.condition)} - {
        None
    }
    known = await _known_words(connection)
    if not needed <= known.keys():
        if connection.dialect.name == "postgresql":
            lock = text("SELECT pg_advisory_xact_lock(:key)")
            await connection.execute(lock, {"key": _ONE_AT_A_TIME})
            known = await _known_words(connection)
        last = await connection.scalar(select(func.coalesce(func.max(_words.c.number), 0))) or 0
        new = sorted(word for word in needed if word is not None and word not in known)
        numbered = [(last + nth, word) for nth, word in enumerate(new, 1)]
        await bulk.insert_rows(connection, _words, ("number", "word"), numbered)
        known |= {word: number for number, word in numbered}
    return known


async def _known_words(connection: AsyncConnection) -> dict[str | None, int | None]:
    found = await connection.execute(select(_words.c.word, _words.c.number))
    return {None: None, **{row.word: row.number for row in found}}


def _stored_shares(row: PredictionRecord) -> tuple[float | None, ...]:
    """Return the three weights without those that follow from the contributions to the last bit.

    Absolute values, sums and quotients are exact to the last bit in IEEE 754, so that the view
    computes what the model did. The sum must be in this order.
    """
    given = (row.w_om, row.w_boost, row.w_aero)
    if row.c_om is None or row.c_boost is None or row.c_aero is None:
        return given
    sizes = abs(row.c_om), abs(row.c_boost), abs(row.c_aero)
    total = sizes[0] + sizes[1] + sizes[2]
    follow = [size / total if total > 0 else _THIRD for size in sizes]
    return tuple(
        tables.NO_SHARE if share is None else None if share == derived else share
        for share, derived in zip(given, follow, strict=True)
    )


async def _still_open(
    connection: AsyncConnection, race_id: str, keys: list[_Key], cars: dict[str, int]
) -> dict[_Key, Any]:
    """Return the stored rows of these keys that have no outcome yet."""
    if not keys:
        return {}
    first, last = min(key[0] for key in keys), max(key[0] for key in keys)
    c, requested = _view.c, set(keys)
    query = select(_view).where(
        c.race_id == race_id, c.made_at >= first, c.made_at <= last, c.outcome.is_(None)
    )
    keyed = (
        ((row.made_at, cars.get(row.attacker_id), cars.get(row.defender_id)), row)
        for row in await connection.execute(query)
    )
    return {key: row for key, row in keyed if key in requested}


def _settled(row: Any, outcome: OutcomeRecord) -> PredictionRecord:  # noqa: ANN401  a row
    values = {name: getattr(row, name) for name in _PREDICTED}
    values |= {"outcome": outcome.outcome, "settled_at": outcome.settled_at}
    return PredictionRecord(attacker=outcome.attacker, defender=outcome.defender, **values)
