"""Show single moments of stored races to programs and panels.

Requests share cursors, so that requests for moments near each other play little, and they queue,
because each takes a core.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from pitwall.aio import OnceCache, Turns, to_the_end
from pitwall.domain.frames import LiveFrame
from pitwall.domain.stored_races import RaceSummary
from pitwall.engine.forecast_now import with_forecasts
from pitwall.engine.race_engine import EngineState
from pitwall.ports.forecasts import Predictor
from pitwall.ports.races import RaceReader
from pitwall.ports.replays import ReplayPace
from pitwall.prediction.features import FeatureCache
from pitwall.replay.service import CursorView, FrameLabel, ReplayService, labelled_frame
from pitwall.replay.turns import refuse_before_its_beginning

WAITING_AT_MOST: Final = 8
RACES_HELD: Final = 2  # each with a feature cache of its own, 6 MB


class Moment(NamedTuple):
    """A stored race at a moment.

    Attributes:
        race: The race.
        state: Its state.
        cache: A feature cache that has read the state, so that a forecast need not.
    """

    race: RaceSummary
    state: EngineState
    cache: FeatureCache


class RaceMoments:
    """Shows stored races at requested moments.

    Args:
        reader: Reads stored races.
        replays: Opens races at any moment.
    """

    def __init__(self, reader: RaceReader, replays: ReplayService) -> None:
        self._reader = reader
        self._replays = replays
        self._views: OnceCache[tuple[str, int], CursorView] = OnceCache(RACES_HELD)
        self._turns = Turns(
            1, WAITING_AT_MOST, "Too many stored races are being played. Try again in a moment."
        )

    @asynccontextmanager
    async def at(self, race_id: str, at: datetime) -> AsyncIterator[Moment]:
        """Show a race at a moment; its feature cache is the caller's until the block ends.

        Raises:
            RaceNotFoundError: The race is not stored, or had not begun at `at`.
            BusyError: Too many requests are waiting already.
            StoreError: The database cannot be reached, or a segment of the race is damaged.
        """
        race = await self._reader.race(race_id)
        refuse_before_its_beginning(race, at)
        async with self._turns.turn():
            view = await self._views.get((race.id, race.revision), lambda: self._replays.open(race))
            yield Moment(race, *await view.state(at))


class StoredForecasts:
    """Implements `pitwall.ports.forecasts.ForecastThen` with the present model.

    Args:
        moments: Shows stored races at any moment.
        predictor: Forecasts the battles.
    """

    def __init__(self, moments: RaceMoments, predictor: Predictor) -> None:
        self._moments = moments
        self._predictor = predictor

    async def forecast_at(self, race_id: str, at: datetime) -> LiveFrame:
        """Return a frame of a stored race as it stood at `at`.

        Raises:
            RaceNotFoundError: The race is not stored, or had not begun at `at`.
            BusyError: Too many requests are waiting already.
            StoreError: The database cannot be reached.
        """
        async with self._moments.at(race_id, at) as (race, stored, cache):
            # The forecasts stored at the time may be of another model.
            predictor = self._predictor.for_playback(cache)
            state = await to_the_end(partial(with_forecasts, stored, predictor))
        looked = FrameLabel(state.taken, self._predictor.version)
        return labelled_frame(race, state, at, ReplayPace(1.0, paused=True), looked)
