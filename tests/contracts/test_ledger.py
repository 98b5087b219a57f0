"""The contract of the ledger: SQLite and a real PostgreSQL alike."""

from __future__ import annotations

import asyncio
import hashlib
import math
import struct
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pitwall.domain.ledger import LedgerContents, Made, Tally
from pitwall.domain.records import Batch, MessageRecord, OutcomeRecord
from pitwall.errors import LedgerError, StoreError
from pitwall.pipeline import rows
from pitwall.prediction.gap_only import gap_only
from pitwall.store import migrating
from pitwall.store.engine import Database, database_url
from pitwall.store.instants import to_micros
from pitwall.store.ledger import entering
from pitwall.store.ledger.reading import LedgerReader
from pitwall.store.ledger.verifying import verify
from pitwall.store.writing import RaceWriter
from tests.store.races import LIGHTS_OUT, SMALL, small_batch

LAP = timedelta(seconds=90)
SECONDS = 60


def forecasts(info_id: str = SMALL.race_id) -> Batch:
    """Return the made-up race's first minute, with a forecast a second."""
    batch = small_batch(SECONDS)
    batch.info = replace(SMALL, race_id=info_id)
    return batch


def outcomes(*, passed: Iterable[int] = ()) -> Batch:
    """Return what came of the minute's forecasts, a lap later: held, but for some seconds."""
    batch = Batch(info=SMALL, messages_through=SECONDS + 1)
    batch.last_at = LIGHTS_OUT + LAP
    batch.messages.append(MessageRecord(SECONDS, batch.last_at, "Heartbeat", b"{}"))
    came = set(passed)
    for second in range(SECONDS):
        at = LIGHTS_OUT + timedelta(seconds=second)
        outcome = "passed" if second in came else "held"
        batch.outcomes.append(OutcomeRecord(outcome, at + LAP, at, 2, 1))
    return batch


async def write(
    database: Database, *batches: Batch, source: str = "live", imported: bool = False
) -> None:
    writer = RaceWriter(database)
    info = batches[0].info
    mark = await writer.begin(info, source, "a feed")
    for batch in batches:
        own = rows.joined(Batch(info=info), batch)
        own.is_imported = imported
        await writer.append(mark, own)


async def shown(
    database: Database, made: Made = Made.LIVE, *, simulated: bool = False
) -> LedgerContents:
    return await LedgerReader(database).contents(made, simulated=simulated)


def total(contents: LedgerContents) -> Tally:
    whole = sum((run.decided for run in contents.runs), Tally())
    assert whole.forecasts == sum(one.forecasts for one in contents.bins)
    return whole


async def disarm(database: Database) -> None:
    """Take the triggers away, as whoever owns the database can."""
    statements = [
        f"DROP TRIGGER {table}_no_{verb}"
        for table in ("ledger_entries", "ledger_runs")
        for verb in ("update", "delete", "replace")
    ]
    if not database.is_sqlite:
        statements = ["DROP FUNCTION ledger_is_appended_only() CASCADE"]
    for statement in statements:
        await run(database, statement)


async def run(database: Database, statement: str) -> None:
    async with database.writing() as connection:
        await connection.execute(text(statement))


async def test_a_forecast_and_its_outcome_are_entered_one_after_the_other(
    database: Database,
) -> None:
    await write(database, forecasts(), outcomes(passed={0, 1}))

    found = await verify(database)

    # A run, who drives, forecasts, outcomes.
    assert (found.entries, found.forecasts, found.outcomes) == (4, SECONDS, SECONDS)
    assert found.compared == SECONDS
    assert found.head == await LedgerReader(database).head()


async def test_scores_are_those_of_the_forecasts(database: Database) -> None:
    came = forecasts()
    passed = {0, 1, 5}
    await write(database, came, outcomes(passed=passed))

    tally = total(await shown(database))

    said = [
        (row.p_overtake, row.interval_s, n in passed)
        for n, row in enumerate(came.predictions.values())
    ]
    assert (tally.forecasts, tally.passes) == (SECONDS, 3)
    # All of one lap and pair: as many cases as bins were forecast.
    assert tally.laps == len({int(p * 20) for p, _, _ in said})
    assert tally.p_sum == pytest.approx(sum(p for p, _, _ in said))
    assert tally.brier == pytest.approx(sum((p - y) ** 2 for p, _, y in said))
    assert tally.log_loss == pytest.approx(sum(-math.log(p if y else 1 - p) for p, _, y in said))
    gap = [(min(max(gap_only(s), 1e-5), 1 - 1e-5), y) for _, s, y in said]
    assert tally.gap_log_loss == pytest.approx(sum(-math.log(p if y else 1 - p) for p, y in gap))


