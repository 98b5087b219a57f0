"""Test what only the shared cache can do: processes, a new leader, expiry, an outage."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from pitwall.cache.redis import RedisLiveCache, RedisTelemetryCache
from pitwall.cache.redis_client import ANSWERS_WITHIN_S, connect
from pitwall.cache.redis_lease import RedisLease
from pitwall.domain.telemetry import CarTelemetry
from pitwall.errors import CacheAwayError
from tests.contracts.test_lease import Wall
from tests.contracts.test_live_cache import a_frame
from tests.servers.redis import RedisServer


async def test_every_worker_is_woken(redis: Redis, running_redis: RedisServer) -> None:
    others = [connect(running_redis.url) for _ in range(3)]
    waiting = [asyncio.ensure_future(anext(RedisLiveCache(other).frames())) for other in others]
    await asyncio.sleep(0.1)  # let them subscribe

    await RedisLiveCache(redis).publish(a_frame(5))

    frames = await asyncio.wait_for(asyncio.gather(*waiting), 0.5)
    assert [frame.sequence for frame in frames] == [5, 5, 5]
    for other in others:
        await other.aclose()


async def test_a_new_leader_is_followed_whatever_it_numbers(redis: Redis) -> None:
    old, new = RedisLiveCache(redis), RedisLiveCache(redis)
    frames = RedisLiveCache(redis).frames()
    await old.publish(a_frame(900))
    assert (await anext(frames)).sequence == 900

    await new.publish(a_frame(1))

    assert (await asyncio.wait_for(anext(frames), 2)).sequence == 1
    await frames.aclose()


async def test_who_does_not_hold_the_lease_publishes_nothing(redis: Redis) -> None:
    lease = RedisLease(redis)
    frames, telemetry = RedisLiveCache(redis, lease), RedisTelemetryCache(redis, lease)

    await frames.publish(a_frame(1))
    await telemetry.put({81: CarTelemetry()})

    assert await frames.latest() is None
    assert await telemetry.latest() == {}


async def test_a_leader_that_was_paused_cannot_publish_over_its_follower(redis: Redis) -> None:
    paused, follower = RedisLease(redis, lease_s=0.1), RedisLease(redis)
    of_paused, of_follower = RedisLiveCache(redis, paused), RedisLiveCache(redis, follower)
    assert await paused.acquire()
    await of_paused.publish(a_frame(10))
    await asyncio.sleep(0.15)  # the pause
    assert await follower.acquire()
    await of_follower.publish(a_frame(11))

    await of_paused.publish(a_frame(12))

    newest = await of_follower.latest()
    assert newest is not None
    assert newest.sequence == 11
    assert not paused.is_held
    assert not await paused.renew()
    assert follower.is_held


async def test_a_holder_knows_by_its_own_clock_that_its_time_is_over(redis: Redis) -> None:
    wall = Wall()
    lease = RedisLease(redis, lease_s=2.0, monotonic=wall)
    await lease.acquire()

    wall.now_s += 1.9
    assert lease.is_held
    wall.now_s += 0.2
    assert not lease.is_held

    assert await lease.renew()  # nobody else took it
    assert lease.is_held


async def test_a_holder_that_dies_is_followed_when_its_lease_runs_out(redis: Redis) -> None:
    dead, follower = RedisLease(redis, lease_s=0.2), RedisLease(redis)
    await dead.acquire()

    assert not await follower.acquire()
    await asyncio.sleep(0.25)
    assert await follower.acquire()
    assert not await dead.renew()


async def test_a_release_leaves_another_holder_alone(redis: Redis) -> None:
    late, holder = RedisLease(redis, lease_s=0.05), RedisLease(redis)
    await late.acquire()
    await asyncio.sleep(0.1)
    await holder.acquire()

    await late.release()

    assert await holder.renew()


async def test_a_frame_that_nobody_replaces_is_forgotten(redis: Redis) -> None:
    cache = RedisLiveCache(redis, kept_s=0.1)
    await cache.publish(a_frame(1))
    await asyncio.sleep(0.15)

    assert await cache.latest() is None


async def test_a_frame_of_another_release_is_skipped(redis: Redis) -> None:
    cache = RedisLiveCache(redis)
    await cache.publish(a_frame(1))
    await redis.hset("pitwall:live", mapping={"frame": b'{"sequence": "one"}', "sequence": 2})  # type: ignore[misc]  # redis-py's own union

    assert await cache.latest() is None
    await cache.publish(a_frame(3))
    newest = await cache.latest()
    assert newest is not None
    assert newest.sequence == 3


@pytest.mark.alone
@pytest.mark.parametrize("how", ["killed", "paused"])
async def test_an_outage_is_an_error_at_once_and_no_longer_than_the_time_out(
    redis_server: RedisServer, how: str
) -> None:
    client = connect(redis_server.url)
    cache, lease = RedisLiveCache(client), RedisLease(client)
    await cache.publish(a_frame(1))
    reading = cache.frames()
    await anext(reading)
    (redis_server.kill if how == "killed" else redis_server.pause)()

    began_s = asyncio.get_running_loop().time()
    with pytest.raises(CacheAwayError):
        await cache.publish(a_frame(2))
    with pytest.raises(CacheAwayError):
        await lease.acquire()
    took_s = asyncio.get_running_loop().time() - began_s
    with pytest.raises(CacheAwayError):
        await anext(reading)
    await client.aclose()

    assert took_s < 2 * ANSWERS_WITHIN_S + 0.4
