"""Play races one after another on their own clocks, with four frames a second.

A race that fails is reported on screen, and the player goes on with the next race.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pitwall.aio import Pacer
from pitwall.domain.frames import CANNOT_FOLLOW, FRAME_EVERY_S, FeedState
from pitwall.domain.race import Phase
from pitwall.engine.clock import ReplayClock, wall_now
from pitwall.engine.frame_builder import FeedView
from pitwall.engine.playback import Playback
from pitwall.engine.race_engine import EngineState, RaceEngine
from pitwall.errors import FeedUnavailableError, PitwallError
from pitwall.live.publishing import Publisher
from pitwall.ports.feeds import FetchedFeed, RecordedFeed
from pitwall.ports.forecasts import Predictor
from pitwall.recording.race_recorder import Recorder
from pitwall.recording.race_recording import Recording

log = logging.getLogger(__name__)

TICK_S = FRAME_EVERY_S
STALE_AFTER_S = 10.0


@dataclass(frozen=True, slots=True)
class PlayRequest:
    """A race to play, and how.

    Attributes:
        feed: The feed to play.
        from_lap: The leader's lap at which to begin; 1 is lights out, 0 the first message.
        speed: Race seconds for each wall second, 0.5 to 60.
        stays_s: Wall seconds for which the final order stays on screen before the next race.
    """

    feed: RecordedFeed
    from_lap: int = 1
    speed: float = 1.0
    stays_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Takeover:
    """A race that another worker was playing, ready to go on here.

    Attributes:
        request: The race.
        playback: The playback of that race, at a moment before `start`.
        start: The race's moment at which to go on.
        rest: The races after it.
        recording: Collects rows from the engine of `playback`. None if nothing is written.
    """

    request: PlayRequest
    playback: Playback
    start: datetime
    rest: Iterator[PlayRequest]
    recording: Recording | None = None


class RacePlayer:
    """Plays races, and owns the clock of the race on screen.

    Args:
        publisher: Publishes frames.
        predictor: Forecasts battles. None without a model.
        stale_after_s: Wall seconds of silence during a race after which the feed is stale.
        recorder: Writes the races. None to write nothing.
    """

    def __init__(
        self,
        publisher: Publisher,
        predictor: Predictor | None,
        stale_after_s: float = STALE_AFTER_S,
        recorder: Recorder | None = None,
    ) -> None:
        self.clock: ReplayClock | None = None
        self._publisher = publisher
        self._predictor = predictor
        self._stale_after_s = stale_after_s
        self._recorder = recorder
        self._arrived_at: datetime | None = None
        self._last: tuple[EngineState, FeedView] | None = None
        self._taken = 0
        self._taken_at: datetime | None = None  # when the playback was last seen to take messages

    async def run(self, requests: Iterable[PlayRequest], resumed: Takeover | None = None) -> None:
        """Play each race in turn, then keep the last frame on screen for ever.

        Args:
            requests: The races; without effect if `resumed` is given.
            resumed: The race to go on with, instead of the first of `requests`. None without.
        """
        if resumed is not None:
            await self._supervised(resumed.request, resumed)
            requests = resumed.rest
        for request in requests:
            await self._supervised(request)
        pacer = Pacer(TICK_S)
        while self._last is not None:
            await self._publisher.offer(*self._last, self._arrived_at)
            await pacer.rest()

    async def _supervised(self, request: PlayRequest, resumed: Takeover | None = None) -> None:
        try:
            await self._show(request, resumed)
        except PitwallError as error:
            log.warning("race abandoned", extra={"feed": request.feed.name})
            await self._fail(request, str(error))
        except Exception:
            # One broken race must not end the player.
            log.exception("race abandoned", extra={"feed": request.feed.name})
            await self._fail(request, "An internal error stopped this race; see the log.")
        finally:
            # A thread that waits for what is still to be fetched would hold up the server's end.
            if isinstance(request.feed, FetchedFeed):
                request.feed.stop()

    async def _show(self, request: PlayRequest, resumed: Takeover | None) -> None:
        self.clock = self._arrived_at = None
        if resumed is not None:
            # The other worker's last frame stays on screen until this playback is as far.
            playback, start, recording = resumed.playback, resumed.start, resumed.recording
            if self._recorder is not None and recording is not None:
                self._recorder.begin(recording)
            await asyncio.to_thread(playback.advance, start)
        else:
            recording = self._recorder.watch(request.feed) if self._recorder else None
            observer = recording.collector if recording else None
            playback = Playback(request.feed, RaceEngine(self._predictor, observer=observer))
            await self._offer(playback, request)
            start = await self._joined(playback, request)
        self.clock = ReplayClock(start, request.speed)
        self._arrived_at = wall_now()
        log.info("race on screen", extra={"feed": request.feed.name, "at": start.isoformat()})
        over_at: datetime | None = None
        pacer = Pacer(TICK_S)
        while over_at is None or (wall_now() - over_at).total_seconds() < request.stays_s:
            await self._advance(playback, request, self.clock)
            if playback.at_end and over_at is None:
                over_at = wall_now()
                if recording is not None:
                    recording.end("finished")
            await pacer.rest()

    async def _joined(self, playback: Playback, request: PlayRequest) -> datetime:
        """Play up to where to begin, and publish how far that is."""
        joining = asyncio.create_task(asyncio.to_thread(_join, playback, request.from_lap))
        joining.add_done_callback(_forget_error)
        while not joining.done():
            await asyncio.wait({joining}, timeout=TICK_S)
            if not joining.done():
                view = _view(request, FeedState.CONNECTING, _on_the_way(playback, request))
                await self._offer_view(EngineState(), view)
        return await joining

    async def _advance(self, playback: Playback, request: PlayRequest, clock: ReplayClock) -> None:
        """Play up to now; while that takes long, go on publishing how old the state is."""
        advancing = asyncio.create_task(asyncio.to_thread(playback.advance, clock.now()))
        advancing.add_done_callback(_forget_error)
        while not advancing.done():
            await asyncio.wait({advancing}, timeout=TICK_S)
            if not advancing.done():
                await self._offer(playback, request, advancing=True)
        if await advancing:
            self._arrived_at = wall_now()
        await self._offer(playback, request)

    async def _offer(
        self, playback: Playback, request: PlayRequest, *, advancing: bool = False
    ) -> None:
        state = playback.state
        feed_state, detail = self._feed_state(playback, state), _fetched(request)
        if state.taken != self._taken:
            self._taken, self._taken_at = state.taken, wall_now()
        elif not advancing:
            self._taken_at = None
        if feed_state is FeedState.STALE and advancing and self.clock is not None:
            working = self._taken_at is not None and self._is_recent(self._taken_at)
            if working:  # messages are there, and are taken one after the other
                feed_state = FeedState.FLOWING
                detail = _too_slow(self.clock.now(), state, request.speed)
        await self._offer_view(state, _view(request, feed_state, detail))

    def _is_recent(self, at: datetime) -> bool:
        return (wall_now() - at).total_seconds() <= self._stale_after_s

    async def _offer_view(self, state: EngineState, view: FeedView) -> None:
        self._last = (state, view)
        await self._publisher.offer(state, view, self._arrived_at)

    async def _fail(self, request: PlayRequest, why: str) -> None:
        state = self._last[0] if self._last else EngineState()
        await self._offer_view(state, _view(request, FeedState.FAILED, why))
        await asyncio.sleep(request.stays_s)

    def _feed_state(self, playback: Playback, state: EngineState) -> FeedState:
        if self.clock is None:
            return FeedState.CONNECTING
        if playback.at_end:
            return FeedState.ENDED
        if self.clock.paused:
            return FeedState.PAUSED
        silent_s = (wall_now() - self._arrived_at).total_seconds() if self._arrived_at else 0.0
        race_on = state.race.phase is Phase.STARTED
        return FeedState.STALE if race_on and silent_s > self._stale_after_s else FeedState.FLOWING


def _too_slow(now: datetime, state: EngineState, speed: float) -> str:
    """Return that it is this machine, not the feed, that keeps readers waiting."""
    words = f"{CANNOT_FOLLOW} the race at {speed:g} times its speed"
    if state.sent_at is None:
        return f"{words}."
    return f"{words}: it is {max(0.0, (now - state.sent_at).total_seconds()):.0f} s behind."


def _join(playback: Playback, from_lap: int) -> datetime:
    """Play up to the first lap to show, without publishing, and return its moment.

    Raises:
        FeedUnavailableError: The feed has no message at all.
    """
    playback.advance_to(lambda _state: True)
    first = playback.state.sent_at
    if first is None:
        message = "The feed opened, but it holds no message that can be read."
        raise FeedUnavailableError(message)
    if from_lap < 1:
        return first
    reached = playback.advance_to(lambda state: _is_at(state, from_lap))
    if reached is None:
        # The recording has no such lap: show it from its beginning.
        playback.advance(first)
        return first
    return reached


def _is_at(state: EngineState, lap: int) -> bool:
    started = state.race.phase is Phase.STARTED
    return started if lap == 1 else started and state.race.lap >= lap


def _forget_error(task: asyncio.Task[Any]) -> None:
    """Take note of the error of a task that may have been left alone by a cancelled one."""
    if not task.cancelled():
        task.exception()


def _on_the_way(playback: Playback, request: PlayRequest) -> str:
    """Return how far the race is that is played unseen up to the lap to begin with."""
    fetched, race = _fetched(request), playback.state.race
    if fetched or request.from_lap <= 1 or not race.lap:
        return fetched
    return f"Going to lap {request.from_lap}, where to begin: lap {race.lap} is reached."


def _fetched(request: PlayRequest) -> str:
    return request.feed.detail if isinstance(request.feed, FetchedFeed) else ""


def _view(request: PlayRequest, state: FeedState, detail: str = "") -> FeedView:
    return FeedView(
        source=request.feed.source.value,
        feed=request.feed.name,
        state=state,
        detail=detail,
        speed=request.speed,
    )
