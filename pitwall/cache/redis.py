"""Share the live cache between processes through Redis.

One hash holds the newest frame as JSON, with its sequence and its publisher; a channel announces
changes. Readers always fetch the hash, so that a slow one skips to the newest frame, and a lost
announcement costs `_POLL_S` at most. Writing is one script that first compares the holder of the
lease: a leader that was suspended cannot overwrite its successor's frames.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from redis.asyncio import Redis

from pitwall.cache.frame_file import car_from_json, car_to_json, frame_from_json, frame_to_json
from pitwall.cache.memory import TELEMETRY_KEPT_S
from pitwall.cache.redis_client import raising_cache_away
from pitwall.cache.redis_lease import RedisLease
from pitwall.domain.frames import LiveFrame
from pitwall.domain.telemetry import CarTelemetry
from pitwall.errors import ForeignFrameError

log = logging.getLogger(__name__)

FRAME_KEPT_S = 60.0
_POLL_S = 1.0

# A lower sequence of the same publisher is late; another publisher has its own numbers.
_PUBLISH = """
if KEYS[3] and redis.call('GET', KEYS[3]) ~= ARGV[1] then return -1 end
local newest = redis.call('HMGET', KEYS[1], 'by', 'sequence')
if newest[1] == ARGV[1] and tonumber(newest[2]) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'by', ARGV[1], 'sequence', ARGV[2], 'frame', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', KEYS[2], ARGV[2])
return 1
"""

# Each value begins with the millisecond of Redis's own clock after which it has expired.
_PUT = """
if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[1] then return -1 end
local now = redis.call('TIME')
local til = now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[2]
for i = 3, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], string.format('%.0f|', til) .. ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class _StoredFrame:
    """The frame that Redis holds; `by` and `sequence` together identify it."""

    by: bytes
    sequence: int
    text: bytes


class RedisLiveCache:
    """Implements `LiveCache` in Redis.

    Args:
        redis: The client; its time-outs limit every call.
        lease: Only its holder may publish. None lets every worker publish.
        key: The key of the newest frame, and the name of the channel.
        kept_s: Seconds after which a frame that was not replaced is forgotten.
    """

    def __init__(
        self,
        redis: Redis,
        lease: RedisLease | None = None,
        key: str = "pitwall:live",
        kept_s: float = FRAME_KEPT_S,
    ) -> None:
        self._redis = redis
        self._lease = lease
        self._own_name = secrets.token_hex(16)
        self._key = key
        self._kept_ms = int(kept_s * 1000)
        self._publish = redis.register_script(_PUBLISH)

    async def publish(self, frame: LiveFrame) -> None:
        """Make `frame` the newest; without effect if another worker holds the lease.

        Raises:
            CacheAwayError: Redis does not answer.
        """
        keys = [self._key, self._key, *([self._lease.key] if self._lease else [])]
        name = self._lease.token if self._lease else self._own_name
        args: list[str | int | bytes] = [name, frame.sequence, frame_to_json(frame), self._kept_ms]
        with raising_cache_away():
            answer = await self._publish(keys=keys, args=args)
        if answer == -1 and self._lease:
            self._lease.drop()

    async def latest(self) -> LiveFrame | None:
        """Return the newest frame, or None before the first.

        Raises:
            CacheAwayError: Redis does not answer.
        """
        stored = await self._fetch()
        return None if stored is None else _read(stored)

    async def frames(self, after: int = -1) -> AsyncGenerator[LiveFrame, None]:
        """Yield the newest frame above `after`, then each newer one, for ever.

        Numbers may fall when another worker leads; what Redis holds is always the newest frame.

        Raises:
            CacheAwayError: Redis does not answer any more.
        """
        seen: tuple[bytes, int] | None = None
        async with aclosing(self._redis.pubsub()) as wake_ups:
            with raising_cache_away():
                await wake_ups.subscribe(self._key)
            while True:
                stored = await self._fetch()
                if stored is not None and (stored.by, stored.sequence) != seen:
                    is_first, seen = seen is None, (stored.by, stored.sequence)
                    frame = _read(stored)
                    if frame is not None and not (is_first and stored.sequence <= after):
                        yield frame
                with raising_cache_away():
                    await wake_ups.get_message(ignore_subscribe_messages=True, timeout=_POLL_S)

    async def _fetch(self) -> _StoredFrame | None:
        with raising_cache_away():
            request: Awaitable[list[bytes | None]] = self._redis.hmget(  # type: ignore[assignment]
                self._key, ["by", "sequence", "frame"]
            )  # redis-py types the result as that of either kind of client
            by, sequence, text = await request
        if by is None or sequence is None or text is None:
            return None
        return _StoredFrame(by, int(sequence), text)


class RedisTelemetryCache:
    """Implements `TelemetryCache` in a Redis hash with a field for each car.

    Args:
        redis: The client; its time-outs limit every call.
        lease: Only its holder may write. None lets every worker write.
        key: The key of the hash.
        kept_s: Seconds after which a car without new telemetry is forgotten.
    """

    def __init__(
        self,
        redis: Redis,
        lease: RedisLease | None = None,
        key: str = "pitwall:telemetry",
        kept_s: float = TELEMETRY_KEPT_S,
    ) -> None:
        self._redis = redis
        self._lease = lease
        self._key = key
        self._kept_ms = int(kept_s * 1000)
        self._put = redis.register_script(_PUT)

    async def put(self, cars: Mapping[int, CarTelemetry]) -> None:
        """Store the cars' newest telemetry; without effect if another worker holds the lease.

        Raises:
            CacheAwayError: Redis does not answer.
        """
        keys = [self._key, *([self._lease.key] if self._lease else [])]
        args: list[str | int | bytes] = [self._lease.token if self._lease else "", self._kept_ms]
        for number, car in cars.items():
            args += [number, car_to_json(car)]
        with raising_cache_away():
            await self._put(keys=keys, args=args)

    async def latest(self) -> Mapping[int, CarTelemetry]:
        """Return every car's newest telemetry.

        Raises:
            CacheAwayError: Redis does not answer.
            ForeignFrameError: Another release wrote the stored telemetry.
        """
        with raising_cache_away():
            async with self._redis.pipeline(transaction=True) as both:
                both.time()
                both.hgetall(self._key)
                (seconds, microseconds), fields = await both.execute()
        now_ms = seconds * 1000 + microseconds // 1000
        split = {int(number): value.split(b"|", 1) for number, value in fields.items()}
        return {
            number: car_from_json(text)
            for number, (until_ms, text) in split.items()
            if int(until_ms) > now_ms
        }


def _read(stored: _StoredFrame) -> LiveFrame | None:
    """Return the frame; None where another release wrote it, which is logged."""
    try:
        return frame_from_json(stored.text)
    except ForeignFrameError as error:
        log.warning("frame skipped", extra={"why": str(error), "sequence": stored.sequence})
        return None
