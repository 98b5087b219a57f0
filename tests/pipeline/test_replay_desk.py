"""Many viewers of kept races: memory has a bound, and nothing is fetched twice."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pitwall.domain.history import RaceSummary
from pitwall.domain.records import KeyframeRecord
from pitwall.errors import StoreError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.pipeline.engine import EngineState
from pitwall.pipeline.importing import import_race
from pitwall.pipeline.replay.desk import ReplayDesk
from pitwall.pipeline.replay.reels import Reel, ReelShelf
from pitwall.race_ports import Pace
from pitwall.store import migrating
from pitwall.store.engine import Database, database_url
from pitwall.store.reading import RaceReader
from pitwall.store.writing import RaceWriter
from pitwall.wire.message import RawMessage
from tests.pipeline.test_engine import CountingPredictor
from tests.short_feeds import Short

PACE = Pace(paused=True)


class CountingReader(RaceReader):
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
        await migrating.upgrade(database)
        await import_race(Short(SimulatedFeed(7), 6_000), RaceWriter(database), CountingPredictor())
        await database.close()

    asyncio.run(keep())
    return folder


@pytest.fixture
async def reader(kept: Path, tmp_path: Path) -> AsyncIterator[CountingReader]:
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    database = Database(database_url(None, tmp_path))
    yield CountingReader(database)
    await database.close()


async def race_of(reader: RaceReader) -> RaceSummary:
    return await reader.race("2026-simulated-grand-prix-of-sierra-alta-race-7")


def minutes(race: RaceSummary, count: float) -> datetime:
    assert race.first_at is not None
    return race.first_at + timedelta(minutes=count)


@pytest.mark.slow
async def test_nothing_is_fetched_twice_however_many_look(reader: CountingReader) -> None:
    race = await race_of(reader)
    desk = ReplayDesk(reader, CountingPredictor())
    moments = [minutes(race, count) for count in (8.0, 9.5, 8.1, 11.0, 8.0)]

    viewings = [await desk.open(race) for _ in range(4)]
    frames = await asyncio.gather(
        *[viewing.frame(moment, PACE) for viewing in viewings for moment in moments]
    )

    assert len(reader.fetched) == len(set(reader.fetched))
    assert len({frame.header.as_of for frame in frames}) == 4


@pytest.mark.slow
async def test_a_keyframe_of_another_release_is_played_around(reader: CountingReader) -> None:
    race = await race_of(reader)
    moment = minutes(race, 10)
    whole = await (await ReplayDesk(reader, CountingPredictor()).open(race)).frame(moment, PACE)

    reader.spoils_keyframes = True
    anew = await (await ReplayDesk(reader, CountingPredictor()).open(race)).frame(moment, PACE)

    assert anew.tower == whole.tower
    assert anew.battles == whole.battles


@pytest.mark.slow
async def test_a_database_that_comes_back_is_asked_again(reader: CountingReader) -> None:
    race = await race_of(reader)
    viewing = await ReplayDesk(reader, CountingPredictor()).open(race)
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

    frame = await (await ReplayDesk(reader, Newer()).open(race)).frame(moment, PACE)

    then = await (await ReplayDesk(reader, CountingPredictor()).open(race)).frame(moment, PACE)
    assert frame.model_version == race.model_version != Newer.version
    assert [b.p_overtake for b in frame.battles] == [b.p_overtake for b in then.battles]


async def test_the_shelf_lets_go_of_what_was_used_longest_ago() -> None:
    shelf = ReelShelf(most_bytes=3_000_000)

    async def reel(number: int) -> Reel:
        return Reel(number, EngineState(), [], {})

    for number in range(10):
        await shelf.get(("race", 1, number), lambda number=number: reel(number))  # type: ignore[misc]
    assert shelf.size <= 3_000_000
    assert shelf.fetched == 10

    await shelf.get(("race", 1, 9), lambda: reel(9))
    assert shelf.fetched == 10
    await shelf.get(("race", 1, 0), lambda: reel(0))
    assert shelf.fetched == 11


async def test_who_goes_away_does_not_take_the_stretch_from_others() -> None:
    shelf = ReelShelf()
    may_go_on = asyncio.Event()

    async def slow() -> Reel:
        await may_go_on.wait()
        return Reel(0, EngineState(), [], {})

    leaving = asyncio.create_task(shelf.get(("race", 1, 0), slow))
    staying = asyncio.create_task(shelf.get(("race", 1, 0), slow))
    await asyncio.sleep(0)
    leaving.cancel()
    may_go_on.set()

    assert (await staying).number == 0
    assert shelf.fetched == 1
