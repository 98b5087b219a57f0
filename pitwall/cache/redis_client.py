"""How pitwall talks to Redis: with short time-outs, and with one kind of error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from pitwall.errors import CacheAwayError

ANSWERS_WITHIN_S = 0.5  # two ticks of the live loop: then it goes on without


CLIENT_ERRORS: tuple[type[Exception], ...] = (RedisError, OSError, TimeoutError)
"""What a client raises when Redis is of no use to it."""


def connect(
    url: str, *, listens: bool = False, answers_within_s: float = ANSWERS_WITHIN_S
) -> Redis:
    """Return a client that gives up soon; nothing is sent yet.

    Args:
        url: Of Redis.
        listens: Lets an answer take for ever, for who waits for messages in a plain loop.
        answers_within_s: Seconds after which it gives up.
    """
    return Redis.from_url(
        url,
        socket_timeout=None if listens else answers_within_s,
        socket_connect_timeout=answers_within_s,
        # One more try: the connection that was kept may be the one that a restart closed. None
        # after a time-out, which is long enough.
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        client_name="pitwall",
    )


@contextmanager
def saying_away() -> Iterator[None]:
    """Turn every failure of Redis inside into one.

    Raises:
        CacheAwayError: Redis did not answer, or answered with an error.
    """
    try:
        yield
    except CLIENT_ERRORS as error:
        raise CacheAwayError(f"Redis does not answer: {error}") from error
