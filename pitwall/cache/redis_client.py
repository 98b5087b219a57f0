"""Connect to Redis with short time-outs, and track whether it answers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from pitwall.errors import CacheAwayError

ANSWERS_WITHIN_S = 0.5  # two ticks of live frames, which then go on without Redis

CLIENT_ERRORS: tuple[type[Exception], ...] = (RedisError, OSError, TimeoutError)
"""What a client raises when Redis does not answer or answers with an error."""


def connect(
    url: str, *, listens: bool = False, answers_within_s: float = ANSWERS_WITHIN_S
) -> Redis:
    """Return a client with short time-outs, not connected yet.

    Args:
        url: The Redis to use.
        listens: Whether an answer may take for ever, for clients that wait for messages.
        answers_within_s: Seconds after which a call fails.
    """
    return Redis.from_url(
        url,
        socket_timeout=None if listens else answers_within_s,
        socket_connect_timeout=answers_within_s,
        # Retry once, because a restart may have closed the pooled connection. There is no retry
        # after a time-out, which is long enough.
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        client_name="pitwall",
    )


@contextmanager
def raising_cache_away() -> Iterator[None]:
    """Turn every failure of Redis inside the block into `CacheAwayError`.

    Raises:
        CacheAwayError: Redis did not answer, or answered with an error.
    """
    try:
        yield
    except CLIENT_ERRORS as error:
        raise CacheAwayError(f"Redis does not answer: {error}") from error


log = logging.getLogger(__name__)

ASKS_EVERY_S = 1.0


class RedisLink:
    """Knows whether Redis answers, for everything in this worker that uses it.

    Redis is assumed to answer until something fails. From then on only `watch` waits for it, which
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
        """Seconds for which Redis has been away; 0 while it answers, infinite if it never did."""
        if self.is_up:
            return 0.0
        return time.monotonic() - self._lost_s if self._has_answered else float("inf")

    def lost(self, error: CacheAwayError) -> None:
        """Note that Redis did not answer."""
        if self.is_up:
            log.warning("Redis is away", extra={"why": str(error)})
            self._lost_s = time.monotonic()
            self._answers.clear()
        self.why = str(error)

    async def up(self) -> None:
        """Wait until Redis answers."""
        await self._answers.wait()

    async def watch(self) -> None:
        """Check every second whether Redis answers, for ever."""
        while True:
            try:
                with raising_cache_away():
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
