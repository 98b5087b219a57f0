"""Make a small race for the ledger: a minute of forecasts, and their outcomes a lap later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from sqlalchemy import text

from pitwall.domain.ledger import ForecastTally, LedgerContents, Made
from pitwall.domain.records import Batch, MessageRecord, OutcomeRecord
from pitwall.recording import record_rows
from pitwall.store.database import Database
from pitwall.store.ledger import writer as ledger_writer
from pitwall.store.ledger.reader import SqlLedgerReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.races import LIGHTS_OUT, SMALL, small_batch

LAP = timedelta(seconds=90)
SECONDS = 60


def forecasts(info_id: str = SMALL.race_id) -> Batch:
    """Return the made-up race's first minute, with a forecast a second."""
    batch = small_batch(SECONDS)
    batch.info = replace(SMALL, race_id=info_id)
    return batch


def outcomes(*, passed: Iterable[int] = ()) -> Batch:
    """Return the outcomes of the minute's forecasts, a lap later: held, except some seconds."""
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
    database: Database,
    *batches: Batch,
    source: str = "live",
    imported: bool = False,
    late: timedelta = timedelta(0),
) -> None:
    """Write batches of a race, a moment after each other, `late` after its outcomes."""
    writer = SqlRaceWriter(database)
    info = batches[0].info
    mark = await writer.begin(info, source, "a feed")
    for nth, batch in enumerate(batches):
        own = record_rows.joined(Batch(info=info), batch)
        own.is_imported = imported
        now = LIGHTS_OUT + LAP + late + timedelta(seconds=nth)
        with patch.object(ledger_writer, "utc_now", lambda now=now: now):
            await writer.append(mark, own)


async def shown(
    database: Database, made: Made = Made.LIVE, *, simulated: bool = False
) -> LedgerContents:
    return await SqlLedgerReader(database).contents(made, simulated=simulated)


def total(contents: LedgerContents) -> ForecastTally:
    whole = sum((run.decided for run in contents.runs), ForecastTally())
    assert whole.forecasts == sum(one.forecasts for one in contents.bins)
    return whole


async def disarm(database: Database) -> None:
    """Remove the triggers, as the owner of the database can."""
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
