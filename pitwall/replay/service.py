"""Serve replays of stored races to many viewers at once, in bounded memory."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final, NamedTuple

from pitwall.aio import OnceCache
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.domain.stored_races import RaceSummary
from pitwall.domain.timeline import Digest, Timeline
from pitwall.engine.clock import wall_now
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.race_engine import EngineState
from pitwall.ports.forecasts import Predictor
from pitwall.ports.races import RaceReader
from pitwall.ports.replays import ReplayPace
from pitwall.prediction.features import FeatureCache
from pitwall.replay.cursor import Predictors, ReplayCursor
from pitwall.replay.segments import SegmentCache
from pitwall.replay.source import NO_SHORT_CUTS, ReplayShortcuts, ReplaySource
from pitwall.replay.turns import Stage

SOURCES_HELD: Final = 4  # each has a feature cache, 6 MB, and the laps of a race
TIMELINES_HELD: Final = 32
DIGESTS_HELD: Final = 2_000
PLAYING_AT_ONCE: Final = 2
GUESTS_PLAYING_AT_ONCE: Final = 1
_Key = tuple[str, int]  # race and its revision


class FrameLabel(NamedTuple):
    """The number and model version of a stored race's frame.

    Attributes:
        sequence: The number of the frame for its receiver.
        model_version: The version of the model whose forecasts it shows.
    """

    sequence: int
    model_version: str


def labelled_frame(
    race: RaceSummary, state: EngineState, at: datetime, pace: ReplayPace, looked: FrameLabel
) -> LiveFrame:
    """Return the frame of a stored race's state at `at`, on the race's own clock."""
    ended = race.last_at is not None and at >= race.last_at
    going = FeedState.PAUSED if pace.paused else FeedState.FLOWING
    feed = FeedView(
        source=race.source,
        feed=race.feed,
        state=FeedState.ENDED if ended else going,
        speed=pace.speed,
    )
    age_s = max(0.0, (at - state.sent_at).total_seconds()) if state.sent_at else None
    return build_frame(state, feed, Stamp(looked.sequence, wall_now(), age_s), looked.model_version)


class CursorView:
    """One viewer's view of one stored race.

    Attributes:
        race: The race.
    """

    def __init__(self, cursor: ReplayCursor, model_version: str) -> None:
        self.race = cursor.replay_source.race
        self._cursor = cursor
        self._model_version = model_version
        self._one_at_a_time = asyncio.Lock()
        self._sequence = 0

    async def state(self, at: datetime) -> tuple[EngineState, FeatureCache]:
        """Return the race's state at `at`, and a feature cache that has read it.

        The cache is the caller's until the next call.

        Raises:
            StoreError: The database cannot be reached, or a segment of the race is damaged.
        """
        async with self._one_at_a_time:
            return await self._cursor.show(at), self._cursor.cache

    async def frame(self, at: datetime, pace: ReplayPace) -> LiveFrame:
        """Return the frame that a live viewer saw at `at`, on the race's own clock.

        Raises:
            StoreError: The database cannot be reached, or a segment of the race is damaged.
        """
        async with self._one_at_a_time:
            state = await self._cursor.show(at)
            self._sequence += 1
            sequence = self._sequence
        return labelled_frame(self.race, state, at, pace, FrameLabel(sequence, self._model_version))


class ReplayService:
    """Opens stored races for viewers; implements `pitwall.ports.replays.Replays`.

    Args:
        reader: Reads stored races.
        predictor: Forecasts battles. None to show them without forecasts.
        shortcuts: Shortcuts that the model allows; without them a seek takes longer.
    """

    def __init__(
        self,
        reader: RaceReader,
        predictor: Predictor | None,
        shortcuts: ReplayShortcuts = NO_SHORT_CUTS,
    ) -> None:
        self.segment_cache = SegmentCache()
        self._reader = reader
        self._predictor = predictor
        self._short_cuts = shortcuts
        self._sources: OnceCache[_Key, ReplaySource] = OnceCache(SOURCES_HELD)
        self._timelines: OnceCache[_Key, Timeline] = OnceCache(TIMELINES_HELD)
        self._digests: OnceCache[_Key, Digest] = OnceCache(DIGESTS_HELD)
        self._stage = Stage(PLAYING_AT_ONCE, GUESTS_PLAYING_AT_ONCE)

    async def open(self, race: RaceSummary, *, is_guest: bool = False) -> CursorView:
        """Return a new viewer's view of a stored race; guests wait for everybody else.

        Raises:
            StoreError: The database cannot be reached.
        """
        replay_source = await self._sources.get(
            (race.id, race.revision),
            lambda: ReplaySource.open(race, self._reader, self._short_cuts),
        )
        predictors = Predictors(self._predictor, self._short_cuts.plain or self._predictor)
        lane = self._stage.lane(is_guest=is_guest)
        cursor = ReplayCursor(replay_source, self.segment_cache, predictors, lane)
        ours = self._predictor.version if self._predictor else ""
        return CursorView(cursor, race.model_version or ours)

    async def timeline(self, race: RaceSummary) -> Timeline:
        """Return the timeline of a race, built once for each revision of it.

        Raises:
            StoreError: The database cannot be reached.
        """
        return await self._timelines.get(
            (race.id, race.revision), lambda: self._reader.timeline(race)
        )

    async def digest(self, race: RaceSummary) -> Digest:
        """Return the digest of a race, built once for each revision of it.

        Raises:
            StoreError: The database cannot be reached.
        """
        return await self._digests.get((race.id, race.revision), lambda: self._digest(race))

    async def _digest(self, race: RaceSummary) -> Digest:
        return (await self.timeline(race)).digest
