"""The right to publish, kept in Redis: one key that names its holder and runs out by itself.

A holder that dies is followed within `LEASE_S`. One that is paused and comes back finds another
name in the key; until it has looked, `redis.RedisLiveCache` refuses what it publishes, because
the same script that writes a frame compares the name.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable

from redis.asyncio import Redis

from pitwall.cache.redis_client import saying_away

LEASE_S = 2.0

# Extend what is ours, and take it again where it ran out and nobody else came.
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
    """`Lease` in Redis.

    Args:
        redis: The client; its time-outs bound every call.
        key: The key that names the holder.
        lease_s: Seconds for which it is held after each renewal.
        monotonic: Seconds that only rise, also while this process is stopped.
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
        """Try once to take it, under a new name.

        Raises:
            CacheAwayError: Redis does not answer.
        """
        # Where and which process comes first, for people who look into Redis.
        token = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(16)}"
        asked_s = self._monotonic()  # before asking: the key may live longer, never shorter
        with saying_away():
            granted = await self._redis.set(self.key, token, nx=True, px=self._lease_ms)
        if granted:
            self.token = token
            self._until_s = asked_s + self._lease_ms / 1000
        return bool(granted)

    async def renew(self) -> bool:
        """Keep it for longer, also where it had run out and nobody else took it.

        Raises:
            CacheAwayError: Redis does not answer; it is held until it runs out.
        """
        if not self.token:
            return False
        asked_s = self._monotonic()
        with saying_away():
            kept = await self._renew(keys=[self.key], args=[self.token, self._lease_ms])
        if kept:
            self._until_s = asked_s + self._lease_ms / 1000
        else:
            self.drop()
        return bool(kept)

    async def release(self) -> None:
        """Give it back.

        Raises:
            CacheAwayError: Redis does not answer; then it runs out by itself.
        """
        token, self.token = self.token, ""
        if token:
            with saying_away():
                await self._release(keys=[self.key], args=[token])

    def drop(self) -> None:
        """Stop holding it without asking: Redis has said that another does."""
        self.token = ""
