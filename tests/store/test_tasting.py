"""The simulated race for guests: made once where none is kept, and told as it is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pitwall import tasting
from pitwall.domain.history import RaceFilter, RaceSummary
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.store import migrating
from pitwall.store.engine import Database, database_url
from pitwall.store.reading import RaceReader
from pitwall.tasting import SEED, SimulatedTaste
from tests.pipeline.test_engine import CountingPredictor
from tests.short_feeds import Short


class SlowToTell(RaceReader):
    """Tells what it saw only when the race that is being made is finished."""

    taste: SimulatedTaste

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
    await migrating.upgrade(database)
    yield database
    await database.close()


async def test_it_is_made_once_for_the_first_who_asks(
    file: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def short(seed: int) -> Short:
        made.append(seed)
        return Short(SimulatedFeed(seed), 1_000)

    monkeypatch.setattr(tasting, "SimulatedFeed", short)
    taste = SimulatedTaste(file, CountingPredictor())

    parts = [await taste.offer(), await taste.offer()]
    while parts[-1] is not None:
        await asyncio.sleep(0.01)
        parts.append(await taste.offer())

    assert parts[0] == 0.0
    assert made == [SEED]
    (race,), _ = await RaceReader(file).races(RaceFilter(source="simulated"), 5)
    assert (race.state, race.messages) == ("finished", 1_000)
    assert await taste.offer() is None
    assert made == [SEED]


async def test_who_looked_before_it_was_finished_does_not_have_it_made_again(
    file: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def short(seed: int) -> Short:
        made.append(seed)
        return Short(SimulatedFeed(seed), 1_000)

    monkeypatch.setattr(tasting, "SimulatedFeed", short)
    monkeypatch.setattr(tasting, "RaceReader", SlowToTell)
    SlowToTell.taste = taste = SimulatedTaste(file, CountingPredictor())

    first = await taste.offer()
    late = await asyncio.gather(taste.offer(), taste.offer())

    assert first == 0.0
    assert all(part is not None for part in late)
    assert await taste.offer() is None
    assert made == [SEED]
