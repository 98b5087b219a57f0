"""Provide a stored race for the contracts of the store."""

from __future__ import annotations

import pytest

from pitwall.domain.records import Batch
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.store.database import Database
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.races import batch_of, keep

FEED = SimulatedFeed(6)  # its opening laps have no safety car
MESSAGES = 2_000


@pytest.fixture(scope="module")
def told() -> Batch:
    """The first laps of a simulated race, with telemetry and forecasts."""
    return batch_of(FEED, MESSAGES)


@pytest.fixture
async def kept(database: Database, told: Batch) -> Database:
    await keep(SqlRaceWriter(database), FEED, told)
    return database
