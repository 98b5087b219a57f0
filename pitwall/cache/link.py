"""Whether Redis answers: one place that knows, says why not, and tries again."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import cast

from redis.asyncio import Redis

from pitwall.cache.redis_client import saying_away
from pitwall.errors import CacheAwayError

log = logging.getLogger(__name__)

ASKS_EVERY_S = 1.0


class RedisLink:
    """The state of the link to Redis, shared by everything in this worker that uses it.

    Taken to answer until something fails. From then on nobody waits for Redis but `watch`, which
    asks once a second.

    Args:
        redis: The client to ask with.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._answers = asyncio.Event()
        self._answers.set()
        self._has_answered = False
        self._lost_s = 0.0
        self.why = ""

    @property
    def is_up(self) -> bool:
        """Whether Redis answered when last asked."""
        return self._answers.is_set()

    @property
    def away_s(self) -> float:
        """Seconds for which it has been away; 0 while it answers, endless if it never did."""
        if self.is_up:
            return 0.0
        return time.monotonic() - self._lost_s if self._has_answered else float("inf")

    def lost(self, error: CacheAwayError) -> None:
        """Take note that Redis did not answer."""
        if self.is_up:
            log.warning("Redis is away", extra={"why": str(error)})
            self._lost_s = time.monotonic()
            self._answers.clear()
        self.why = str(error)

    async def up(self) -> None:
        """Return when Redis answers."""
        await self._answers.wait()

    async def watch(self) -> None:
        """Ask whether Redis answers, for ever."""
        while True:
            try:
                with saying_away():
                    await cast("asyncio.Future[bool]", self._redis.ping())
            except CacheAwayError as error:
                self.lost(error)
            else:
                self._answered()
            await asyncio.sleep(ASKS_EVERY_S)

    def _answered(self) -> None:
        if not self.is_up:
            log.warning("Redis is back")
        self._has_answered = True
        self.why = ""
        self._answers.set()
