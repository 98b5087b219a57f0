"""Build a worker's live cache, lease and rate limits, in memory or shared through Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from pitwall.cache.frame_file import FrameFile
from pitwall.cache.memory import (
    MemoryLease,
    MemoryLiveCache,
    MemoryRateLimiter,
    MemoryTelemetryCache,
)
from pitwall.cache.redis import RedisLiveCache, RedisTelemetryCache
from pitwall.cache.redis_client import RedisLink, connect
from pitwall.cache.redis_lease import RedisLease
from pitwall.cache.redis_limits import RedisRateLimiter, SharedRateLimiter
from pitwall.cache.shared import SharedLiveCache, SharedTelemetryCache
from pitwall.cache.shared_lease import FileLease, SharedLease
from pitwall.ports.accounts import RateLimiter
from pitwall.ports.cache import Lease, LiveCache, TelemetryCache


@dataclass(frozen=True, slots=True)
class Backend:
    """Everything that a worker shares, or would share, with other workers.

    Attributes:
        live: Holds the newest frame.
        telemetry: Holds each car's newest telemetry.
        lease: The right to publish.
        keep_up: Keeps the cache up to date; runs as long as the worker.
        fault: Returns what people should know while Redis is away; else "".
        limits: Counts requests, of all workers together where they share a cache.
        redis: The client, for other users of Redis. None without Redis.
    """

    live: LiveCache
    telemetry: TelemetryCache
    lease: Lease
    keep_up: Callable[[], Coroutine[None, None, None]]
    fault: Callable[[], str]
    limits: RateLimiter
    redis: Redis | None = None


def in_memory() -> Backend:
    """Return the cache of a single worker."""

    async def wait_for_ever() -> None:
        await asyncio.Event().wait()

    return Backend(
        MemoryLiveCache(),
        MemoryTelemetryCache(),
        MemoryLease(),
        wait_for_ever,
        lambda: "",
        MemoryRateLimiter(),
    )


def in_redis(url: str, folder: Path) -> Backend:
    """Return the cache of one worker among several, not connected yet.

    Args:
        url: The Redis to use.
        folder: A folder of this server's workers only, for files that they need while Redis is
            away.
    """
    redis = connect(url)
    link = RedisLink(redis)
    redis_lease = RedisLease(redis)
    lease = SharedLease(link, redis_lease, FileLease(folder / "lease"))
    live = SharedLiveCache(
        link, RedisLiveCache(redis, redis_lease), lease, redis_lease, FrameFile(folder / "frame")
    )

    async def keep_up() -> None:
        try:
            await live.keep_up()
        finally:
            await redis.aclose()

    telemetry = SharedTelemetryCache(link, RedisTelemetryCache(redis, redis_lease), lease)
    limits = SharedRateLimiter(link, RedisRateLimiter(redis), MemoryRateLimiter())
    return Backend(live, telemetry, lease, keep_up, lambda: live.fault, limits, redis)
