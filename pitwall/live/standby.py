"""Play along, unseen, what the leader shows, so that this worker can take over from there.

To come to the middle of a race takes seconds; to stay there costs as little as it costs the
leader. Only races that exist already can be played along: a live feed brings its own snapshot.
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
from pitwall.ports.feeds import RecordedFeed
from pitwall.ports.forecasts import Predictor
from pitwall.recording.race_recording import Recording

log = logging.getLogger(__name__)

LOOKS_EVERY_S = 1.0
FRESH_S = 60.0  # a frame older than this is of a show that is over
_SLICE = timedelta(seconds=30)  # of race time, after which a step may be broken off
_LOOKS_AT = 500  # races to look through for the one on screen; simulated ones never end


@dataclass(frozen=True, slots=True)
class _Part:
    """The race on screen, played along, and the races after it."""

    request: PlayRequest
    playback: Playback
    rest: Iterator[PlayRequest]
    recording: Recording | None


class HotStandby:
    """Knows the leader's part.

    Args:
        predictor: Forecasts battles, as the leader's does; None without a model.
        requests: What the leader shows, one race after another, from the first.
        prepare: Returns a recording to be written from when this worker leads; None writes
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
        self._showings = requests
        self._part: _Part | None = None

    @property
    def is_at(self) -> datetime | None:
        """The moment of the race played up to; None while there is none to play along."""
        return self._part.playback.state.sent_at if self._part else None

    async def play_along(self, live: LiveCache) -> None:
        """Follow the newest frames until cancelled."""
        async for frame in live.frames():
            await self._follow(frame)
            await asyncio.sleep(LOOKS_EVERY_S)

    async def take_over(
        self, frame: LiveFrame | None, now: Callable[[], datetime] = wall_now
    ) -> Takeover | None:
        """Return where the leader was, and what comes after; None to begin from the first race.

        Args:
            frame: The newest frame that anyone has shown.
            now: The wall clock.
        """
        if frame is None or not _goes_on(frame, now()):
            return None
        part, self._part = self._playing(frame), None
        if part is None or frame.header.as_of is None:
            return None
        missed_s = max(0.0, (now() - frame.published_at).total_seconds())
        start = frame.header.as_of + timedelta(seconds=missed_s * frame.header.speed)
        return Takeover(part.request, part.playback, start, part.rest, part.recording)

    async def _follow(self, frame: LiveFrame) -> None:
        until = frame.header.as_of
        part = self._playing(frame)
        if part is None or until is None:
            return
        try:
            while not await _finished(part.playback, until):
                pass
            if part.recording is not None:
                part.recording.let_go()
        except PitwallError:
            log.warning("cannot play along", extra={"feed": frame.header.feed})
            self._part = None

    def _playing(self, frame: LiveFrame) -> _Part | None:
        """Return the part of the race in `frame`; None where it is none of ours."""
        name = frame.header.feed
        if self._part is None or self._part.request.feed.name != name:
            self._part = self._find(name)
        return self._part

    def _find(self, name: str) -> _Part | None:
        rest = iter(self._showings())
        for request in islice(rest, _LOOKS_AT):
            if request.feed.name == name:
                recording = self._prepare(request.feed) if self._prepare else None
                observer = recording.collector if recording else None
                engine = RaceEngine(self._predictor, observer=observer)
                return _Part(request, Playback(request.feed, engine), rest, recording)
        return None


async def _finished(playback: Playback, until: datetime) -> bool:
    """Play a slice towards `until` and return whether it is reached."""
    stepping = asyncio.ensure_future(asyncio.to_thread(_step, playback, until))
    try:
        return await asyncio.shield(stepping)
    except asyncio.CancelledError:
        # The thread cannot be broken off, and two may not move one playback.
        await asyncio.wait({stepping})
        raise


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
