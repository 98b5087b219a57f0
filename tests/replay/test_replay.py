"""Test that a replay shows at a moment what was shown live, from wherever it is reached."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import orjson
import pytest

from pitwall.cache.memory import MemoryLiveCache
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.engine.frame_builder import FeedView
from pitwall.engine.playback import Playback
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.live.publishing import Publisher
from pitwall.ports.feeds import RecordedFeed
from pitwall.ports.forecasts import Predictor
from pitwall.ports.replays import ReplayPace
from pitwall.recording.import_race import import_race
from pitwall.replay.service import CursorView, ReplayService
from pitwall.replay.source import shortcuts
from pitwall.store.database import Database
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.short_feeds import Short
from tests.store.races import PREDICTOR


def told(frame: LiveFrame) -> bytes:
    """Return a frame as JSON, but for its number, when it was published, and its age."""
    return orjson.dumps(replace(frame, sequence=0, published_at=None, data_age_s=None))  # type: ignore[arg-type]


async def live_frames(
    feed: RecordedFeed, moments: list[datetime], predictor: Predictor
) -> list[bytes]:
    """Return what was published at these moments while the race was on screen."""
    playback = Playback(feed, RaceEngine(predictor))
    view = FeedView(feed.source.value, feed.name, FeedState.FLOWING)
    frames = []
    for moment in moments:
        playback.advance(moment)
        frame = await Publisher(MemoryLiveCache(), predictor.version).offer(
            playback.state, view, None
        )
        assert frame is not None
        frames.append(told(frame))
    return frames


async def opened(database: Database, feed: RecordedFeed) -> tuple[ReplayService, CursorView]:
    came = await import_race(feed, SqlRaceWriter(database), PREDICTOR)
    reader = SqlRaceReader(database)
    service = ReplayService(reader, PREDICTOR, shortcuts(PREDICTOR))
    return service, await service.open(await reader.race(came.race_id))


def moments_of(viewing: CursorView, many: int, seed: int) -> list[datetime]:
    first, last = viewing.race.first_at, viewing.race.last_at
    assert first is not None
    assert last is not None
    rng = random.Random(seed)
    span_s = (last - first).total_seconds()
    some = [first + timedelta(seconds=rng.uniform(0, span_s)) for _ in range(many - 2)]
    return sorted([*some, first + timedelta(seconds=span_s / 2), last - timedelta(seconds=0.5)])


@pytest.mark.slow
async def test_a_replay_shows_at_any_moment_what_was_shown_live(database: Database) -> None:
    feed = Short(SimulatedFeed(7), 7_000)
    _desk, viewing = await opened(database, feed)
    moments = moments_of(viewing, 10, seed=1)
    expected = dict(zip(moments, await live_frames(feed, moments, PREDICTOR), strict=True))
    assert sum(frame.count(b'"p_overtake":0') for frame in expected.values()) > 15

    anyhow = random.Random(2).sample(moments, len(moments))
    for order in (anyhow, moments[::-1]):
        for moment in order:
            assert told(await viewing.frame(moment, ReplayPace())) == expected[moment]
