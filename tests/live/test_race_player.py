"""Test that the player publishes the true state of the feed: flowing, silent, broken or over."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from pitwall.cache.memory import MemoryLiveCache
from pitwall.domain.battles import Battle
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.domain.race import RaceState
from pitwall.domain.sessions import Source
from pitwall.errors import FeedUnavailableError
from pitwall.live.publishing import Publisher
from pitwall.live.race_player import PlayRequest, RacePlayer
from pitwall.prediction.forecast import Answers
from pitwall.prediction.memory import NO_MEMORY, Memory
from pitwall.wire.message import RawMessage
from tests.engine.test_race_engine import CountingPredictor
from tests.makers import ListFeed, a_duel, at


@asynccontextmanager
async def running(
    showings: Iterable[PlayRequest], stale_after_s: float = 10.0
) -> AsyncIterator[tuple[MemoryLiveCache, RacePlayer]]:
    cache, predictor = MemoryLiveCache(), CountingPredictor()
    loop = RacePlayer(Publisher(cache, "counting"), predictor, stale_after_s)
    task = asyncio.create_task(loop.run(showings))
    try:
        yield cache, loop
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(cache: MemoryLiveCache, state: FeedState, timeout_s: float = 8) -> LiveFrame:
    async def look() -> LiveFrame:
        async for frame in cache.frames():
            if frame.header.feed_state is state:
                return frame
        raise AssertionError

    return await asyncio.wait_for(look(), timeout_s)


def a_showing(feed: object, **changes: float) -> PlayRequest:
    return PlayRequest(feed, from_lap=2, **changes)  # type: ignore[arg-type]  # made feeds


async def test_a_recorded_race_plays_as_if_live() -> None:
    async with running([a_showing(ListFeed(a_duel(60)), speed=10)]) as (cache, _loop):
        first = await until(cache, FeedState.FLOWING)
        await asyncio.sleep(1.1)
        later = await cache.latest()

    assert later is not None
    assert first.header.as_of is not None
    assert later.header.as_of is not None
    played_s = (later.header.as_of - first.header.as_of).total_seconds()
    assert played_s == pytest.approx(10 * seconds_between(first, later), abs=4)
    assert later.sequence > first.sequence
    assert later.battles[0].p_overtake is not None


async def test_at_most_four_frames_a_second_and_at_least_one() -> None:
    async with running([a_showing(ListFeed(a_duel(60)))]) as (cache, loop):
        first = await until(cache, FeedState.FLOWING)
        await asyncio.sleep(2)
        busy = await cache.latest()
        assert loop.clock is not None
        loop.clock.pause()
        paused = await until(cache, FeedState.PAUSED)
        await asyncio.sleep(2.5)
        quiet = await cache.latest()

    assert busy is not None
    assert quiet is not None
    # By the frames' own stamps, because a busy machine sleeps longer than asked.
    assert busy.sequence - first.sequence <= 4 * seconds_between(first, busy) + 1
    assert quiet.sequence > paused.sequence
    assert quiet.sequence - paused.sequence <= seconds_between(paused, quiet) + 1


class SlowCache(MemoryLiveCache):
    """Takes long to take a frame, as all does on a busy server."""

    async def publish(self, frame: LiveFrame) -> None:
        await asyncio.sleep(0.12)
        await super().publish(frame)


async def test_the_pace_of_frames_includes_what_a_frame_costs() -> None:
    cache = SlowCache()
    loop = RacePlayer(Publisher(cache, "counting"), CountingPredictor())
    task = asyncio.create_task(loop.run([a_showing(ListFeed(a_duel(60)))]))
    first = await until(cache, FeedState.FLOWING)
    await asyncio.sleep(3)
    later = await cache.latest()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert later is not None
    # Counted after what they cost, frames came 2.7 times a second.
    assert (later.sequence - first.sequence) / seconds_between(first, later) > 3.2


def seconds_between(earlier: LiveFrame, later: LiveFrame) -> float:
    return (later.published_at - earlier.published_at).total_seconds()


@dataclass(frozen=True)
class HangingFeed:
    """Sends a race, then nothing for ever (well, for a while)."""

    name: str = "recording:hanging"
    source: Source = Source.RECORDED

    def messages(self) -> Iterator[RawMessage]:
        yield from a_duel(2)
        time.sleep(4)
        yield RawMessage(at(3), "Heartbeat", b"{}")


async def test_a_silent_feed_is_shown_stale_and_its_data_ages() -> None:
    async with running([a_showing(HangingFeed())], stale_after_s=1) as (cache, _loop):
        stale = await until(cache, FeedState.STALE)
        await asyncio.sleep(1.6)
        later = await cache.latest()

    assert later is not None
    assert stale.data_age_s is not None
    assert later.data_age_s is not None
    assert later.data_age_s >= stale.data_age_s + 0.5


@dataclass(frozen=True)
class BrokenFeed:
    """Fails as it opens."""

    error: Exception
    name: str = "recording:broken"
    source: Source = Source.RECORDED

    def messages(self) -> Iterator[RawMessage]:
        raise self.error


async def test_a_feed_that_cannot_open_says_why() -> None:
    broken = BrokenFeed(FeedUnavailableError("there is no file at /nowhere"))
    async with running([a_showing(broken, stays_s=0)]) as (cache, _loop):
        failed = await until(cache, FeedState.FAILED)

    assert failed.header.feed_detail == "there is no file at /nowhere"


async def test_a_race_that_breaks_does_not_stop_the_next() -> None:
    showings = [
        a_showing(BrokenFeed(RuntimeError("a bug")), stays_s=0),
        a_showing(ListFeed(()), stays_s=0),  # opens, but has no message
        a_showing(ListFeed(a_duel(30))),
    ]
    async with running(showings) as (cache, _loop):
        frame = await until(cache, FeedState.FLOWING)

    assert frame.header.name == "British Grand Prix"


async def test_the_last_picture_stays_when_the_recording_is_over() -> None:
    async with running([a_showing(ListFeed(a_duel(20)), speed=60, stays_s=0)]) as (cache, _loop):
        ended = await until(cache, FeedState.ENDED)
        await asyncio.sleep(1.5)
        later = await cache.latest()

    assert later is not None
    assert later.sequence > ended.sequence
    assert later.tower == ended.tower


class FetchedDuel:
    """A feed of which only the beginning is there."""

    name, source = "openf1:1", Source.RECONSTRUCTED

    def __init__(self) -> None:
        self.detail = "3 of 9 parts, complete until 13:07 UTC."
        self.stopped = threading.Event()

    def messages(self) -> Iterator[RawMessage]:
        yield from a_duel(3)
        self.stopped.wait()
        raise FeedUnavailableError("stopped")

    def stop(self) -> None:
        self.stopped.set()


async def test_a_feed_that_is_still_fetched_says_how_far_it_is_and_ends_with_the_player() -> None:
    feed = FetchedDuel()
    async with running([PlayRequest(feed, from_lap=50)]) as (cache, _loop):
        await asyncio.sleep(0.6)
        frame = await cache.latest()

        assert frame is not None
        assert frame.header.feed_state is FeedState.CONNECTING
        assert frame.header.feed_detail == feed.detail
    # Leaving waits for the player, whose thread would otherwise hold up the end of the process.
    assert feed.stopped.is_set()


class LongDuel:
    """A recording that takes a while to be read up to the lap asked for."""

    name, source = "recording:long", Source.RECORDED

    def messages(self) -> Iterator[RawMessage]:
        yield from a_duel(200)
        time.sleep(1.2)
        yield from a_duel(1)


async def test_on_the_way_to_a_late_lap_the_page_says_how_far_it_is() -> None:
    async with running([PlayRequest(LongDuel(), from_lap=50)]) as (cache, _loop):
        await asyncio.sleep(0.8)
        frame = await cache.latest()

    assert frame is not None
    assert frame.header.feed_state is FeedState.CONNECTING
    assert re.fullmatch(
        r"Going to lap 50, where to begin: lap \d+ is reached\.", frame.header.feed_detail
    )


async def test_a_warning_is_in_every_frame_beside_what_the_feed_says() -> None:
    cache = MemoryLiveCache()
    publisher = Publisher(cache, "counting")
    publisher.warning = lambda: "The F1 TV token runs out in 3 h."
    player = RacePlayer(publisher, CountingPredictor())
    task = asyncio.create_task(player.run([a_showing(ListFeed(a_duel(60)), speed=10)]))
    try:
        frame = await until(cache, FeedState.FLOWING)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    assert frame.header.feed_detail == "The F1 TV token runs out in 3 h."


class HeavyPredictor(CountingPredictor):
    """Takes a tenth of a second for each forecast, as on a machine that is far too slow."""

    def forecast(
        self, race: RaceState, battles: Sequence[Battle], memory: Memory = NO_MEMORY
    ) -> Answers:
        time.sleep(0.1)
        return super().forecast(race, battles, memory)


async def test_a_machine_that_cannot_follow_is_not_taken_for_a_silent_feed() -> None:
    cache = MemoryLiveCache()
    player = RacePlayer(Publisher(cache, "counting"), HeavyPredictor(), stale_after_s=1)
    showing = a_showing(ListFeed(a_duel(600)), speed=60)
    task = asyncio.create_task(player.run([showing]))
    try:

        async def late() -> LiveFrame:
            async for frame in cache.frames():
                assert frame.header.feed_state is not FeedState.STALE
                if frame.header.feed_detail:
                    return frame
            raise AssertionError

        frame = await asyncio.wait_for(late(), 12)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    assert frame.header.feed_state is FeedState.FLOWING
    assert frame.header.feed_detail.startswith(
        "This machine cannot follow the race at 60 times its speed: it is "
    )
