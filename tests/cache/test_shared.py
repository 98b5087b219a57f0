"""Test several workers with a Redis that comes and goes: one leads, and all readers go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from pitwall.cache.backend import in_redis
from pitwall.cache.redis import RedisLiveCache
from pitwall.cache.redis_client import ANSWERS_WITHIN_S, connect
from pitwall.cache.shared_lease import OTHERS_ASK_AFTER_S
from pitwall.domain.car_use import CarSample
from pitwall.domain.telemetry import CarTelemetry
from pitwall.live.leading import ASK_EVERY_S
from tests.cache.workers import Worker, until, working
from tests.makers import at
from tests.servers.redis import RedisServer

pytestmark = [pytest.mark.slow, pytest.mark.alone]


def rises(worker: Worker) -> bool:
    return all(one.sequence < other.sequence for one, other in pairwise(worker.seen))


def shows_news(worker: Worker) -> Callable[[], bool]:
    had = len(worker.seen)
    return lambda: len(worker.seen) > had + 3


async def test_one_leads_and_all_are_shown_the_same(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    async with working(redis_server.url, tmp_path, tmp_path, tmp_path) as workers:
        await until(lambda: all(len(worker.seen) > 10 for worker in workers))
        leaders = [worker for worker in workers if worker.leads]

    assert len(leaders) == 1
    assert {frame.header.feed for worker in workers for frame in worker.seen} == {leaders[0].name}
    assert all(worker.backend.fault() == "" for worker in workers)


async def test_when_the_leader_stops_another_follows_and_numbers_go_on(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    async with working(redis_server.url, tmp_path, tmp_path) as (one, other):
        await until(lambda: len(one.seen) > 10 and len(other.seen) > 10)
        leader, follower = (one, other) if one.leads else (other, one)
        with_redis = connect(redis_server.url)
        await with_redis.set("pitwall:lease", "somebody else", px=300)
        took_s = await until(lambda: not leader.leads)
        await until(lambda: one.leads or other.leads)
        await until(shows_news(follower))
        await with_redis.aclose()

    assert took_s < 3 * ASK_EVERY_S
    assert rises(one)
    assert rises(other)


@pytest.mark.parametrize("how", ["killed", "paused"])
async def test_without_redis_the_leader_goes_on_alone_and_the_others_of_its_server_see_it(
    redis_server: RedisServer, tmp_path: Path, how: str
) -> None:
    async with working(redis_server.url, tmp_path, tmp_path) as (one, other):
        await until(lambda: len(one.seen) > 10 and len(other.seen) > 10)
        leader, follower = (one, other) if one.leads else (other, one)
        (redis_server.kill if how == "killed" else redis_server.pause)()
        await until(lambda: "goes on alone" in leader.backend.fault())
        await until(shows_news(leader), 2)
        await until(shows_news(follower))
        both_lead = one.leads and other.leads
        said = follower.backend.fault()
        await asyncio.sleep(OTHERS_ASK_AFTER_S)  # long enough for the other to ask
        still = (leader.leads, follower.leads)

    assert still == (True, False)
    assert not both_lead
    assert said.startswith("Another worker of this server goes on alone. Redis does not answer")
    assert leader.longest_s < ANSWERS_WITHIN_S + 0.4
    assert rises(one)
    assert rises(other)


async def test_when_redis_is_back_and_empty_it_is_used_again_and_numbers_go_on(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    async with working(redis_server.url, tmp_path, tmp_path) as (one, other):
        await until(lambda: len(one.seen) > 10 and len(other.seen) > 10)
        redis_server.kill()
        await until(lambda: "alone" in one.backend.fault() and "alone" in other.backend.fault())
        redis_server.start()
        await until(lambda: one.backend.fault() == "" and other.backend.fault() == "")
        await until(shows_news(one))
        await until(shows_news(other))
        asking = connect(redis_server.url)
        reading = RedisLiveCache(asking).frames()
        await asyncio.wait_for(anext(reading), 5)
        await reading.aclose()
        await asking.aclose()
        leaders = [worker.name for worker in (one, other) if worker.leads]

    assert len(leaders) == 1
    assert rises(one)
    assert rises(other)


async def test_two_servers_that_both_went_on_alone_have_one_leader_again(
    redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here, there = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
    async with working(redis_server.url, here, there) as (one, other):
        await until(lambda: len(one.seen) > 10 and len(other.seen) > 10)
        redis_server.kill()
        await until(lambda: one.leads and other.leads)
        redis_server.start()
        await until(lambda: one.leads != other.leads)
        leader = one if one.leads else other
        await until(lambda: one.newest_from() == other.newest_from() == leader.name)

    assert rises(one)
    assert rises(other)


async def test_without_redis_from_the_start_one_worker_begins_at_once(tmp_path: Path) -> None:
    async with working("redis://127.0.0.1:1/0", tmp_path, tmp_path) as (one, other):
        took_s = await until(lambda: len(one.seen) > 3 and len(other.seen) > 3)

    assert took_s < OTHERS_ASK_AFTER_S
    assert not (one.leads and other.leads)


async def test_telemetry_reaches_the_other_workers(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    leader, reader = in_redis(redis_server.url, tmp_path), in_redis(redis_server.url, tmp_path)
    cars = {81: CarTelemetry(CarSample(at(1), 300.0))}
    await reader.telemetry.put({4: CarTelemetry()})  # which it may not

    assert await leader.lease.acquire()
    await leader.telemetry.put(cars)
    assert await reader.telemetry.latest() == cars

    redis_server.kill()
    await leader.telemetry.put(cars)
    assert await leader.telemetry.latest() == cars
    assert await reader.telemetry.latest() == {}
    for backend in (leader, reader):
        assert backend.redis is not None
        await backend.redis.aclose()