async def test_what_was_written_before_its_outcome_is_told_from_what_was_not(
    database: Database,
) -> None:
    await write(database, forecasts(), outcomes())
    late = forecasts("2026-b-race")
    for key, row in list(late.predictions.items()):
        late.predictions[key] = row._replace(outcome="held", settled_at=row.made_at + LAP)
    await write(database, late)  # live, but the database was away until it was decided
    await write(database, forecasts("2025-c-race"), outcomes(), imported=True)
    await write(database, forecasts("2024-d-race"), outcomes(), source="recorded")

    live, imported = await shown(database), await shown(database, Made.IMPORT)

    assert [run.race_id for run in live.runs if run.decided.forecasts] == [SMALL.race_id]
    assert total(live).forecasts == SECONDS
    assert {run.race_id for run in imported.runs} == {"2026-b-race", "2025-c-race", "2024-d-race"}
    assert total(imported).forecasts == 3 * SECONDS
    await verify(database)


async def test_a_batch_that_comes_twice_is_entered_once(database: Database) -> None:
    await write(database, forecasts(), outcomes())
    head = await LedgerReader(database).head()

    await write(database, forecasts(), outcomes())

    assert await LedgerReader(database).head() == head
    assert total(await shown(database)).forecasts == SECONDS


async def test_the_first_word_of_a_forecast_stands(database: Database) -> None:
    """A writer that starts again may forecast the second of its last message once more."""
    await write(database, forecasts())
    again = Batch(info=SMALL, messages_through=SECONDS + 1)
    again.messages = [MessageRecord(SECONDS, LIGHTS_OUT + LAP, "Heartbeat", b"{}")]
    again.last_at = LIGHTS_OUT + LAP
    key, row = list(forecasts().predictions.items())[-1]
    again.predictions[key] = row._replace(p_overtake=0.99)

    await write(database, again, outcomes())

    assert (await verify(database)).forecasts == SECONDS
    kept = sum(one.p_overtake for one in forecasts().predictions.values())
    assert total(await shown(database)).p_sum == pytest.approx(kept)


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
    head = await LedgerReader(database).head()
    assert head is not None
    await write(database, forecasts(), outcomes())
    await verify(database, (head.number, head.digest))

    await disarm(database)
    for table in ("ledger_entries", "ledger_runs", "ledger_cells", "ledger_calls", "ledger_laps"):
        await run(database, f"DELETE FROM {table}")  # noqa: S608
    await RaceWriter(database).remove(SMALL.race_id)
    nicer = forecasts()
    for key, row in nicer.predictions.items():
        nicer.predictions[key] = row._replace(p_overtake=0.01)
    await write(database, nicer)

    assert (await verify(database)).entries == 3  # in itself it is whole
    with pytest.raises(LedgerError, match="its hash was once"):
        await verify(database, (head.number, head.digest))


async def test_an_end_that_was_cut_off_is_missed(database: Database) -> None:
    await write(database, forecasts(), outcomes())
    head = await LedgerReader(database).head()
    assert head is not None
    await disarm(database)
    await run(database, "DELETE FROM ledger_entries WHERE number = 4")

    with pytest.raises(LedgerError, match="ends at entry 3"):
        await verify(database, (head.number, head.digest))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE predictions SET p_overtake = 0.9 WHERE interval_s < 0.2",
        "UPDATE predictions SET w_om = 0.5 WHERE interval_s < 0.2",
        "UPDATE predictions SET outcome = 'passed' WHERE interval_s < 0.2",
        "DELETE FROM predictions WHERE interval_s < 0.2",
        "UPDATE ledger_cells SET brier = brier / 2",
        "UPDATE ledger_cells SET made = 'import' WHERE outcome = 'said'",
        "DELETE FROM ledger_cells WHERE outcome = 'held'",
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


