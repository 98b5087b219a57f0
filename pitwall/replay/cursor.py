"""Hold one viewer's position in a replay, and reach any moment by playing little."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from pitwall.aio import to_the_end
from pitwall.engine.race_engine import EngineState, RaceEngine
from pitwall.ports.forecasts import Predictor
from pitwall.prediction.features import FeatureCache
from pitwall.replay.segments import Segment, SegmentCache, SegmentStart
from pitwall.replay.source import ReplaySource
from pitwall.replay.stored_forecasts import StoredPastForecasts, second_of
from pitwall.replay.turns import Lane

_INSTANT: Final = timedelta(microseconds=1)
MARK_EVERY: Final = timedelta(seconds=15)
_PLAYS_ON_FOR: Final = timedelta(seconds=20)  # farther ahead, a jump to a mark is quicker


@dataclass(frozen=True, slots=True)
class Predictors:
    """The predictors of a replay; None for battles without forecasts.

    Attributes:
        full: Forecasts what is on screen.
        plain: Forecasts earlier moments, with the same numbers but perhaps without reasons.
    """

    full: Predictor | None
    plain: Predictor | None

    def for_playback(self, cache: FeatureCache) -> Predictors:
        """Return the predictors of one playback, which share its feature cache."""
        return Predictors(
            self.full.for_playback(cache) if self.full is not None else None,
            self.plain.for_playback(cache) if self.plain is not None else None,
        )


class ReplayCursor:
    """Moves through one replay source for one viewer, with one call at a time.

    Args:
        replay_source: The race.
        segment_cache: Caches segments.
        predictors: The predictors of the present model.
        playing: Waits for a turn to fetch or play, of which there are few for all viewers.

    Attributes:
        cache: The feature cache of the present playback.
    """

    def __init__(
        self,
        replay_source: ReplaySource,
        segment_cache: SegmentCache,
        predictors: Predictors,
        playing: Lane,
    ) -> None:
        self.replay_source = replay_source
        self._segment_cache = segment_cache
        self._playing = playing
        self._past_forecasts = StoredPastForecasts()
        self._predictors = predictors
        self._engine = RaceEngine(None, past_forecasts=self._past_forecasts)
        self._use(FeatureCache())
        self._at: datetime | None = None
        self._number = -1
        self._place = 0

    @property
    def state(self) -> EngineState:
        """The race's state at the moment shown last."""
        return self._engine.state

    def _use(self, cache: FeatureCache) -> None:
        self.cache = cache
        self._own = self._predictors.for_playback(cache)

    async def show(self, at: datetime) -> EngineState:
        """Return the race's state as it was at `at`, without anything that was known only later.

        Raises:
            StoreError: The database cannot be reached, or a segment of the race is damaged.
        """
        if not self.replay_source.starts:
            return self.state
        number = self.replay_source.number_at(at)
        if not self._goes_on_to(number, at):
            await self._jump(number, at)
        # Play on from here: the rest of this segment, then the segments up to the one of `at`.
        while self._number < number:
            await self._play(self.replay_source.starts[self._number + 1].at, to_end=True)
            self._number, self._place = self._number + 1, 0
        await self._play(at)
        self._at = at
        return self.state

    def _goes_on_to(self, number: int, at: datetime) -> bool:
        if self._at is None or at < self._at:
            return False
        return at - self._at <= _PLAYS_ON_FOR or (number == self._number and self._is_far(at))

    def _is_far(self, at: datetime) -> bool:
        """Whether no mark of the segment can be nearer to `at` than the present state."""
        return at - self.state.grid_at <= MARK_EVERY

    async def _jump(self, number: int, at: datetime) -> None:
        """Go to the nearest state known before `at`, with a feature cache of its own."""
        begin = number
        mark = None
        while mark is None and begin >= 0:
            segment = await self._segment(begin)
            before = second_of(at) if begin == number else self.replay_source.starts[begin + 1].at
            mark = segment.nearest(before)
            begin -= mark is None  # the keyframe is of an older release: begin further back
        mark = mark or SegmentStart(EngineState(), 0)
        self._use(await asyncio.to_thread(self.replay_source.cache))
        self._engine.state = mark.state
        self._number, self._place = max(begin, 0), mark.place

    async def _segment(self, number: int) -> Segment:
        """Return a segment; fetching it takes database connections, and therefore a turn."""
        async with self._playing:
            return await self.replay_source.segment(self._segment_cache, number)

    async def _play(self, until: datetime, *, to_end: bool = False) -> None:
        segment = await self._segment(self._number)
        async with self._playing:
            await to_the_end(partial(self._play_segment, segment, until, to_end=to_end))

    def _play_segment(self, segment: Segment, until: datetime, *, to_end: bool) -> None:
        engine = self._engine
        self._past_forecasts.forecasts = segment.forecasts
        # On screen are the forecasts of the last second, and of battles that began since.
        shown_from = second_of(until)
        repeats = self.replay_source.repeats_forecasts and not to_end
        self._past_forecasts.until = shown_from if repeats else None
        engine.predictor = self._own.plain
        if to_end:
            self._take_until(segment, None)
            return
        self._take_until(segment, shown_from)
        if self.state.grid_at < shown_from:
            engine.settle(shown_from - _INSTANT)
        engine.predictor = self._own.full
        self._take_until(segment, until)
        engine.settle(until)

    def _take_until(self, segment: Segment, until: datetime | None) -> None:
        """Take the segment's messages up to an instant; None for all the rest."""
        messages = segment.messages
        while self._place < len(messages):
            message = messages[self._place]
            if until is not None and message.sent_at > until:
                break
            self._engine.take(message)
            self._place += 1
            self._note(segment)

    def _note(self, segment: Segment) -> None:
        """Leave a mark for other viewers, but only after the last mark, to keep them few."""
        last = segment.marks[-1].state if segment.marks else segment.begin
        state = self.state
        if last is None or state.grid_at - last.grid_at >= MARK_EVERY:
            segment.marks.append(SegmentStart(state, self._place))
