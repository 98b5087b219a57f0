"""Test the contract of the ledger on SQLite and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from pitwall.domain.ledger import Made
from pitwall.domain.records import Batch, MessageRecord
from pitwall.prediction.gap_only import gap_only
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.ledger import writer as ledger_writer
from pitwall.store.ledger.reader import SqlLedgerReader
from pitwall.store.ledger.verifier import verify
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.ledgers import LAP, SECONDS, forecasts, outcomes, shown, total, write
from tests.store.races import LIGHTS_OUT, SMALL


async def test_a_forecast_and_its_outcome_are_entered_one_after_the_other(
    database: Database,
) -> None:
    await write(database, forecasts(), outcomes(passed={0, 1}))

    found = await verify(database)

    # A run, who drives, forecasts, outcomes.
    assert (found.entries, found.forecasts, found.outcomes) == (4, SECONDS, SECONDS)
    assert found.compared == SECONDS
    assert found.head == await SqlLedgerReader(database).head()


async def test_a_driver_may_be_named_after_he_was_forecast(database: Database) -> None:
    unnamed, named = forecasts(), outcomes(passed={0})
    named.entries = dict(unnamed.entries)
    unnamed.entries.clear()
    await write(database, unnamed, named)

    found = await verify(database)

    assert (found.forecasts, found.outcomes, found.compared) == (SECONDS, SECONDS, SECONDS)
    assert total(await shown(database)).forecasts == SECONDS


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


async def test_an_old_race_that_a_live_feed_repeats_is_not_foretold(database: Database) -> None:
    await write(database, forecasts(), outcomes(), late=timedelta(days=30))

    assert total(await shown(database)).forecasts == 0
    assert total(await shown(database, Made.IMPORT)).forecasts == SECONDS
    await verify(database)


async def test_a_batch_that_comes_twice_is_entered_once(database: Database) -> None:
    await write(database, forecasts(), outcomes())
    head = await SqlLedgerReader(database).head()

    await write(database, forecasts(), outcomes())

    assert await SqlLedgerReader(database).head() == head
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


async def test_a_removed_race_stays_and_its_next_import_counts_in_its_place(
    database: Database,
) -> None:
    await write(database, forecasts(), outcomes(), source="recorded", imported=True)
    await SqlRaceWriter(database).remove(SMALL.race_id)

    (gone,) = (await shown(database, Made.IMPORT)).runs
    assert not gone.is_stored
    await write(database, forecasts(), outcomes(passed={1}), source="recorded", imported=True)

    found = await verify(database)
    assert (found.forecasts, found.compared) == (2 * SECONDS, SECONDS)
    again = await shown(database, Made.IMPORT)
    assert [(run.run, run.is_stored) for run in again.runs] == [(2, True)]
    assert total(again).passes == 1


async def test_made_up_races_are_kept_apart_and_not_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_writer, "SIMULATED_RUNS", 2)
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


async def test_forecasts_from_before_the_ledger_are_not_entered(database: Database) -> None:
    await write(database, forecasts())
    await migrations.downgrade(database, "0001")
    await migrations.upgrade(database)
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
        writer = SqlRaceWriter(where)
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
