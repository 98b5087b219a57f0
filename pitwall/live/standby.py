"""Play the leader's race along without publishing, so that this worker can take over at any time.

Reaching the middle of a race takes seconds; staying there costs as little as it costs the leader.
Only recorded races are played along, because a live feed begins with a snapshot of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.engine.clock import wall_now
from pitwall.engine.playback import Playback
from pitwall.engine.race_engine import RaceEngine
from pitwall.errors import PitwallError
from pitwall.live.race_player import PlayRequest, Takeover
from pitwall.ports.cache import LiveCache
from pitwall.ports.feeds import FetchedFeed, RecordedFeed
from pitwall.ports.forecasts import Predictor
from pitwall.recording.race_recording import Recording

log = logging.getLogger(__name__)

LOOKS_EVERY_S = 1.0
FRESH_S = 60.0  # an older frame belongs to a race that is no longer on screen
FETCHED_WITHIN_S = 5.0  # how long a take-over waits for a part that is being fetched
_SLICE = timedelta(seconds=30)  # of race time, after which a step may be cancelled
_LOOKS_AT = 500  # races to search for the one on screen; simulated races never end


@dataclass(frozen=True, slots=True)
class _Following:
    """The race on screen, its own playback of it, and the races after it."""

    request: PlayRequest
    playback: Playback
    rest: Iterator[PlayRequest]
    recording: Recording | None


class HotStandby:
    """Plays the leader's race along, and takes over when this worker becomes the leader.

    Args:
        predictor: Forecasts battles, as the leader's does. None without a model.
        requests: Returns the races that the leader plays, from the first.
        prepare: Returns a recording that is written once this worker leads. None to write
            nothing.
    """

    def __init__(
        self,
        predictor: Predictor | None,
        requests: Callable[[], Iterable[PlayRequest]],
        prepare: Callable[[RecordedFeed], Recording] | None = None,
    ) -> None:
        self._predictor = predictor
        self._prepare = prepare
        self._requests = requests
        self._following: _Following | None = None

    @property
    def is_at(self) -> datetime | None:
        """The moment that the playback has reached; None while there is no race to play along."""
        return self._following.playback.state.sent_at if self._following else None

    async def play_along(self, live: LiveCache) -> None:
        """Follow the newest frames until cancelled."""
        async for frame in live.frames():
            await self._follow(frame)
            await asyncio.sleep(LOOKS_EVERY_S)

    async def take_over(
        self, frame: LiveFrame | None, now: Callable[[], datetime] = wall_now
    ) -> Takeover | None:
        """Return the leader's race and the moment it had reached; None to begin with the first.

        Args:
            frame: The newest published frame. None before the first.
            now: The wall clock.
        """
        if frame is None or not _goes_on(frame, now()):
            return None
        following, self._following = self._playing(frame), None
        if following is None or frame.header.as_of is None:
            return None
        missed_s = max(0.0, (now() - frame.published_at).total_seconds())
        start = frame.header.as_of + timedelta(seconds=missed_s * frame.header.speed)
        return Takeover(
            following.request, following.playback, start, following.rest, following.recording
        )

    async def _follow(self, frame: LiveFrame) -> None:
        until = frame.header.as_of
        following = self._playing(frame)
        if following is None or until is None:
            return
        try:
            while not await self._finished(following, until):
                pass
            if following.recording is not None:
                following.recording.drop_written()
        except PitwallError:
            log.warning("cannot play along", extra={"feed": frame.header.feed})
            self._following = None

    async def _finished(self, following: _Following, until: datetime) -> bool:
        """Play a slice towards `until`, and return whether that is reached."""
        stepping = asyncio.ensure_future(asyncio.to_thread(_step, following.playback, until))
        try:
            return await asyncio.shield(stepping)
        except asyncio.CancelledError:
            # The thread cannot be interrupted, and two must not move one playback.
            feed = following.request.feed
            fetched = feed if isinstance(feed, FetchedFeed) else None
            waited_s = None if fetched is None else FETCHED_WITHIN_S
            done, _ = await asyncio.wait({stepping}, timeout=waited_s)
            if fetched is not None and not done:
                self._following = None
                fetched.stop()
                await asyncio.wait({stepping})
            raise

    def _playing(self, frame: LiveFrame) -> _Following | None:
        """Return the playback of the race in `frame`; None where it is not among our races."""
        name = frame.header.feed
        if self._following is None or self._following.request.feed.name != name:
            self._following = self._find(name)
        return self._following

    def _find(self, name: str) -> _Following | None:
        rest = iter(self._requests())
        for request in islice(rest, _LOOKS_AT):
            if request.feed.name == name:
                recording = self._prepare(request.feed) if self._prepare else None
                observer = recording.collector if recording else None
                engine = RaceEngine(self._predictor, observer=observer)
                return _Following(request, Playback(request.feed, engine), rest, recording)
        return None


def _step(playback: Playback, until: datetime) -> bool:
    """Play at most one slice.

    Raises:
        FeedUnavailableError: The feed cannot be opened.
    """
    here = playback.state.sent_at
    if here is None:
        playback.advance_to(lambda _state: True)
        return playback.state.sent_at is None
    target = min(until, max(here, playback.state.grid_at) + _SLICE)
    playback.advance(target)
    return target >= until or playback.at_end


def _goes_on(frame: LiveFrame, now: datetime) -> bool:
    age_s = (now - frame.published_at).total_seconds()
    return age_s < FRESH_S and frame.header.feed_state is not FeedState.FAILED
