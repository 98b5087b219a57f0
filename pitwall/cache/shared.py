"""Copy the live cache from Redis into the memory of each worker.

Pages and routes read the copy and never wait for Redis. While Redis is away, one worker goes on
alone: it shows its frames itself, and writes them to a file for the other workers of its server.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

from pitwall.cache.frame_file import FrameFile
from pitwall.cache.memory import MemoryLiveCache, MemoryTelemetryCache
from pitwall.cache.redis import FRAME_KEPT_S, RedisLiveCache, RedisTelemetryCache
from pitwall.cache.redis_client import RedisLink
from pitwall.cache.redis_lease import RedisLease
from pitwall.cache.shared_lease import SharedLease
from pitwall.domain.frames import LiveFrame
from pitwall.domain.telemetry import CarTelemetry
from pitwall.errors import CacheAwayError, CacheError

log = logging.getLogger(__name__)

FILE_READ_EVERY_S = 0.25


class SharedLiveCache:
    """Implements `LiveCache` in Redis while it answers, and in this server while it does not.

    Sequence numbers never fall for its readers: if a new leader, or an emptied Redis, counts from
    lower numbers, frames are renumbered.

    Args:
        link: Knows whether Redis answers.
        everywhere: The cache in Redis.
        lease: The right to publish, in Redis or in this server.
        in_redis: The lease in Redis, which Redis compares at each write.
        file: Passes frames to the workers of this server while Redis is away.
    """

    def __init__(
        self,
        link: RedisLink,
        everywhere: RedisLiveCache,
        lease: SharedLease,
        in_redis: RedisLease,
        file: FrameFile,
    ) -> None:
        self._link = link
        self._everywhere = everywhere
        self._lease = lease
        self._in_redis = in_redis
        self._file = file
        self._own = MemoryLiveCache()
        self._shown_at: datetime | None = None
        self._added = 0
        self._file_is_read = False

    @property
    def fault(self) -> str:
        """What people should know while Redis is away, in sentences; "" while it answers."""
        if self._link.is_up:
            return ""
        if self._lease.is_held_alone:
            return f"One worker goes on alone. {self._link.why}"
        if self._file_is_read:
            return f"Another worker of this server goes on alone. {self._link.why}"
        return self._link.why

    async def publish(self, frame: LiveFrame) -> None:
        """Show `frame` to every worker that can be reached; to none if another worker leads."""
        if self._in_redis.is_held:
            if self._link.is_up:
                try:
                    await self._everywhere.publish(frame)
                except CacheAwayError as error:
                    self._link.lost(error)
            if self._in_redis.is_held:  # otherwise Redis has just reported another leader
                await self._show(frame)
        elif self._lease.is_held_alone:
            await self._show(frame)
            await asyncio.to_thread(self._file.write, frame)

    async def latest(self) -> LiveFrame | None:
        """Return the newest frame; from Redis if this worker has not seen one yet."""
        if await self._own.latest() is None and self._link.is_up:
            try:
                frame = await self._everywhere.latest()
            except CacheAwayError as error:
                self._link.lost(error)
            else:
                if frame is not None:
                    await self._show(frame)
        return await self._own.latest()

    def frames(self, after: int = -1) -> AsyncGenerator[LiveFrame, None]:
        return self._own.frames(after)

    async def keep_up(self) -> None:
        """Keep the copy up to date, and check whether Redis answers, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.watch())
            tasks.create_task(self._follow_redis())
            tasks.create_task(self._follow_file())

    async def _follow_redis(self) -> None:
        while True:
            await self._link.up()
            try:
                async with aclosing(self._everywhere.frames()) as frames:
                    async for frame in frames:
                        if not self._lease.is_held_alone:
                            await self._show(frame)
            except CacheAwayError as error:
                self._link.lost(error)

    async def _follow_file(self) -> None:
        while True:
            await asyncio.sleep(FILE_READ_EVERY_S)
            if self._link.is_up or self._lease.is_held:
                self._file_is_read = False
                continue
            frame = await asyncio.to_thread(self._file.read_if_newer)
            if frame is not None:
                self._file_is_read = True
                await self._show(frame)

    async def _show(self, frame: LiveFrame) -> None:
        """Show a frame to this worker's readers, unless it is not newer than the last one."""
        if self._shown_at is not None:
            behind_s = (self._shown_at - frame.published_at).total_seconds()
            if 0 <= behind_s < FRAME_KEPT_S:
                return
        newest = await self._own.latest()
        if newest is not None and frame.sequence + self._added <= newest.sequence:
            self._added = newest.sequence + 1 - frame.sequence
        self._shown_at = frame.published_at
        await self._own.publish(
            replace(frame, sequence=frame.sequence + self._added) if self._added else frame
        )


class SharedTelemetryCache:
    """Implements `TelemetryCache` in Redis while it answers, and in this worker while it does not.

    Args:
        link: Knows whether Redis answers.
        everywhere: The cache in Redis.
        lease: Its holder is the worker that writes.
    """

    def __init__(
        self, link: RedisLink, everywhere: RedisTelemetryCache, lease: SharedLease
    ) -> None:
        self._link = link
        self._everywhere = everywhere
        self._lease = lease
        self._own = MemoryTelemetryCache()

    async def put(self, cars: Mapping[int, CarTelemetry]) -> None:
        if not self._lease.is_held:
            return
        await self._own.put(cars)
        if self._link.is_up and not self._lease.is_held_alone:
            try:
                await self._everywhere.put(cars)
            except CacheAwayError as error:
                self._link.lost(error)

    async def latest(self) -> Mapping[int, CarTelemetry]:
        if self._link.is_up and not self._lease.is_held:
            try:
                return await self._everywhere.latest()
            except CacheAwayError as error:
                self._link.lost(error)
            except CacheError as error:
                log.warning("telemetry skipped", extra={"why": str(error)})
        return await self._own.latest()
