"""Test what every `LiveCache` adapter must do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from pitwall.cache.backend import in_redis
from pitwall.cache.memory import MemoryLiveCache
from pitwall.cache.redis import RedisLiveCache
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.race_engine import EngineState
from pitwall.ports.cache import LiveCache
from tests.makers import at
from tests.servers.redis import RedisServer
from tests.web.frames import make_frame


def a_frame(sequence: int) -> LiveFrame:
    view = FeedView("recorded", "recording:made", FeedState.FLOWING)
    return build_frame(EngineState(), view, Stamp(sequence, at(sequence), None), "")


@pytest.fixture
def memory_cache() -> LiveCache:
    return MemoryLiveCache()


@pytest.fixture
def redis_cache(redis: Redis) -> LiveCache:
    return RedisLiveCache(redis)


@pytest.fixture
async def shared_cache(
    redis: Redis, running_redis: RedisServer, tmp_path: Path
) -> AsyncIterator[LiveCache]:
    """Give the cache of a worker that leads."""
    async for cache in leading(running_redis.url, tmp_path):
        yield cache


@pytest.fixture
async def alone_cache(tmp_path: Path) -> AsyncIterator[LiveCache]:
    """Give the cache of a worker that goes on without Redis."""
    async for cache in leading("redis://127.0.0.1:1/0", tmp_path):
        yield cache


async def leading(url: str, folder: Path) -> AsyncIterator[LiveCache]:
    backend = in_redis(url, folder)
    assert await backend.lease.acquire()
    yield backend.live
    assert backend.redis is not None
    await backend.redis.aclose()


@pytest.fixture(params=["memory", "redis", "shared", "alone"])
def cache(request: pytest.FixtureRequest) -> LiveCache:
    adapter: LiveCache = request.getfixturevalue(f"{request.param}_cache")
    return adapter


async def test_starts_empty(cache: LiveCache) -> None:
    assert await cache.latest() is None


async def test_returns_the_frame_unchanged(cache: LiveCache) -> None:
    await cache.publish(a_frame(1))

    assert await cache.latest() == a_frame(1)


async def test_returns_everything_that_a_frame_can_hold_unchanged(cache: LiveCache) -> None:
    full = make_frame(7)

    await cache.publish(full)

    assert await cache.latest() == full


async def test_ignores_older_frames(cache: LiveCache) -> None:
    await cache.publish(a_frame(2))
    await cache.publish(a_frame(1))

    newest = await cache.latest()
    assert newest is not None
    assert newest.sequence == 2


async def test_a_slow_reader_skips_to_the_newest(cache: LiveCache) -> None:
    frames = aiter(cache.frames())
    await cache.publish(a_frame(1))
    assert (await anext(frames)).sequence == 1

    for sequence in range(2, 50):
        await cache.publish(a_frame(sequence))

    assert (await anext(frames)).sequence == 49


async def test_wakes_a_waiting_reader_at_once(cache: LiveCache) -> None:
    waiting = asyncio.ensure_future(anext(cache.frames()))
    await asyncio.sleep(0.05)  # let the reader start to wait

    await cache.publish(a_frame(1))

    frame = await asyncio.wait_for(waiting, timeout=0.5)
    assert frame.sequence == 1


async def test_never_repeats_a_frame(cache: LiveCache) -> None:
    await cache.publish(a_frame(1))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(cache.frames(after=1)), timeout=0.1)
