"""Count rate limits for all workers together in Redis, or for each worker while Redis is away.

Implements the port `RateLimiter`, as `redis` and `redis_lease` implement the other ports.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from redis.asyncio import Redis

from pitwall.cache.redis_client import RedisLink, raising_cache_away
from pitwall.domain.limits import LimitPolicy, Standing
from pitwall.errors import CacheAwayError
from pitwall.ports.accounts import RateLimiter

# The time comes from the worker that asks, so that windows are exact to the millisecond on its own
# clock; servers whose clocks differ see a window close that much earlier or later.
_TAKE: Final = """
local closes, taken = unpack(redis.call('HMGET', KEYS[1], 'closes', 'taken'))
local now, quota, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
closes, taken = tonumber(closes or 0), tonumber(taken or 0)
if closes <= now then
  closes, taken = now + window, 0
  redis.call('HSET', KEYS[1], 'closes', closes, 'taken', 0)
  redis.call('PEXPIRE', KEYS[1], window)
end
local allowed = 0
if taken < quota then
  allowed, taken = 1, redis.call('HINCRBY', KEYS[1], 'taken', 1)
end
return {allowed, quota - taken, closes - now}
"""
_GIVE_BACK: Final = """
local taken = tonumber(redis.call('HGET', KEYS[1], 'taken') or 0)
if taken > 0 then redis.call('HINCRBY', KEYS[1], 'taken', -1) end
return 0
"""


class RedisRateLimiter:
    """Implements `RateLimiter` in Redis, with a hash for each asker's window that expires with it.

    Args:
        redis: The client; its time-outs limit every call.
        now_s: A clock of seconds that all workers share.
        prefix: The prefix of the keys.
    """

    def __init__(
        self,
        redis: Redis,
        now_s: Callable[[], float] = time.time,
        prefix: str = "pitwall:limit",
    ) -> None:
        self._now_s = now_s
        self._prefix = prefix
        self._take = redis.register_script(_TAKE)
        self._give_back = redis.register_script(_GIVE_BACK)

    async def take(self, policy: LimitPolicy, asker: str) -> Standing:
        """Count one request.

        Raises:
            CacheAwayError: Redis does not answer.
        """
        args = [int(self._now_s() * 1000), policy.quota, policy.window_s * 1000]
        with raising_cache_away():
            answer = await self._take(keys=[self._key(policy, asker)], args=args)
        allowed, remaining, reset_ms = (int(number) for number in answer)
        return Standing(policy, bool(allowed), max(0, remaining), reset_ms / 1000)

    async def give_back(self, policy: LimitPolicy, asker: str) -> None:
        """Take one request of this window back.

        Raises:
            CacheAwayError: Redis does not answer.
        """
        with raising_cache_away():
            await self._give_back(keys=[self._key(policy, asker)], args=[])

    def _key(self, policy: LimitPolicy, asker: str) -> str:
        return f"{self._prefix}:{policy.name}:{asker}"


class SharedRateLimiter:
    """Implements `RateLimiter` in Redis while it answers, and in this worker while it does not.

    Requests are limited while Redis is away too: each worker then begins to count for itself, so
    that the quota is at most multiplied by the number of workers.

    Args:
        link: Knows whether Redis answers.
        everywhere: Counts for all workers.
        alone: Counts for this worker.
    """

    def __init__(self, link: RedisLink, everywhere: RedisRateLimiter, alone: RateLimiter) -> None:
        self._link = link
        self._everywhere = everywhere
        self._alone = alone

    async def take(self, policy: LimitPolicy, asker: str) -> Standing:
        if self._link.is_up:
            try:
                return await self._everywhere.take(policy, asker)
            except CacheAwayError as error:
                self._link.lost(error)
        return await self._alone.take(policy, asker)

    async def give_back(self, policy: LimitPolicy, asker: str) -> None:
        if self._link.is_up:
            try:
                await self._everywhere.give_back(policy, asker)
            except CacheAwayError as error:
                self._link.lost(error)
            else:
                return
        await self._alone.give_back(policy, asker)
