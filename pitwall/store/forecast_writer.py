"""Write forecasts and their outcomes; what is stored once is never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain import records
from pitwall.domain.records import Batch, OutcomeRecord, PredictionRecord, RaceMark
from pitwall.store import bulk, tables
from pitwall.store.instants import Instant
from pitwall.store.row_writer import table_of

_table = table_of(tables.Prediction)
_BY_CAR = {"attacker", "defender"}
_PREDICTED = tuple(name for name in records.PredictionRecord._fields if name not in _BY_CAR)
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
    settled = await _settle(connection, race_id, outcomes, cars)
    if fresh:
        columns = ("race_id", "attacker_id", "defender_id", *_PREDICTED)
        rows = ((race_id, drivers[row.attacker], drivers[row.defender], *row[2:]) for row in fresh)
        await bulk.insert_rows(connection, _table, columns, rows)
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
    c = _table.c
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
    race_id: str,
    outcomes: Iterable[OutcomeRecord],
    cars: dict[str, int],
) -> list[Settlement]:
    new = {_key(row): row for row in outcomes}
    still_open = await _still_open(connection, race_id, list(new), cars)
    if not still_open:
        return []
    settled = [
        Settlement(_settled(row, new[key]), was_open=True) for key, row in still_open.items()
    ]
    statement = _table.update().where(
        _table.c.race_id == bindparam("of_race"),
        _table.c.made_at == bindparam("then", type_=Instant()),
        _table.c.attacker_id == bindparam("behind"),
        _table.c.defender_id == bindparam("ahead"),
    )
    changes: dict[str, Any] = {
        "outcome": bindparam("outcome"),
        "settled_at": bindparam("settled_at"),
    }
    values = [
        {
            "of_race": race_id,
            "then": row.made_at,
            "behind": row.attacker_id,
            "ahead": row.defender_id,
            "outcome": new[key].outcome,
            "settled_at": new[key].settled_at,
        }
        for key, row in still_open.items()
    ]
    await connection.execute(statement.values(changes), values)
    return settled


async def _still_open(
    connection: AsyncConnection, race_id: str, keys: list[_Key], cars: dict[str, int]
) -> dict[_Key, Any]:
    """Return the stored rows of these keys that have no outcome yet."""
    if not keys:
        return {}
    first, last = min(key[0] for key in keys), max(key[0] for key in keys)
    c, requested = _table.c, set(keys)
    query = select(_table).where(
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
