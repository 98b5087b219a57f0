"""Test that an interrupted write loses nothing and blocks nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.aio import end
from pitwall.domain.records import Batch, RaceMark
from pitwall.engine.race_engine import RaceEngine
from pitwall.errors import StoreError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.recording import race_recorder as recording
from pitwall.recording.race_recorder import Recorder
from pitwall.store.database import Database
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.wire.message import RawMessage
from tests.store.races import small_batch

FEED = SimulatedFeed(5)
RACE = "2026-simulated-grand-prix-of-sierra-alta-race-5"
MESSAGES = list(islice(FEED.messages(), 200))
ADD = text("INSERT INTO circuits (id, name) VALUES (:id, 'a circuit')")
# Something that takes a second or two on either kind of database.
SLOW = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) "
    "SELECT count(*) FROM n"
)


class Slow(SqlRaceWriter):
    """Notes when it writes, and writes slowly."""

    def __init__(self, database: Database, takes_s: float = 0.2) -> None:
        super().__init__(database)
        self.takes_s = takes_s
        self.writes = asyncio.Event()

    async def append(self, mark: RaceMark, batch: Batch) -> None:
        self.writes.set()
        await asyncio.sleep(self.takes_s)
        await super().append(mark, batch)


class LosesItsAnswer(Database):
    """A database whose connection can be lost between its commit and the answer."""

    loses = False

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        async with super().writing() as connection:
            yield connection
        if self.loses:
            message = "The database does not answer as it should: connection lost."
            raise StoreError(message)


async def stopped_while_it_writes(writer: Slow) -> tuple[Recorder, asyncio.Task[None]]:
    """Return a recorder and its task, which was ended in the middle of its first write."""
    recorder = Recorder(writer, "test-model")
    engine = RaceEngine(None, observer=recorder.watch(FEED).collector)
    for message in MESSAGES:
        engine.take(message)
    running = asyncio.create_task(recorder.run())
    async with asyncio.timeout(5):
        await writer.writes.wait()
        await end(running)
    return recorder, running


async def kept(database: Database) -> list[RawMessage]:
    reader = SqlRaceReader(database)
    return await reader.messages(await reader.race(RACE))


async def test_a_write_that_is_cancelled_does_not_hold_up_the_next(database: Database) -> None:
    async def write(circuit: str, *, slowly: bool = False) -> None:
        async with database.writing() as connection:
            await connection.execute(ADD, {"id": circuit})
            if slowly:
                await connection.execute(SLOW)

    cancelled = asyncio.create_task(write("first", slowly=True))
    await asyncio.sleep(0.2)
    cancelled.cancel()
    # Its error stays referenced, with everything that its traceback refers to.
    (error,) = await asyncio.gather(cancelled, return_exceptions=True)

    async with asyncio.timeout(5):
        await write("second")

    assert isinstance(error, asyncio.CancelledError)
    async with database.reading() as connection:
        found = await connection.execute(text("SELECT id FROM circuits"))
        assert [row.id for row in found] == ["second"]


async def test_a_recorder_that_is_stopped_finishes_what_it_writes(database: Database) -> None:
    _, running = await stopped_while_it_writes(Slow(database))

    assert running.cancelled()
    assert await kept(database) == MESSAGES


async def test_a_recorder_that_cannot_finish_ends_in_time_and_loses_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recording, "LAST_FLUSH_S", 0.05)
    writer = Slow(database, takes_s=60)

    recorder, running = await stopped_while_it_writes(writer)

    assert (
        running.cancelled()
    )  # not failed: callers that wait for its end must see that it has ended
    assert "could not be written in time" in caplog.text
    writer.takes_s = 0
    await recorder.flush()
    assert await kept(database) == MESSAGES


async def test_a_commit_that_was_not_heard_of_is_neither_lost_nor_there_twice(
    database: Database,
) -> None:
    losing = LosesItsAnswer(database.url)
    writer, whole = SqlRaceWriter(losing), small_batch(180)  # three minutes
    mark = await writer.begin(whole.info, "recorded", "recording:small")
    pieces = [whole.messages[at : at + 20] for at in range(0, 180, 20)]
    for nth, piece in enumerate(pieces):
        batch = Batch(info=whole.info, messages=piece, messages_through=piece[-1].seq + 1)
        batch.last_at = piece[-1].sent_at
        losing.loses = nth == 4
        if losing.loses:
            with pytest.raises(StoreError):
                await writer.append(mark, batch)
            losing.loses = False
        await writer.append(mark, batch)
    await writer.finish(mark, "finished")
    await losing.close()

    reader = SqlRaceReader(database)
    messages = await reader.messages(await reader.race(whole.info.race_id))
    assert [message.sent_at for message in messages] == [each.sent_at for each in whole.messages]
