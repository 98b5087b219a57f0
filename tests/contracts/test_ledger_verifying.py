"""Test that `verify` finds every change to a ledger, on SQLite and a real PostgreSQL."""

from __future__ import annotations

import hashlib
import struct

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pitwall.errors import LedgerError, StoreError
from pitwall.store.database import Database
from pitwall.store.instants import to_micros
from pitwall.store.ledger.reader import SqlLedgerReader
from pitwall.store.ledger.verifier import verify
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.ledgers import disarm, forecasts, outcomes, run, write
from tests.store.races import LIGHTS_OUT, SMALL


@pytest.mark.parametrize("table", ["ledger_entries", "ledger_runs"])
async def test_nothing_is_changed_or_removed(database: Database, table: str) -> None:
    await write(database, forecasts(), outcomes())
    forbidden = [
        f"UPDATE {table} SET run = run",  # noqa: S608  our own name
        f"DELETE FROM {table}",  # noqa: S608
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"  # noqa: S608
        if database.is_sqlite
        else f"TRUNCATE {table}",
    ]

    for statement in forbidden:
        with pytest.raises((DBAPIError, StoreError), match="appended only"):
            await run(database, statement)

    assert (await verify(database)).entries == 4


TAMPERED = {
    "body": ("UPDATE ledger_entries SET body = {other} WHERE number = 3", 3),
    "time": ("UPDATE ledger_entries SET written_at = {earlier} WHERE number = 2", 2),
    "count": ("UPDATE ledger_entries SET items = 59 WHERE number = 4", 4),
    "digest": ("UPDATE ledger_entries SET digest = {zero} WHERE number = 1", 1),
    "removed": ("DELETE FROM ledger_entries WHERE number = 2", 2),
    "moved": ("UPDATE ledger_entries SET number = 9 WHERE number = 4", 4),
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_the_first_broken_entry_is_named(database: Database, what: str) -> None:
    await write(database, forecasts(), outcomes())
    await disarm(database)
    statement, broken = TAMPERED[what]
    values = (
        {"other": "zeroblob(32 + 60 * 31)", "earlier": "written_at - 1", "zero": "zeroblob(32)"}
        if database.is_sqlite
        else {
            "other": "decode(repeat('00', 32 + 60 * 31), 'hex')",
            "earlier": "written_at - interval '1 second'",
            "zero": "decode(repeat('00', 32), 'hex')",
        }
    )

    await run(database, statement.format(**values))

    with pytest.raises(LedgerError, match=f"Entry {broken} of the ledger is broken") as refusal:
        await verify(database)
    assert refusal.value.entry == broken


async def test_a_chain_that_was_made_anew_does_not_have_the_head_that_was_kept(
    database: Database,
) -> None:
    await write(database, forecasts())
    head = await SqlLedgerReader(database).head()
    assert head is not None
    await write(database, forecasts(), outcomes())
    await verify(database, (head.number, head.digest))

    await disarm(database)
    for table in ("ledger_entries", "ledger_runs", "ledger_cells", "ledger_calls", "ledger_laps"):
        await run(database, f"DELETE FROM {table}")  # noqa: S608
    await SqlRaceWriter(database).remove(SMALL.race_id)
    nicer = forecasts()
    for key, row in nicer.predictions.items():
        nicer.predictions[key] = row._replace(p_overtake=0.01)
    await write(database, nicer)

    assert (await verify(database)).entries == 3  # in itself it is consistent
    with pytest.raises(LedgerError, match="its hash was once"):
        await verify(database, (head.number, head.digest))


async def test_an_end_that_was_cut_off_is_missed(database: Database) -> None:
    await write(database, forecasts(), outcomes())
    head = await SqlLedgerReader(database).head()
    assert head is not None
    await disarm(database)
    await run(database, "DELETE FROM ledger_entries WHERE number = 4")

    with pytest.raises(LedgerError, match="ends at entry 3"):
        await verify(database, (head.number, head.digest))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE forecasts SET p_overtake = 0.9 WHERE interval_s < 0.2",
        "UPDATE forecasts SET w_om = 0.5 WHERE interval_s < 0.2",
        "UPDATE forecasts SET outcome_number = (SELECT number FROM forecast_words WHERE word = "
        "'passed') WHERE interval_s < 0.2",
        "DELETE FROM forecasts WHERE interval_s < 0.2",
        "UPDATE ledger_cells SET brier = brier / 2",
        "UPDATE ledger_cells SET made = 'import' WHERE outcome = 'said'",
        "DELETE FROM ledger_cells WHERE outcome = 'held'",
        "UPDATE ledger_calls SET score = 2 * score",
        "UPDATE ledger_calls SET outcome = 'passed' WHERE outcome = 'held'",
        "DELETE FROM ledger_calls WHERE which = 'worst'",
        "INSERT INTO ledger_calls SELECT run + 1, made, which, attacker, defender, attacker_id, "
        "defender_id, made_at, lap, position, interval_s, p_overtake, gap_only, outcome, score "
        "FROM ledger_calls",
        "INSERT INTO forecasts (race_number, attacker_number, defender_number, lap, made_at, "
        "position, interval_s, p_overtake, model_number, outcome_number, settled_at) SELECT "
        "race_number, defender_number, attacker_number, lap, made_at, position, interval_s, "
        "1 - p_overtake, model_number, outcome_number, settled_at FROM forecasts",
    ],
)
async def test_tables_that_say_something_else_are_found_out(
    database: Database, change: str
) -> None:
    await write(database, forecasts(), outcomes())
    await verify(database)

    await run(database, change)

    with pytest.raises(LedgerError):
        await verify(database)


async def test_whoever_knows_the_format_can_check_the_chain_himself(database: Database) -> None:
    """Check the chain as docs/ledger.md describes it, without any code of pitwall."""
    await write(database, forecasts(), outcomes())
    at = "written_at" if database.is_sqlite else "extract(epoch FROM written_at) * 1000000"
    query = f"SELECT number, kind, run, items, {at}, body, digest FROM ledger_entries"  # noqa: S608
    async with database.reading() as connection:
        rows = (await connection.execute(text(f"{query} ORDER BY number"))).all()

    before = bytes(32)
    for number, kind, of_run, items, micros, body, digest in rows:
        head = struct.pack("<qbiiq", number, kind, of_run, items, int(micros))
        before = hashlib.sha256(before + head + bytes(body)).digest()
        assert before == bytes(digest)
    made_at, attacker, defender = struct.unpack_from("<qHH", bytes(rows[2].body), 32)
    assert (made_at, attacker, defender) == (to_micros(LIGHTS_OUT), 2, 1)
    _, _, _, _, _, p_overtake = struct.unpack_from("<HHHBdd", bytes(rows[2].body), 40)
    assert p_overtake == 0.5
