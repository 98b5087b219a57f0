"""Test that a stored race is forecast at a moment as it was live, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import islice

import pytest

from pitwall.domain.frames import FeedState
from pitwall.domain.records import Batch
from pitwall.engine.race_engine import RaceEngine
from pitwall.errors import BusyError, RaceNotFoundError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.replay.moments import WAITING_AT_MOST, StoredForecasts
from pitwall.store.database import Database
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.races import PREDICTOR, batch_of, keep, moments_of

FEED = SimulatedFeed(6)  # its opening laps have no safety car
MESSAGES = 2_000


@pytest.fixture(scope="module")
def told() -> Batch:
    return batch_of(FEED, MESSAGES)


@pytest.fixture
async def forecasts(database: Database, told: Batch) -> StoredForecasts:
    await keep(SqlRaceWriter(database), FEED, told)
    return StoredForecasts(moments_of(SqlRaceReader(database)), PREDICTOR)


async def test_a_moment_is_forecast_as_it_was_live(forecasts: StoredForecasts, told: Batch) -> None:
    messages = list(islice(FEED.messages(), MESSAGES))
    at = messages[-200].sent_at
    engine = RaceEngine(PREDICTOR)
    for message in messages:
        if message.sent_at <= at:
            engine.take(message)
    engine.settle(at)
    live = {
        (battle.attacker, battle.defender): forecast.p_overtake
        for battle, forecast in zip(
            engine.state.battles,
            PREDICTOR.forecast(
                engine.state.race, engine.state.battles, engine.state.memory
            ).forecasts,
            strict=True,
        )
    }

    frame = await forecasts.forecast_at(told.info.race_id, at)

    assert len(live) > 2
    assert {(one.attacker, one.defender): one.p_overtake for one in frame.battles} == live
    assert frame.header.feed_state is FeedState.PAUSED
    assert (frame.header.source, frame.data_age_s) == ("simulated", 0.0)
    assert frame.header.as_of is not None
    assert frame.header.as_of <= at


async def test_after_its_end_the_race_stands_as_it_ended(
    forecasts: StoredForecasts, told: Batch
) -> None:
    last = list(islice(FEED.messages(), MESSAGES))[-1].sent_at

    at_end = await forecasts.forecast_at(told.info.race_id, last)
    later = await forecasts.forecast_at(told.info.race_id, last + timedelta(days=1))

    assert [(one.attacker, one.defender) for one in later.battles] == [
        (one.attacker, one.defender) for one in at_end.battles
    ]
    assert later.header.feed_state is FeedState.ENDED


async def test_before_its_beginning_there_is_no_race(
    forecasts: StoredForecasts, told: Batch
) -> None:
    first = next(FEED.messages()).sent_at

    with pytest.raises(RaceNotFoundError, match="had not begun"):
        await forecasts.forecast_at(told.info.race_id, first - timedelta(seconds=1))
    with pytest.raises(RaceNotFoundError):
        await forecasts.forecast_at("no-such-race", first)


async def test_too_many_who_wait_are_refused(forecasts: StoredForecasts, told: Batch) -> None:
    at = list(islice(FEED.messages(), 50))[-1].sent_at

    answers = await asyncio.gather(
        *(forecasts.forecast_at(told.info.race_id, at) for _ in range(WAITING_AT_MOST + 2)),
        return_exceptions=True,
    )

    assert [isinstance(answer, BusyError) for answer in answers].count(True) == 2
