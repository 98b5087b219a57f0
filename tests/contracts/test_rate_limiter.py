"""Test what every `RateLimiter` must do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from pitwall.cache.memory import MemoryRateLimiter
from pitwall.cache.redis_client import RedisLink, connect
from pitwall.cache.redis_limits import RedisRateLimiter, SharedRateLimiter
from pitwall.domain.limits import LimitPolicy
from pitwall.ports.accounts import RateLimiter

POLICY = LimitPolicy("tries", quota=3, window_s=60)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory_limiter(clock: Clock) -> RateLimiter:
    return MemoryRateLimiter(clock)


@pytest.fixture
def redis_limiter(redis: Redis, clock: Clock) -> RateLimiter:
    return RedisRateLimiter(redis, clock)


@pytest.fixture
def shared_limiter(redis: Redis, clock: Clock) -> RateLimiter:
    return SharedRateLimiter(
        RedisLink(redis), RedisRateLimiter(redis, clock), MemoryRateLimiter(clock)
    )


@pytest.fixture
async def alone_limiter(clock: Clock) -> AsyncIterator[RateLimiter]:
    """Give the limiter of a worker whose Redis is away."""
    nowhere = connect("redis://127.0.0.1:1/0")
    yield SharedRateLimiter(
        RedisLink(nowhere), RedisRateLimiter(nowhere, clock), MemoryRateLimiter(clock)
    )
    await nowhere.aclose()


@pytest.fixture(params=["memory", "redis", "shared", "alone"])
def limiter(request: pytest.FixtureRequest) -> RateLimiter:
    adapter: RateLimiter = request.getfixturevalue(f"{request.param}_limiter")
    return adapter


async def test_counts_down_and_then_refuses(limiter: RateLimiter, clock: Clock) -> None:
    standings = []
    for _ in range(5):
        standings.append(await limiter.take(POLICY, "1.2.3.4"))
        clock.now_s += 10

    assert [standing.allowed for standing in standings] == [True, True, True, False, False]
    assert [standing.remaining for standing in standings] == [2, 1, 0, 0, 0]
    assert [standing.reset_s for standing in standings] == [60, 50, 40, 30, 20]


async def test_is_whole_again_after_the_window_however_often_it_refused(
    limiter: RateLimiter, clock: Clock
) -> None:
    for _ in range(9):
        await limiter.take(POLICY, "1.2.3.4")

    clock.now_s += 60

    assert (await limiter.take(POLICY, "1.2.3.4")).remaining == 2


async def test_askers_and_policies_do_not_share(limiter: RateLimiter) -> None:
    for _ in range(3):
        await limiter.take(POLICY, "1.2.3.4")

    assert (await limiter.take(POLICY, "1.2.3.5")).allowed
    assert (await limiter.take(LimitPolicy("others", 1, 60), "1.2.3.4")).allowed


async def test_what_is_given_back_can_be_taken_again(limiter: RateLimiter) -> None:
    await limiter.give_back(POLICY, "1.2.3.4")
    for _ in range(3):
        await limiter.take(POLICY, "1.2.3.4")
    await limiter.give_back(POLICY, "1.2.3.4")

    assert (await limiter.take(POLICY, "1.2.3.4")).allowed
    assert not (await limiter.take(POLICY, "1.2.3.4")).allowed


async def test_memory_is_bounded_and_forgets_the_oldest(clock: Clock) -> None:
    limiter = MemoryRateLimiter(clock, most=2)
    for asker in ("first", "second", "third"):
        await limiter.take(POLICY, asker)

    assert (await limiter.take(POLICY, "third")).remaining == 1
    assert (await limiter.take(POLICY, "first")).remaining == 2


async def test_workers_count_together(redis: Redis, clock: Clock) -> None:
    one, other = RedisRateLimiter(redis, clock), RedisRateLimiter(redis, clock)
    for worker in (one, other, one):
        assert (await worker.take(POLICY, "1.2.3.4")).allowed

    assert not (await other.take(POLICY, "1.2.3.4")).allowed


async def test_redis_forgets_a_window_when_it_is_over(redis: Redis) -> None:
    await RedisRateLimiter(redis).take(POLICY, "1.2.3.4")

    (key,) = await redis.keys("pitwall:limit:*")
    assert 0 < await redis.pttl(key) <= POLICY.window_s * 1000
