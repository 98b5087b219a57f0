"""Test the demo race: it is created once where none is stored, and reports its progress."""

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


class SlowReader(SqlRaceReader):
    """A reader that answers only once the race that is being made is finished."""

    demo: SimulatedDemoRace

    async def races(
        self, wanted: RaceFilter, limit: int, after: str | None = None
    ) -> tuple[list[RaceSummary], str | None]:
        seen = await super().races(wanted, limit, after)
        if self.demo._making is not None:
            await asyncio.wait({self.demo._making})
        return seen


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(database_url(None, tmp_path))
    await migrations.upgrade(database)
    yield database
    await database.close()


class WaitingFeed(Short):
    """The beginning of a race, whose messages wait until the test releases them."""

    go: threading.Event

    def messages(self) -> Iterator[RawMessage]:
        self.go.wait()
        return super().messages()


@pytest.fixture
def go() -> Iterator[threading.Event]:
    """Give the event that releases races; the end of a test sets it, so that no thread waits on."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, go: threading.Event) -> list[int]:
    """Replace races by short ones, and give the seeds of those that are made."""
    seeds: list[int] = []

    def short(seed: int) -> Short:
        seeds.append(seed)
        feed = WaitingFeed(SimulatedFeed(seed), 1_000)
        feed.go = go
        return feed

    monkeypatch.setattr(demo_race, "SimulatedFeed", short)
    return seeds


async def test_it_is_made_once_for_the_first_who_asks(
    file: Database, made: list[int], go: threading.Event
) -> None:
    demo = SimulatedDemoRace(file, CountingPredictor())

    parts = [await demo.offer(), await demo.offer()]
    go.set()
    while parts[-1] is not None:
        await asyncio.sleep(0.01)
        parts.append(await demo.offer())

    assert parts[:2] == [0.0, 0.0]
    assert made == [SEED]
    (race,), _ = await SqlRaceReader(file).races(RaceFilter(source="simulated"), 5)
    assert (race.state, race.messages) == ("finished", 1_000)
    assert await demo.offer() is None
    assert made == [SEED]


async def test_who_looked_before_it_was_finished_does_not_have_it_made_again(
    file: Database, made: list[int], go: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    go.set()
    monkeypatch.setattr(demo_race, "SqlRaceReader", SlowReader)
    SlowReader.demo = demo = SimulatedDemoRace(file, CountingPredictor())

    first = await demo.offer()
    late = await asyncio.gather(demo.offer(), demo.offer())

    assert first == 0.0
    assert all(part is not None for part in late)
    assert await demo.offer() is None
    assert made == [SEED]
