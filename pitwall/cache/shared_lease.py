"""Hold the right to publish in Redis while it answers, else as a file lock of this server.

The system releases the file lock when its holder dies, however it dies. No worker waits for it.
"""

from __future__ import annotations

import os
from pathlib import Path

from pitwall.cache.redis_client import RedisLink
from pitwall.cache.redis_lease import LEASE_S, RedisLease
from pitwall.errors import CacheAwayError
from pitwall.ports.cache import Lease

try:
    import fcntl
except ImportError:  # Windows, where there is only one worker
    fcntl = None  # type: ignore[assignment]


class FileLease:
    """Implements `Lease` on one machine: a lock that lasts until released or its holder dies.

    Args:
        path: The lock file; created when it is needed, and always empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    @property
    def is_held(self) -> bool:
        return self._file is not None

    async def acquire(self) -> bool:
        if self._file is None:
            self._file = _locked(self._path)
        return self.is_held

    async def renew(self) -> bool:
        return self.is_held

    async def release(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def _locked(path: Path) -> int | None:
    """Return an open, locked file; None if another worker has locked it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


# When Redis goes away, the leader asks for the file lock as soon as its lease expires. The others
# wait longer, so that the leader goes on.
OTHERS_ASK_AFTER_S = 2 * LEASE_S


class SharedLease:
    """Implements `Lease` for many workers; while Redis is away one worker of each server goes on.

    If several servers share a Redis that none can reach, one worker of each goes on, because they
    cannot know of each other. When Redis answers again, all but one stop.

    Args:
        link: Knows whether Redis answers.
        everywhere: The lease in Redis.
        alone: The lease among the workers of this server.
    """

    def __init__(self, link: RedisLink, everywhere: RedisLease, alone: Lease) -> None:
        self._link = link
        self._everywhere = everywhere
        self._alone = alone

    @property
    def is_held(self) -> bool:
        return self._everywhere.is_held or self._alone.is_held

    @property
    def is_held_alone(self) -> bool:
        """Whether this worker goes on without Redis."""
        return self._alone.is_held

    async def acquire(self) -> bool:
        if self._link.is_up:
            try:
                return await self._everywhere.acquire()
            except CacheAwayError as error:
                self._link.lost(error)
        if self._link.away_s < OTHERS_ASK_AFTER_S:
            return False
        return await self._alone.acquire()

    async def renew(self) -> bool:
        if self._alone.is_held:
            return await self._return()
        if self._link.is_up:
            try:
                return await self._everywhere.renew()
            except CacheAwayError as error:
                self._link.lost(error)
        return self._everywhere.is_held or await self._alone.acquire()

    async def release(self) -> None:
        await self._alone.release()
        if self._link.is_up:
            try:
                await self._everywhere.release()
            except CacheAwayError as error:
                self._link.lost(error)
        self._everywhere.drop()

    async def _return(self) -> bool:
        """Go back to the lease in Redis if it answers; return False if another worker leads."""
        if not self._link.is_up:
            return True
        try:
            is_leader = await self._everywhere.acquire()
        except CacheAwayError as error:
            self._link.lost(error)
            return True
        await self._alone.release()
        return is_leader
