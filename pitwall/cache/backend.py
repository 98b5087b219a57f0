"""Everything of the live cache that one worker has: all in memory, or shared through Redis."""

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
    """What a worker needs of the live cache.

    Attributes:
        live: The newest frame.
        telemetry: Each car's newest telemetry.
        lease: The right to publish.
        keep_up: Runs for as long as the worker does.
        fault: What people should know while the cache is not what was asked for; else "".
        limits: Counts requests, of all workers together where they share a cache.
        redis: The client, for who else keeps something there; None without Redis.
    """

    live: LiveCache
    telemetry: TelemetryCache
    lease: Lease
    keep_up: Callable[[], Coroutine[None, None, None]]
    fault: Callable[[], str]
    limits: RateLimiter
    redis: Redis | None = None


def in_memory() -> Backend:
    """Return the cache of a worker that is alone."""

    async def nothing_to_do() -> None:
        await asyncio.Event().wait()

    return Backend(
        MemoryLiveCache(),
        MemoryTelemetryCache(),
        MemoryLease(),
        nothing_to_do,
        lambda: "",
        MemoryRateLimiter(),
    )


def in_redis(url: str, folder: Path) -> Backend:
    """Return the cache of a worker among others; nothing is connected yet.

    Args:
        url: Of Redis.
        folder: Of the workers of this server alone; what they need while Redis is away.
    """
    redis = connect(url)
    link = RedisLink(redis)
    named = RedisLease(redis)
    lease = SharedLease(link, named, FileLease(folder / "lease"))
    live = SharedLiveCache(
        link, RedisLiveCache(redis, named), lease, named, FrameFile(folder / "frame")
    )

    async def keep_up() -> None:
        try:
            await live.keep_up()
        finally:
            await redis.aclose()

    telemetry = SharedTelemetryCache(link, RedisTelemetryCache(redis, named), lease)
    limits = SharedRateLimiter(link, RedisRateLimiter(redis), MemoryRateLimiter())
    return Backend(live, telemetry, lease, keep_up, lambda: live.fault, limits, redis)
