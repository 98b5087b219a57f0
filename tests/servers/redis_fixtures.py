"""Define fixtures of a real Redis; `tests/conftest.py` offers them to every test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from pitwall.cache.redis_client import connect
from tests.servers.redis import RedisServer


@pytest.fixture(scope="session")
def running_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Run one Redis for all tests that do not stop it; skipped where none is installed."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Run a Redis of this test's own, to kill or to pause."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
async def redis(running_redis: RedisServer) -> AsyncIterator[Redis]:
    """Give a client of an empty Redis, which waits as long as a busy machine needs."""
    running_redis.empty()
    client = connect(running_redis.url, answers_within_s=10)
    yield client
    await client.aclose()
