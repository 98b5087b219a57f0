"""Write forecasts and their outcomes; the first word of each stands."""

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
_Key = tuple[datetime, int, int]  # cars: a driver may be named after he was forecast


@dataclass(frozen=True, slots=True)
class Settlement:
    """A forecast whose outcome was written.

    Attributes:
        forecast: With its outcome.
        was_open: Whether it stood in the database before its outcome was known here.
    """

    forecast: PredictionRecord
    was_open: bool


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch added.

    Attributes:
        fresh: Forecasts that were not kept before.
        settled: Outcomes that were not kept before.
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

    A forecast that is kept already stays as it was said: only its outcome is added, once.

    Args:
        connection: In a transaction that has the race to itself.
        mark: Which race.
        batch: What was told of it.
        drivers: Who drives which car.
        cars: By all names that their drivers have had in this race.
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
    """Return which forecasts are kept from the batch's first on: none, as a rule."""
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
    known = {_key(row): row for row in outcomes}
    still_open = await _still_open(connection, race_id, list(known), cars)
    if not still_open:
        return []
    settled = [
        Settlement(_settled(said, known[key]), was_open=True) for key, said in still_open.items()
    ]
    statement = _table.update().where(
        _table.c.race_id == bindparam("of_race"),
        _table.c.made_at == bindparam("then", type_=Instant()),
        _table.c.attacker_id == bindparam("behind"),
        _table.c.defender_id == bindparam("ahead"),
    )
    values: dict[str, Any] = {
        "outcome": bindparam("outcome"),
        "settled_at": bindparam("settled_at"),
    }
    told = [
        {
            "of_race": race_id,
            "then": said.made_at,
            "behind": said.attacker_id,
            "ahead": said.defender_id,
            "outcome": known[key].outcome,
            "settled_at": known[key].settled_at,
        }
        for key, said in still_open.items()
    ]
    await connection.execute(statement.values(values), told)
    return settled


async def _still_open(
    connection: AsyncConnection, race_id: str, keys: list[_Key], cars: dict[str, int]
) -> dict[_Key, Any]:
    """Return the kept rows of these keys that have no outcome yet."""
    if not keys:
        return {}
    first, last = min(key[0] for key in keys), max(key[0] for key in keys)
    c, wanted = _table.c, set(keys)
    query = select(_table).where(
        c.race_id == race_id, c.made_at >= first, c.made_at <= last, c.outcome.is_(None)
    )
    keyed = (
        ((row.made_at, cars.get(row.attacker_id), cars.get(row.defender_id)), row)
        for row in await connection.execute(query)
    )
    return {key: row for key, row in keyed if key in wanted}


def _settled(said: Any, came: OutcomeRecord) -> PredictionRecord:  # noqa: ANN401  a row
    told = {name: getattr(said, name) for name in _PREDICTED}
    told |= {"outcome": came.outcome, "settled_at": came.settled_at}
    return PredictionRecord(attacker=came.attacker, defender=came.defender, **told)
