"""Ingest one live feed: connect, reconnect with back-off, record, decode and publish frames.

There are two tasks and one bounded queue: `_receive` owns the connection, `_work` does everything
after it. Frames are published whatever the connection does.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from pitwall.aio import Pacer
from pitwall.domain.frames import FeedState
from pitwall.domain.race import Phase
from pitwall.domain.sessions import is_raced
from pitwall.engine.clock import wall_now
from pitwall.engine.frame_builder import FeedView
from pitwall.errors import FeedUnavailableError
from pitwall.live.intake import Intake
from pitwall.live.publishing import Publisher
from pitwall.live.race_player import STALE_AFTER_S, TICK_S
from pitwall.ports.feeds import FrameRecorder, LiveFeed
from pitwall.wire.message import RawFrame

FIRST_S = 0.5

LONGEST_S = 4.0

PATIENT_AFTER = 75  # attempts: about five minutes

PATIENT_S = 30.0


class Backoff:
    """Computes delays that grow with each failure in a row, so that a server is not flooded.

    A race does not wait, so the ceiling is four seconds at first; after about five minutes it is
    thirty. The delay is drawn from the whole range below the ceiling, so that clients that were
    cut off together come back one by one.

    Args:
        rng: The source of jitter; tests pass a seeded one.
    """

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng or random.Random()  # noqa: S311  jitter is no secret
        self.failures = 0

    def reset(self) -> None:
        """Note a success."""
        self.failures = 0

    def next_s(self, asked_s: float | None = None) -> float:
        """Return the seconds to wait after one more failure.

        Args:
            asked_s: The delay that the server asked for, which is the least one. None without.
        """
        ceiling_s = min(LONGEST_S, FIRST_S * 2.0 ** min(self.failures, 10))
        if self.failures >= PATIENT_AFTER:
            ceiling_s = PATIENT_S
        self.failures += 1
        return max(asked_s or 0.0, self._rng.uniform(0.0, ceiling_s))


ROUTINE_EVERY_S = 60.0  # messages are not numbered, so only a snapshot shows what was lost

_SOON_S = 1.0

_WAITS_S = (_SOON_S,) * 3 + (3.0,) * 100  # then as rarely as routine requests


class Resync:
    """Spaces out requests for a snapshot: soon if something is known to be wrong, else rarely.

    If it stays wrong, requests become rarer, because a feed may be wrong for good.
    """

    def __init__(self) -> None:
        self._asked_s = 0.0
        self._urgent = 0

    def connected(self, now_s: float) -> None:
        """Note a new connection, which begins with a snapshot."""
        self._asked_s = now_s

    def is_due(self, now_s: float, *, urgent: bool) -> bool:
        """Return whether a request is due now; if it is, it counts as sent."""
        wait_s = ROUTINE_EVERY_S
        if urgent and self._urgent < len(_WAITS_S):
            wait_s = _WAITS_S[self._urgent]
        if now_s - self._asked_s < wait_s:
            return False
        self._urgent = self._urgent + 1 if urgent else 0
        self._asked_s = now_s
        return True


log = logging.getLogger(__name__)

QUEUE_FRAMES = 4096

QUEUE_BYTES = 64 * 1024 * 1024

GAPS_KEPT = 100

QUIET_AFTER_S = 20.0  # while no race is on only heartbeats and pings come, every 15 s

STEADY_AFTER_S = 20.0  # a connection that lasted this long does not count as a failure

_LOST_LONG_S = 3.0


@dataclass(frozen=True, slots=True)
class ConnectionGap:
    """A time without a connection; the snapshot after it made the state complete again.

    Attributes:
        after: Number of the last message before the gap.
        lost_at, back_at: When the connection was lost and when it was back; wall clock, UTC.
        reason: Why it was lost, as a sentence.
    """

    after: int
    lost_at: datetime
    back_at: datetime
    reason: str


class Ingest:
    """Runs one live feed until cancelled.

    Args:
        feed: The feed to connect to.
        intake: Takes the raw frames, and owns the engine.
        publisher: Publishes the race's state.
        recorder: Records raw frames before they are decoded. None for no recording.
        now: The wall clock.
        backoff: Computes the delay between attempts.

    Attributes:
        gaps: The latest times without a connection, oldest first, at most 100.
    """

    def __init__(
        self,
        feed: LiveFeed,
        intake: Intake,
        publisher: Publisher,
        recorder: FrameRecorder | None = None,
        now: Callable[[], datetime] = wall_now,
        backoff: Backoff | None = None,
    ) -> None:
        self.gaps: deque[ConnectionGap] = deque(maxlen=GAPS_KEPT)
        self._feed = feed
        self._intake = intake
        self._publisher = publisher
        self._recorder = recorder
        self._now = now
        self._backoff = backoff or Backoff()
        self._resync = Resync()
        self._frames: deque[RawFrame] = deque()
        self._waiting = 0  # bytes of the frames in the queue
        self._arrived = asyncio.Event()
        self._reconnect = asyncio.Event()
        self._connected = self._broken = False
        self._lost: tuple[datetime, str] | None = None

    async def run(self) -> None:
        """Ingest for ever.

        A fault in one of the two tasks ends both, because one alone would look alive.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._receive())
            group.create_task(self._work())

    async def _receive(self) -> None:
        """Connect, and reconnect whenever the connection ends."""
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            asked_s: float | None = None
            try:
                await self._one_connection()
                reason = "The server ended the connection."
            except FeedUnavailableError as error:
                reason, asked_s = str(error), error.retry_after_s
            self._connected = False
            await self._note_lost(reason)
            lasted_s = loop.time() - began_s
            if lasted_s >= STEADY_AFTER_S:
                self._backoff.reset()
            # The time that the attempt itself took counts as waiting.
            await asyncio.sleep(max(0.0, self._backoff.next_s(asked_s) - lasted_s))

    async def _one_connection(self) -> None:
        """Put the frames of one connection into the queue until it ends or falls silent.

        Raises:
            FeedUnavailableError: The feed failed, or nothing arrived for too long.
        """
        self._reconnect.clear()
        self._resync.connected(asyncio.get_running_loop().time())
        async with aclosing(self._feed.frames()) as frames:
            while True:
                limit_s = self._silence_s()
                try:
                    async with asyncio.timeout(limit_s):
                        frame = await anext(frames)
                except TimeoutError as error:
                    message = f"Nothing arrived for {limit_s:.0f} s."
                    raise FeedUnavailableError(message) from error
                except StopAsyncIteration:
                    return
                self._connected = True
                self._enqueue(frame)
                if self._reconnect.is_set():
                    raise FeedUnavailableError("Reconnecting for a snapshot.")

    def _enqueue(self, frame: RawFrame) -> None:
        self._waiting += len(frame.text)
        if len(self._frames) >= QUEUE_FRAMES or self._waiting > QUEUE_BYTES:
            # Decoding is minutes behind: the waiting frames are old, and a snapshot replaces them.
            log.warning("frames dropped", extra={"frames": len(self._frames)})
            self._frames.clear()
            self._waiting = len(frame.text)
            self._intake.wants_snapshot = "frames were dropped because they came too fast"
        self._frames.append(frame)
        self._arrived.set()

    async def _note_lost(self, reason: str) -> None:
        if self._lost is None:
            self._lost = (self._now(), reason)
            log.info("connection lost", extra={"feed": self._feed.name, "reason": reason})
            if self._recorder is not None:
                await self._recorder.mark_gap(reason)
        else:
            self._lost = (self._lost[0], reason)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        pacer = Pacer(TICK_S)
        while True:
            arrived = await pacer.rest_until(self._arrived)
            await self._take(self._batch())
            await self._publisher.offer(self._intake.state, self._view(), self._intake.news_at)
            await self._ask_if_needed(loop.time())
            if arrived:  # otherwise the tick has passed while waiting
                await pacer.rest()

    def _batch(self) -> list[RawFrame]:
        """Return the frames that have arrived, and empty the queue."""
        frames = list(self._frames)
        self._frames.clear()
        self._waiting = 0
        return frames

    async def _take(self, frames: list[RawFrame]) -> None:
        if frames and self._recorder is not None:
            await self._recorder.record(frames)
        snapshots = self._intake.tally.snapshots
        await asyncio.to_thread(self._read_and_take, frames)
        if self._lost is not None and self._intake.tally.snapshots > snapshots:
            lost_at, reason = self._lost
            arrived = self._intake.tally.arrived
            self.gaps.append(ConnectionGap(arrived, lost_at, frames[0].received_at, reason))
            self._lost = None

    def _read_and_take(self, frames: list[RawFrame]) -> None:
        try:
            self._intake.take([(frame, self._feed.read(frame)) for frame in frames], self._now())
        except Exception:  # our own fault must not end a race; the snapshot repairs the state
            if not self._broken:
                log.exception("frames could not be taken", extra={"feed": self._feed.name})
            self._broken = True
            self._intake.wants_snapshot = "an internal error; see the log"
        else:
            self._broken = self._broken and not frames

    async def _ask_if_needed(self, now_s: float) -> None:
        reason = self._intake.wants_snapshot
        if not (self._connected and self._resync.is_due(now_s, urgent=bool(reason))):
            return
        log.info("asking for a snapshot", extra={"why": reason or "routine"})
        if not await self._feed.ask_snapshot() and reason:
            self._reconnect.set()

    def _silence_s(self) -> float:
        race = self._intake.state.race
        # In practice and qualifying the track may be empty for a while.
        racing = race.phase is Phase.STARTED and is_raced(race.info.kind)
        return STALE_AFTER_S if racing else QUIET_AFTER_S

    def _view(self) -> FeedView:
        state = self._feed_state()
        return FeedView(
            source=self._feed.source.value,
            feed=self._feed.name,
            state=state,
            detail=self._detail(state),
            skew_s=self._intake.skew.lag_s,
            gaps=len(self.gaps),
        )

    def _feed_state(self) -> FeedState:
        if self._intake.news_at is None:
            return FeedState.CONNECTING
        if self._intake.state.race.phase is Phase.ENDS:
            return FeedState.ENDED
        silent_s = (self._now() - self._intake.news_at).total_seconds()
        return FeedState.STALE if silent_s > self._silence_s() else FeedState.FLOWING

    def _detail(self, state: FeedState) -> str:
        """Return what is wrong, in words; a connection lost for mere seconds is not mentioned."""
        if self._lost is not None and state is not FeedState.ENDED:
            lost_at, reason = self._lost
            if (self._now() - lost_at).total_seconds() > _LOST_LONG_S:
                return f"{reason} Trying again."
        recording = self._recorder.failed if self._recorder is not None else ""
        fault = "An internal error stopped the updates; see the log." if self._broken else ""
        return " ".join(filter(None, (fault, self._feed.detail, recording)))
