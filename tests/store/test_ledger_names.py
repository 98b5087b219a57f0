"""Test the ledger with drivers who share or change names, and what `verify` must not miss."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from pitwall.domain.records import Batch
from pitwall.errors import LedgerError
from pitwall.recording import record_rows
from pitwall.store.database import Database
from pitwall.store.ledger.verifier import verify
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.ledgers import forecasts, outcomes, run, write
from tests.store.races import SMALL, small_batch


async def test_two_cars_whose_drivers_have_one_name_are_told_apart(database: Database) -> None:
    first = forecasts()
    one = first.entries[1]
    first.entries[2] = first.entries[2]._replace(driver_id=one.driver_id)
    at, _, _ = next(iter(first.predictions))
    # Both ways round at one instant: with one key for both drivers these were one forecast.
    first.predictions[at, 1, 2] = first.predictions[at, 2, 1]._replace(attacker=1, defender=2)
    again = Batch(info=SMALL, entries={2: first.entries[2], 1: one}, messages_through=61)
    again.messages = outcomes().messages

    await write(database, first, again, outcomes())

    found = await verify(database)
    assert (found.forecasts, found.outcomes, found.compared) == (61, 60, 61)
    async with database.reading() as connection:
        kept = await connection.execute(text("SELECT car, driver_id FROM entries ORDER BY car"))
        assert [tuple(row) for row in kept] == [(1, "ada-byron"), (2, "ada-byron-2")]


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_driver_who_is_renamed_between_forecast_and_outcome_is_settled(
    database: Database, restarted: bool
) -> None:
    first, last = forecasts(), outcomes()
    last.entries[2] = first.entries[2]._replace(driver_id="mary-somerville")
    if restarted:
        await write(database, first)
        await write(database, last, late=timedelta(minutes=1))
    else:
        await write(database, first, last)

    found = await verify(database)
    assert (found.forecasts, found.outcomes) == (60, 60)
    async with database.reading() as connection:
        still = await connection.scalar(
            text("SELECT count(*) FROM predictions WHERE outcome IS NULL")
        )
    assert still == 0


CHANGED = {
    "settled_at": ("UPDATE forecasts SET settled_at = made_at", "were changed"),
    "a lap is removed": ("DELETE FROM ledger_laps", "stored laps"),
    "a lap is changed": ("UPDATE ledger_laps SET lap = lap + 500", "stored laps"),
}


@pytest.mark.parametrize("what", CHANGED)
async def test_what_verify_did_not_see(database: Database, what: str) -> None:
    await write(database, forecasts(), outcomes())
    statement, said = CHANGED[what]
    await run(database, statement)

    with pytest.raises(LedgerError, match=said):
        await verify(database)


async def test_a_ledger_that_was_emptied_is_found_without_a_head(database: Database) -> None:
    await verify(database)  # an empty one of an empty database is whole
    await write(database, forecasts(), outcomes())
    for table in ("ledger_entries", "ledger_runs"):
        if database.is_sqlite:
            await run(database, f"DROP TRIGGER {table}_no_delete")
        else:
            await run(database, f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for table in ("entries", "runs", "cells", "laps", "calls"):
        await run(database, f"DELETE FROM ledger_{table}")  # noqa: S608  our own names

    with pytest.raises(LedgerError, match="The ledger is empty, but 60 forecasts are stored"):
        await verify(database)


async def test_what_is_told_again_from_the_beginning_does_not_overwrite_newer_words(
    database: Database,
) -> None:
    writer, whole = SqlRaceWriter(database), small_batch(60)
    early = small_batch(20)
    whole.stints[1, 1] = whole.stints[1, 1]._replace(tyre_life_laps=17)
    whole.laps[1, 1] = whole.laps[1, 1]._replace(lap_time_s=88.5)
    mark = await writer.begin(SMALL, "recorded", "recording:small")
    newest_at = whole.last_at
    await writer.append(mark, record_rows.joined(Batch(info=SMALL), whole))

    # As an import does that is resumed: its first messages are known by now.
    resumed = record_rows.without(early, 60)
    await writer.append(mark, replace(resumed, is_imported=True))

    async with database.reading() as connection:
        life = await connection.scalar(text("SELECT tyre_life_laps FROM stints WHERE car = 1"))
        lap_s = await connection.scalar(text("SELECT lap_time_s FROM laps WHERE car = 1"))
    now = await writer.begin(SMALL, "recorded", "recording:small")
    assert (life, lap_s) == (17, 88.5)
    assert now.last_at == newest_at
