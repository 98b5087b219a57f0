"""Decide when to publish a frame, number it, and keep the last minutes for delayed viewers."""

from __future__ import annotations

import bisect
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import RaceState
from pitwall.domain.telemetry import CarTelemetry, telemetry_of
from pitwall.engine.clock import wall_now
from pitwall.engine.forecast_now import NewestState
from pitwall.engine.frame_builder import NO_NOTES, FeedView, Stamp, build_frame
from pitwall.engine.race_engine import EngineState
from pitwall.ports.cache import LiveCache, TelemetryCache

QUIET_TICK_S = 1.0  # publish at least this often, so that readers can tell quiet from dead


class Publisher:
    """Numbers frames and sends them to the cache.

    Args:
        cache: The live cache that readers wait on.
        model_version: Written into every frame.
        telemetry: Stores each car's newest telemetry. None to store none.
        last_sequence: The number of the newest frame that another worker published.
        now: The wall clock.
        monotonic: A clock of seconds that never goes back.

    Attributes:
        notes: Written into every frame from now on.
        warning: Returns a sentence for every frame, whatever its feed says; "" for none.
    """

    def __init__(
        self,
        cache: LiveCache,
        model_version: str,
        telemetry: TelemetryCache | None = None,
        last_sequence: int = 0,
        *,
        now: Callable[[], datetime] = wall_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.notes = NO_NOTES
        self.warning: Callable[[], str] = str
        self._now = now
        self._monotonic = monotonic
        self._cache = cache
        self._model_version = model_version
        self._telemetry = telemetry
        self._sequence = last_sequence
        self._sent: dict[int, CarTelemetry] = {}
        self._shown: tuple[EngineState, FeedView] | None = None
        self._shown_s = 0.0
        self._offered: tuple[EngineState, FeedView, datetime | None] | None = None

    def newest(self) -> NewestState | None:
        """Return the newest offered state, published or not; None before the first."""
        return None if self._offered is None else NewestState(*self._offered, self._sequence)

    async def offer(
        self, state: EngineState, feed: FeedView, arrived_at: datetime | None
    ) -> LiveFrame | None:
        """Publish a frame if anything changed, or if the last frame is a second old.

        Args:
            state: The race now.
            feed: The feed now.
            arrived_at: Wall time at which the newest message arrived; None before the first.
        """
        feed = replace(feed, notes=self.notes, detail=self._with_warning(feed.detail))
        self._offered = (state, feed, arrived_at)
        quiet_s = self._monotonic() - self._shown_s
        if self._shown is not None and quiet_s < QUIET_TICK_S and not self._is_news(state, feed):
            return None
        now = self._now()
        age_s = None if arrived_at is None else max(0.0, (now - arrived_at).total_seconds())
        self._sequence += 1
        frame = build_frame(state, feed, Stamp(self._sequence, now, age_s), self._model_version)
        self._shown, self._shown_s = (state, feed), self._monotonic()
        await self._cache.publish(frame)
        await self._put_telemetry(state.race)
        return frame

    def _with_warning(self, detail: str) -> str:
        # The live feed speaks of its token itself, and knows whether it is in use.
        warning = "" if "F1 TV token" in detail else self.warning()
        return f"{detail} {warning}".strip()

    async def _put_telemetry(self, race: RaceState) -> None:
        """Store the telemetry that changed since the last frame."""
        if self._telemetry is None:
            return
        cars = telemetry_of(race)
        news = {number: car for number, car in cars.items() if self._sent.get(number) != car}
        self._sent = cars
        if news:
            await self._telemetry.put(news)

    def _is_news(self, state: EngineState, feed: FeedView) -> bool:
        """Whether anything changed since the last frame, by identity: comparing fields is slow."""
        if self._shown is None:
            return True
        last, last_feed = self._shown
        return (
            last.taken != state.taken or last.forecasts is not state.forecasts or last_feed != feed
        )


LONGEST_DELAY_S = 300.0


class FrameRing:
    """Holds the frames of the last `longest_s`, for readers who watch with a delay.

    Five minutes at 4 Hz are 1,200 frames. Consecutive frames share most of their values.
    """

    def __init__(self, longest_s: float = LONGEST_DELAY_S) -> None:
        self._longest = timedelta(seconds=longest_s)
        self._frames: deque[LiveFrame] = deque()

    def add(self, frame: LiveFrame) -> None:
        """Add `frame`, and drop frames that no delay can reach any more.

        Frames published later than `frame` are dropped too, because a clock was set back.
        """
        while self._frames and self._frames[-1].published_at >= frame.published_at:
            self._frames.pop()
        self._frames.append(frame)
        oldest = frame.published_at - self._longest
        # One frame older than the limit stays, because the longest delay shows it.
        while len(self._frames) > 1 and self._frames[1].published_at <= oldest:
            self._frames.popleft()

    async def fill(self, live: LiveCache) -> None:
        """Add every frame of `live` until cancelled; each worker runs this as a task."""
        async for frame in live.frames():
            self.add(frame)

    def of_newest_race(self) -> list[LiveFrame]:
        """Return the frames of the race on screen, oldest first."""
        race_id = self._frames[-1].header.race_id if self._frames else ""
        return [frame for frame in self._frames if frame.header.race_id == race_id]

    def at(self, delay_s: float, now: datetime | None = None) -> LiveFrame | None:
        """Return the newest frame published at least `delay_s` ago; None when there is none."""
        moment = (now or wall_now()) - timedelta(seconds=delay_s)
        index = bisect.bisect_right(self._frames, moment, key=lambda frame: frame.published_at)
        return self._frames[index - 1] if index else None
