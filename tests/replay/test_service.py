"""Test many viewers of stored races: memory has a bound, and nothing is fetched twice."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pitwall.domain.records import KeyframeRecord
from pitwall.domain.stored_races import RaceSummary
from pitwall.engine.race_engine import EngineState
from pitwall.errors import StoreError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.ports.replays import ReplayPace
from pitwall.recording.import_race import import_race
from pitwall.replay.segments import Segment, SegmentCache
from pitwall.replay.service import ReplayService
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.wire.message import RawMessage
from tests.engine.test_race_engine import CountingPredictor
from tests.short_feeds import Short

PACE = ReplayPace(paused=True)


class CountingReader(SqlRaceReader):
    """Counts what is fetched, and can forget keyframes or fail."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.fetched: list[int] = []
        self.is_away = False
        self.spoils_keyframes = False

    async def messages(
        self, race: RaceSummary, first_seq: int = 0, until: datetime | None = None
    ) -> list[RawMessage]:
        if self.is_away:
            raise StoreError("The database is not there.")
        self.fetched.append(first_seq)
        return await super().messages(race, first_seq, until)

    async def keyframe(self, race: RaceSummary, at: datetime) -> KeyframeRecord | None:
        found = await super().keyframe(race, at)
        if found is not None and self.spoils_keyframes:
            return found._replace(body=b"of another release")
        return found


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep twelve minutes of a race, without a model's forecasts, for all tests to copy."""
    folder = tmp_path_factory.mktemp("kept")

    async def keep() -> None:
        database = Database(database_url(None, folder))
        await migrations.upgrade(database)
        await import_race(
            Short(SimulatedFeed(7), 6_000), SqlRaceWriter(database), CountingPredictor()
        )
        await database.close()

    asyncio.run(keep())
    return folder


@pytest.fixture
async def reader(kept: Path, tmp_path: Path) -> AsyncIterator[CountingReader]:
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    database = Database(database_url(None, tmp_path))
    yield CountingReader(database)
    await database.close()


async def race_of(reader: SqlRaceReader) -> RaceSummary:
    return await reader.race("2026-simulated-grand-prix-of-sierra-alta-race-7")


def minutes(race: RaceSummary, count: float) -> datetime:
    assert race.first_at is not None
    return race.first_at + timedelta(minutes=count)


@pytest.mark.slow
async def test_nothing_is_fetched_twice_however_many_look(reader: CountingReader) -> None:
    race = await race_of(reader)
    service = ReplayService(reader, CountingPredictor())
    moments = [minutes(race, count) for count in (8.0, 9.5, 8.1, 11.0, 8.0)]

    viewings = [await service.open(race) for _ in range(4)]
    frames = await asyncio.gather(
        *[viewing.frame(moment, PACE) for viewing in viewings for moment in moments]
    )

    assert len(reader.fetched) == len(set(reader.fetched))
    assert len({frame.header.as_of for frame in frames}) == 4


@pytest.mark.slow
async def test_a_keyframe_of_another_release_is_played_around(reader: CountingReader) -> None:
    race = await race_of(reader)
    moment = minutes(race, 10)
    whole = await (await ReplayService(reader, CountingPredictor()).open(race)).frame(moment, PACE)

    reader.spoils_keyframes = True
    anew = await (await ReplayService(reader, CountingPredictor()).open(race)).frame(moment, PACE)

    assert anew.tower == whole.tower
    assert anew.battles == whole.battles


@pytest.mark.slow
async def test_a_database_that_comes_back_is_asked_again(reader: CountingReader) -> None:
    race = await race_of(reader)
    viewing = await ReplayService(reader, CountingPredictor()).open(race)
    reader.is_away = True
    with pytest.raises(StoreError):
        await viewing.frame(minutes(race, 9), PACE)

    reader.is_away = False

    assert (await viewing.frame(minutes(race, 9), PACE)).tower


@pytest.mark.slow
async def test_what_another_model_said_is_shown_as_it_was_said(reader: CountingReader) -> None:
    race = await race_of(reader)
    moment = minutes(race, 10)

    class Newer(CountingPredictor):
        """Says something else, and is another version."""

        version = "of tomorrow"

    frame = await (await ReplayService(reader, Newer()).open(race)).frame(moment, PACE)

    then = await (await ReplayService(reader, CountingPredictor()).open(race)).frame(moment, PACE)
    assert frame.model_version == race.model_version != Newer.version
    assert [b.p_overtake for b in frame.battles] == [b.p_overtake for b in then.battles]


async def test_the_shelf_lets_go_of_what_was_used_longest_ago() -> None:
    segment_cache = SegmentCache(most_bytes=3_000_000)

    async def segment(number: int) -> Segment:
        return Segment(number, EngineState(), [], {})

    for number in range(10):
        await segment_cache.get(("race", 1, number), lambda number=number: segment(number))  # type: ignore[misc]
    assert segment_cache.size <= 3_000_000
    assert segment_cache.fetched == 10

    await segment_cache.get(("race", 1, 9), lambda: segment(9))
    assert segment_cache.fetched == 10
    await segment_cache.get(("race", 1, 0), lambda: segment(0))
    assert segment_cache.fetched == 11


async def test_who_goes_away_does_not_take_the_stretch_from_others() -> None:
    segment_cache = SegmentCache()
    may_go_on = asyncio.Event()

    async def slow() -> Segment:
        await may_go_on.wait()
        return Segment(0, EngineState(), [], {})

    leaving = asyncio.create_task(segment_cache.get(("race", 1, 0), slow))
    staying = asyncio.create_task(segment_cache.get(("race", 1, 0), slow))
    await asyncio.sleep(0)
    leaving.cancel()
    may_go_on.set()

    assert (await staying).number == 0
    assert segment_cache.fetched == 1
