"""Test a long outage: batches wait in files, are written in order, and survive the server."""

from __future__ import annotations

import json
import zlib
from itertools import islice
from pathlib import Path

import pytest

from pitwall.engine.race_engine import RaceEngine
from pitwall.errors import StoreError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.recording import race_recorder as recording
from pitwall.recording.race_recorder import Recorder
from pitwall.recording.spill_files import Spill
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.races import batch_of, small_batch
from tests.store.restarts import RACE
from tests.store.test_recorder import BrokenWriter

FEED = SimulatedFeed(5)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a few messages enough for a file."""
    monkeypatch.setattr(recording, "SPILL_AT", 40)


async def play(recorder: Recorder, writer: BrokenWriter, *, back_at: int | None, end: int) -> None:
    watched = recorder.watch(FEED)
    engine = RaceEngine(None, observer=watched.collector)
    for taken, message in enumerate(islice(FEED.messages(), end), 1):
        engine.take(message)
        writer.works = taken < 60 or (back_at is not None and taken >= back_at)
        if taken % 20 == 0:
            await recorder.flush()


async def test_what_waits_in_files_is_written_in_order(tmp_path: Path) -> None:
    writer, folder = BrokenWriter(), tmp_path / "waiting"
    recorder = Recorder(writer, "test-model", spill=Spill(folder))

    await play(recorder, writer, back_at=None, end=500)
    assert len(list(folder.iterdir())) > 5
    assert recorder.state.waiting == 460
    assert "460 messages wait to be written" in recorder.state.reason
    writer.works = True
    await recorder.flush()

    places = [message.seq for batch in writer.batches for message in batch.messages]
    assert places == list(range(500))
    assert list(folder.iterdir()) == []
    assert (recorder.state.status, recorder.state.waiting, recorder.state.dropped) == ("ok", 0, 0)


async def test_the_next_server_writes_what_the_last_one_left(tmp_path: Path) -> None:
    writer, folder = BrokenWriter(), tmp_path / "waiting"
    await play(Recorder(writer, "m", spill=Spill(folder)), writer, back_at=None, end=400)
    database = Database(database_url(None, tmp_path))
    await migrations.upgrade(database)
    (folder / "000000000099.batch").write_bytes(b"rubbish")

    await Recorder(SqlRaceWriter(database), "m", spill=Spill(folder)).flush()

    reader = SqlRaceReader(database)
    found = await reader.messages(await reader.race(RACE))
    assert found == list(islice(FEED.messages(), 40, 400))  # the first 40 were written elsewhere
    assert [path.suffix for path in folder.iterdir()] == [".damaged"]
    await database.close()


def test_a_batch_comes_back_as_it_was_and_the_bound_is_kept(tmp_path: Path) -> None:
    for batch in (batch_of(FEED, 300, forecasts=False), small_batch()):
        spill = Spill(tmp_path / str(len(batch.messages)), most_bytes=200_000)
        waiting = spill.put(batch, "live", "a feed", is_counted=False)
        assert waiting is not None
        assert spill.get(waiting) == batch
        while spill.put(batch, "live", "a feed", is_counted=False) is not None:
            pass
        files = list((tmp_path / str(len(batch.messages))).iterdir())
        assert 0 < sum(path.stat().st_size for path in files) <= 200_000
        waiting.path.write_bytes(b"rubbish")
        with pytest.raises(StoreError, match="cannot be read"):
            spill.get(waiting)
        assert spill.get(waiting) is None


def test_a_file_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    """Its predictions end where the columns were added that it did not know."""
    spill, batch = Spill(tmp_path), small_batch()
    for key, row in batch.predictions.items():
        batch.predictions[key] = row._replace(outcome="held", settled_at=key[0])
    waiting = spill.put(batch, "live", "a feed", is_counted=True)
    assert waiting is not None
    values = json.loads(zlib.decompress(waiting.path.read_bytes()))
    values["predictions"] = [row[:23] for row in values["predictions"]]
    waiting.path.write_bytes(zlib.compress(json.dumps(values).encode()))

    assert spill.get(waiting) == batch
