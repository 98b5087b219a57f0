"""Test the recorder when it is killed, without a database, and while a race goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from pitwall.domain.race import RaceInfo
from pitwall.domain.records import Batch, RaceMark
from pitwall.domain.sessions import Source
from pitwall.domain.stored_races import HistoryTable, Selection
from pitwall.engine.race_engine import RaceEngine
from pitwall.errors import StoreError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.recording.batch_collector import BatchCollector
from pitwall.recording.race_recorder import Recorder
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.ledger.verifier import verify
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.wire.message import RawMessage
from tests.servers.postgres import PostgresServer
from tests.store.races import PREDICTOR, batch_of

COUNT = 1_900  # as far as the first forecasts
FEED = SimulatedFeed(5)


async def rows_of(database: Database) -> list[tuple[HistoryTable, dict[str, object]]]:
    """Return every row of the one stored race, without the numbers of predictions."""
    reader = SqlRaceReader(database)
    race = await reader.race("2026-simulated-grand-prix-of-sierra-alta-race-5")
    page = await reader.page(race, tuple(HistoryTable), Selection(), 200_000)
    return [(table, {k: v for k, v in row.items() if k != "id"}) for table, row in page.rows]


def recording(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.recording_process", url, str(COUNT)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.slow
async def test_killed_twice_it_goes_on_without_gap_or_duplicate(
    database: Database, store_url: str
) -> None:
    for kill_after in (600, 1_800):
        process = recording(store_url)
        assert process.stdout is not None
        kept = next(int(line) for line in process.stdout if int(line) >= kill_after)
        process.kill()
        process.wait()
        process.stdout.close()
        race = await SqlRaceReader(database).race("2026-simulated-grand-prix-of-sierra-alta-race-5")
        assert race.messages >= kept  # what was reported as stored is stored
        assert race.state == "running"
        await verify(database)  # the ledger is intact
    whole = recording(store_url)
    said, _ = whole.communicate(timeout=300)

    assert said.endswith("state ok\n")
    reader = SqlRaceReader(database)
    race = await reader.race("2026-simulated-grand-prix-of-sierra-alta-race-5")
    assert (race.state, race.messages) == ("finished", COUNT)
    assert await reader.messages(race) == list(islice(FEED.messages(), COUNT))
    # Row for row the same as an uninterrupted recording.
    told = batch_of(FEED, COUNT)
    ledger = await verify(database)
    assert ledger.forecasts == ledger.compared == len(told.predictions)
    rows = await rows_of(database)
    counts = {table: sum(each is table for each, _ in rows) for table in HistoryTable}
    assert counts == {
        HistoryTable.ENTRIES: len(told.entries),
        HistoryTable.STATUSES: len(told.statuses),
        HistoryTable.RACE_CONTROL: len(told.control),
        HistoryTable.WEATHER: len(told.weather),
        HistoryTable.STINTS: len(told.stints),
        HistoryTable.STANDINGS: 0,
        HistoryTable.LAPS: len(told.laps),
        HistoryTable.TIMING: len(told.timing),
        HistoryTable.PREDICTIONS: len(told.predictions),
        HistoryTable.TELEMETRY: len(told.samples),
    }


class Elsewhere:
    """A `RecordedFeed` of another source, of which only the name is used."""

    def __init__(self, name: str = "recording:elsewhere", source: Source = Source.RECORDED) -> None:
        self.name = name
        self.source = source

    def messages(self) -> Iterator[RawMessage]:
        return iter(())


class BrokenWriter:
    """A `SqlRaceWriter` whose database comes and goes."""

    def __init__(self) -> None:
        self.works = True
        self.batches: list[Batch] = []
        self.asked: list[object] = []
        self.state = ""

    async def begin(self, info: RaceInfo, source: str, feed: str) -> RaceMark:
        self._check(feed)
        return RaceMark(info, source, 1, 0, None, "running", feed)

    async def append(self, mark: RaceMark, batch: Batch) -> None:
        self._check(mark)
        self.batches.append(batch)

    async def finish(self, mark: RaceMark, state: str) -> None:
        self._check(mark)
        self.state = state

    async def remove(self, race_id: str) -> None:
        self._check(race_id)

    async def prune_simulated(self, keep: int) -> int:
        self._check(keep)
        return 0

    def _check(self, asked: object) -> None:
        self.asked.append(asked)
        if not self.works:
            message = "The database does not answer as it should: disk full."
            raise StoreError(message)


async def test_without_a_database_the_race_goes_on_and_is_written_later() -> None:
    writer = BrokenWriter()
    recorder = Recorder(writer, "test-model")
    watched = recorder.watch(FEED)
    engine = RaceEngine(None, observer=watched.collector)
    for taken, message in enumerate(islice(FEED.messages(), 400), 1):
        engine.take(message)
        writer.works = not 100 <= taken < 300
        if taken % 20 == 0:
            await recorder.flush()
            assert recorder.state.status == ("ok" if writer.works else "degraded")
            assert ("disk full" in recorder.state.reason) is not writer.works
    watched.end("finished")
    await recorder.flush()

    places = [message.seq for batch in writer.batches for message in batch.messages]
    assert places == list(range(400))
    assert writer.state == "finished"
    assert recorder.state.dropped == 0


async def test_who_does_not_lead_writes_nothing_and_keeps_what_gathers() -> None:
    leads = False
    writer = BrokenWriter()
    recorder = Recorder(writer, "test-model", lambda: leads)
    engine = RaceEngine(None, observer=recorder.watch(FEED).collector)
    for message in islice(FEED.messages(), 100):
        engine.take(message)
    await recorder.flush()
    assert writer.asked == []

    leads = True
    await recorder.flush()

    assert [len(batch.messages) for batch in writer.batches] == [100]


async def test_what_waits_is_bounded_and_what_is_lost_is_counted() -> None:
    writer = BrokenWriter()
    writer.works = False
    recorder = Recorder(writer, "test-model")
    watched = recorder.watch(FEED)
    watched.collector._most = 150
    engine = RaceEngine(None, observer=watched.collector)
    for taken, message in enumerate(islice(FEED.messages(), 500), 1):
        engine.take(message)
        if taken % 20 == 0:
            await recorder.flush()
    writer.works = True
    await recorder.flush()

    places = [message.seq for batch in writer.batches for message in batch.messages]
    assert recorder.state.dropped + len(places) == 500
    assert recorder.state.dropped > 0
    assert places[-1] == 499
    assert len(places) <= 150


async def test_the_race_after_the_one_that_cannot_be_written_waits_as_well() -> None:
    writer = BrokenWriter()
    recorder = Recorder(writer, "test-model")
    watched = recorder.watch(FEED)
    engine = RaceEngine(None, observer=watched.collector)
    writer.works = False
    for feed in (FEED, SimulatedFeed(4)):  # on one connection, as on a day of two sessions
        for taken, message in enumerate(islice(feed.messages(), 100), 1):
            engine.take(message)
            if taken % 20 == 0:
                await recorder.flush()
    writer.works = True
    await recorder.flush()

    messages = [message.body for batch in writer.batches for message in batch.messages]
    assert messages == [
        m.body for seed in (5, 4) for m in islice(SimulatedFeed(seed).messages(), 100)
    ]
    assert len({batch.info.race_id for batch in writer.batches}) == 2


async def test_another_feed_does_not_overwrite_a_race(database: Database) -> None:
    writer = SqlRaceWriter(database)
    batch = batch_of(FEED, 50, forecasts=False)
    await writer.begin(batch.info, "live", "another feed")
    recorder = Recorder(writer, "test-model")

    watched = recorder.watch(Elsewhere())
    watched.collector.put_back(batch)
    await recorder.flush()

    race = await SqlRaceReader(database).race(batch.info.race_id)
    assert (race.source, race.messages) == ("live", 0)
    assert recorder.state.status == "ok"


@pytest.mark.parametrize(
    ("source", "goes_on"), [(Source.RECONSTRUCTED, False), (Source.RECORDED, True)]
)
async def test_a_race_made_from_other_tables_is_not_written_on_and_a_moved_recording_is(
    database: Database, source: Source, goes_on: bool
) -> None:
    writer = SqlRaceWriter(database)
    begun, whole = (batch_of(FEED, count, forecasts=False) for count in (50, 80))
    await writer.append(await writer.begin(whole.info, source.value, "a:race"), begun)
    recorder = Recorder(writer, "test-model")

    watched = recorder.watch(Elsewhere("a:race+telemetry", source))
    watched.collector.put_back(whole)
    await recorder.flush()

    race = await SqlRaceReader(database).race(whole.info.race_id)
    assert race.messages == (80 if goes_on else 50)


@pytest.mark.slow
async def test_a_database_server_that_stops_and_starts_is_written_to_again(
    postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    database = Database(database_url(postgres_url, tmp_path))
    await migrations.upgrade(database)
    recorder = Recorder(SqlRaceWriter(database), "test-model")
    watched = recorder.watch(FEED)
    engine = RaceEngine(PREDICTOR, observer=watched.collector)
    for taken, message in enumerate(islice(FEED.messages(), 300), 1):
        engine.take(message)
        if taken == 100:
            await recorder.flush()
            postgres_server.stop()
        if taken in {150, 200}:
            await recorder.flush()
            assert recorder.state.status == "degraded"
        if taken == 250:
            postgres_server.start()
    watched.end("finished")
    await recorder.flush()

    race = await SqlRaceReader(database).race("2026-simulated-grand-prix-of-sierra-alta-race-5")
    assert (race.messages, race.state, recorder.state.status) == (300, "finished", "ok")
    await database.close()


class StoredWriter(BrokenWriter):
    """A writer of a race of which another worker has stored a part."""

    stored = 0

    async def begin(self, info: RaceInfo, source: str, feed: str) -> RaceMark:
        return RaceMark(info, source, 1, self.stored, None, "running", feed)


@pytest.mark.parametrize("stored", [0, 250, 400])
async def test_what_the_worker_before_has_stored_is_not_called_lost(stored: int) -> None:
    writer = StoredWriter()
    writer.stored = stored
    recorder = Recorder(writer, "m")
    recording = recorder.watch(FEED)
    recording.collector = BatchCollector("m", most_messages=100)
    engine = RaceEngine(None, observer=recording.collector)
    for message in islice(FEED.messages(), 350):
        engine.take(message)

    await recorder.flush()

    dropped = 303  # each time when there were 101
    assert recorder.state.dropped == max(0, dropped - stored)


def test_what_a_standby_drops_is_written_by_the_worker_that_leads() -> None:
    recording = Recorder(BrokenWriter(), "m").prepare(FEED)
    recording.collector = BatchCollector("m", most_messages=100)
    engine = RaceEngine(None, observer=recording.collector)
    for message in islice(FEED.messages(), 350):
        engine.take(message)
    recording.drop_written()
    recording.requeue_held()

    assert [batch.dropped for batch in recording.collector.take_batches()] == [0]
