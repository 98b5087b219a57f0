"""The simulated race for guests: made once where none is kept, and told as it is made."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pitwall.app import demo_race
from pitwall.app.demo_race import SEED, SimulatedDemoRace
from pitwall.domain.stored_races import RaceFilter, RaceSummary
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_reader import SqlRaceReader
from pitwall.wire.message import RawMessage
from tests.engine.test_race_engine import CountingPredictor
from tests.short_feeds import Short


class SlowToTell(SqlRaceReader):
    """Tells what it saw only when the race that is being made is finished."""

    taste: SimulatedDemoRace

    async def races(
        self, wanted: RaceFilter, limit: int, after: str | None = None
    ) -> tuple[list[RaceSummary], str | None]:
        seen = await super().races(wanted, limit, after)
        if self.taste._making is not None:
            await asyncio.wait({self.taste._making})
        return seen


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(database_url(None, tmp_path))
    await migrations.upgrade(database)
    yield database
    await database.close()


class Waits(Short):
    """The beginning of a race, which is told only when the test lets it."""

    go: threading.Event

    def messages(self) -> Iterator[RawMessage]:
        self.go.wait()
        return super().messages()


@pytest.fixture
def go() -> Iterator[threading.Event]:
    """Give what lets races be told; they are at the end, so that no thread is left behind."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, go: threading.Event) -> list[int]:
    """Give the seeds of the races that are made; they are short."""
    seeds: list[int] = []

    def short(seed: int) -> Short:
        seeds.append(seed)
        feed = Waits(SimulatedFeed(seed), 1_000)
        feed.go = go
        return feed

    monkeypatch.setattr(demo_race, "SimulatedFeed", short)
    return seeds


async def test_it_is_made_once_for_the_first_who_asks(
    file: Database, made: list[int], go: threading.Event
) -> None:
    taste = SimulatedDemoRace(file, CountingPredictor())

    parts = [await taste.offer(), await taste.offer()]
    go.set()
    while parts[-1] is not None:
        await asyncio.sleep(0.01)
        parts.append(await taste.offer())

    assert parts[:2] == [0.0, 0.0]
    assert made == [SEED]
    (race,), _ = await SqlRaceReader(file).races(RaceFilter(source="simulated"), 5)
    assert (race.state, race.messages) == ("finished", 1_000)
    assert await taste.offer() is None
    assert made == [SEED]


async def test_who_looked_before_it_was_finished_does_not_have_it_made_again(
    file: Database, made: list[int], go: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    go.set()
    monkeypatch.setattr(demo_race, "SqlRaceReader", SlowToTell)
    SlowToTell.taste = taste = SimulatedDemoRace(file, CountingPredictor())

    first = await taste.offer()
    late = await asyncio.gather(taste.offer(), taste.offer())

    assert first == 0.0
    assert all(part is not None for part in late)
    assert await taste.offer() is None
    assert made == [SEED]
