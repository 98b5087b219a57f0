"""Hold the right to publish as a Redis key that names its holder and expires by itself.

A holder that dies is replaced within `LEASE_S`. A holder that was suspended finds another name in
the key; until it has looked, `redis.RedisLiveCache` refuses what it publishes, because the script
that writes a frame compares the name.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable

from redis.asyncio import Redis

from pitwall.cache.redis_client import raising_cache_away

LEASE_S = 2.0

# Extend our lease, or take it again if it expired and no other worker took it.
_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class RedisLease:
    """Implements `Lease` in Redis.

    Args:
        redis: The client; its time-outs limit every call.
        key: The key that names the holder.
        lease_s: Seconds for which the lease lasts after each renewal.
        monotonic: A clock of seconds that never goes back, and goes on while this process is
            suspended.
    """

    def __init__(
        self,
        redis: Redis,
        key: str = "pitwall:lease",
        lease_s: float = LEASE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.key = key
        self.token = ""
        self._redis = redis
        self._lease_ms = int(lease_s * 1000)
        self._monotonic = monotonic
        self._until_s = 0.0
        self._renew = redis.register_script(_RENEW)
        self._release = redis.register_script(_RELEASE)

    @property
    def is_held(self) -> bool:
        return bool(self.token) and self._monotonic() < self._until_s

    async def acquire(self) -> bool:
        """Try once to take the lease, under a new name.

        Raises:
            CacheAwayError: Redis does not answer.
        """
        # Host and process come first, for people who look into Redis.
        token = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(16)}"
        asked_s = self._monotonic()  # before the call, so that the key outlives what we assume
        with raising_cache_away():
            granted = await self._redis.set(self.key, token, nx=True, px=self._lease_ms)
        if granted:
            self.token = token
            self._until_s = asked_s + self._lease_ms / 1000
        return bool(granted)

    async def renew(self) -> bool:
        """Extend the lease, also if it had expired and no other worker took it.

        Raises:
            CacheAwayError: Redis does not answer; the lease is held until it expires.
        """
        if not self.token:
            return False
        asked_s = self._monotonic()
        with raising_cache_away():
            renewed = await self._renew(keys=[self.key], args=[self.token, self._lease_ms])
        if renewed:
            self._until_s = asked_s + self._lease_ms / 1000
        else:
            self.drop()
        return bool(renewed)

    async def release(self) -> None:
        """Release the lease.

        Raises:
            CacheAwayError: Redis does not answer; the lease then expires by itself.
        """
        token, self.token = self.token, ""
        if token:
            with raising_cache_away():
                await self._release(keys=[self.key], args=[token])

    def drop(self) -> None:
        """Stop holding the lease, because Redis has reported another holder."""
        self.token = ""
