"""Test that a restart of the database loses and duplicates nothing, and is reported meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from itertools import islice
from pathlib import Path

import pytest

from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.recording import race_recorder, store_condition
from pitwall.recording.race_recorder import Recorder
from pitwall.store import database as database_module
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.servers.postgres import PostgresServer
from tests.store.restarts import RACE, WAYS, restarted

FEED = SimulatedFeed(5)


@pytest.mark.slow
async def test_a_server_restarted_in_three_ways_under_load_loses_nothing(
    postgres_server: PostgresServer,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(race_recorder, "SPILL_AT", 60)

    seen = await restarted(postgres_server, postgres_url, WAYS, tmp_path)

    assert seen.faults == []
    for reasons in seen.reasons:
        assert any("messages wait to be written" in reason for reason in reasons)
        assert all("does not answer" in reason or "takes long" in reason for reason in reasons)
    assert set(seen.visitors) == {"answered", "refused in words"}
    # A change of state is one line; nothing is repeated every second, least of all a trace.
    lines = [each for each in caplog.records if each.name.startswith("pitwall")]
    assert len(lines) <= 4 * len(WAYS)
    assert not any(each.exc_info for each in lines)


async def test_a_database_that_another_program_locks_for_long_is_waited_for(  # noqa: PLR0915
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As thirty seconds and more, in less time: the writer gives up twice before it is free again.
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0.3)
    monkeypatch.setattr(store_condition, "SLOW_S", 0.1)
    file = tmp_path / "pitwall.db"
    database = Database(database_url(f"sqlite:///{file}", tmp_path))
    await migrations.upgrade(database)
    written = Recorder(SqlRaceWriter(database), "test-model")
    watched = written.watch(FEED)
    played = RaceEngine(None, observer=watched.collector)
    other = sqlite3.connect(file, isolation_level=None)
    for taken, message in enumerate(islice(FEED.messages(), 300), 1):
        played.take(message)
        if taken == 100:
            other.execute("BEGIN EXCLUSIVE")
        if taken in {50, 150, 200}:
            flushing = asyncio.create_task(written.flush())
            await asyncio.sleep(0.2)
            if taken > 100:  # while it waits, not only when it has given up
                assert written.state.status == "degraded"
            await flushing
            assert written.state.status == ("ok" if taken < 100 else "degraded")
        if taken == 200:
            assert "locked" in written.state.reason
            assert "150 messages wait to be written" in written.state.reason
        if taken == 250:
            other.execute("ROLLBACK")
    other.close()
    watched.end("finished")
    await written.flush()

    reader = SqlRaceReader(database)
    race = await reader.race(RACE)
    assert await reader.messages(race) == list(islice(FEED.messages(), 300))
    assert (written.state.status, written.state.dropped) == ("ok", 0)
    await database.close()