async def test_a_removed_race_stays_and_its_next_import_counts_in_its_place(
    database: Database,
) -> None:
    await write(database, forecasts(), outcomes(), source="recorded", imported=True)
    await RaceWriter(database).remove(SMALL.race_id)

    (gone,) = (await shown(database, Made.IMPORT)).runs
    assert not gone.is_kept
    await write(database, forecasts(), outcomes(passed={1}), source="recorded", imported=True)

    found = await verify(database)
    assert (found.forecasts, found.compared) == (2 * SECONDS, SECONDS)
    again = await shown(database, Made.IMPORT)
    assert [(run.run, run.is_kept) for run in again.runs] == [(2, True)]
    assert total(again).passes == 1


async def test_made_up_races_are_kept_apart_and_not_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entering, "SIMULATED_RUNS", 2)
    for number in range(3):
        await write(database, forecasts(f"2026-{number}-race"), outcomes(), source="simulated")

    assert (await shown(database)).runs == ()
    assert {run.race_id for run in (await shown(database, simulated=True)).runs} == {
        "2026-0-race",
        "2026-1-race",
    }
    await verify(database)


async def test_best_calls_and_worst_misses_are_one_of_each_pair(database: Database) -> None:
    await write(database, forecasts(), outcomes(passed={0, 1}))

    contents = await shown(database)

    (best,), (worst,) = contents.best, contents.worst
    # The second of all was said to be 1/3 and passed, from an eighth of a second.
    said = list(forecasts().predictions.values())
    assert (worst.attacker_code, worst.defender_code, worst.outcome) == ("MAR", "BYR", "passed")
    assert worst.p_overtake == said[1].p_overtake
    assert worst.made_at == said[1].made_at
    assert best.gap_only == gap_only(best.interval_s)
    assert best.race_id == SMALL.race_id


async def test_whoever_knows_the_format_can_check_the_chain_himself(database: Database) -> None:
    """As docs/ledger.md describes it, with nothing of pitwall's own."""
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


async def test_forecasts_from_before_the_ledger_are_not_entered(database: Database) -> None:
    await write(database, forecasts())
    await migrating.downgrade(database, "0001")
    await migrating.upgrade(database)
    later = Batch(info=SMALL, messages_through=SECONDS + 2)
    later.last_at = LIGHTS_OUT + 2 * LAP
    later.messages.append(MessageRecord(SECONDS + 1, later.last_at, "Heartbeat", b"{}"))
    first = next(iter(forecasts().predictions.values()))
    later.predictions[later.last_at, 2, 1] = first._replace(made_at=later.last_at)

    await write(database, outcomes(), later)

    found = await verify(database)
    assert (found.forecasts, found.outcomes) == (1, 0)


async def test_an_empty_ledger_is_whole(database: Database) -> None:
    found = await verify(database)
    contents = await shown(database)

    assert (found.entries, found.head) == (0, None)
    assert (contents.head, contents.runs, contents.best, contents.worst) == (None, (), (), ())


@pytest.fixture
async def other(store_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(database_url(store_url, tmp_path))
    yield database
    await database.close()


async def test_two_who_write_at_once_make_one_chain(database: Database, other: Database) -> None:
    async def write_pieces(where: Database, race_id: str) -> None:
        writer = RaceWriter(where)
        whole = forecasts(race_id)
        mark = await writer.begin(whole.info, "live", "a feed")
        for second, (key, row) in enumerate(whole.predictions.items()):
            piece = Batch(info=whole.info, messages_through=second + 1)
            piece.messages.append(whole.messages[second])
            piece.last_at = piece.messages[0].sent_at
            piece.entries = whole.entries if second == 0 else {}
            piece.predictions[key] = row
            await writer.append(mark, piece)

    await asyncio.gather(
        write_pieces(database, "2026-one-race"), write_pieces(other, "2026-two-race")
    )

    found = await verify(database)
    assert found.forecasts == found.compared == 2 * SECONDS
    assert found.entries == 2 * (2 + SECONDS)
