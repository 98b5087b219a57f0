"""Show moments of stored races to whoever asks about one: a program, or a panel.

Questions share their places in the races, so that those near each other play little; and they
queue, as each takes a core.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from pitwall.aio import OnceCache, Turns
from pitwall.domain.frames import LiveFrame
from pitwall.domain.stored_races import RaceSummary
from pitwall.engine.forecast_now import with_forecasts
from pitwall.engine.race_engine import EngineState
from pitwall.ports.forecasts import Predictor
from pitwall.ports.races import RaceReader
from pitwall.ports.replays import ReplayPace
from pitwall.replay.service import CursorView, FrameLabel, ReplayService, labelled_frame
from pitwall.replay.turns import refuse_before_its_beginning

WAITING_AT_MOST: Final = 8
RACES_HELD: Final = 2  # each with a feature cache of its own, 6 MB


class RaceMoments:
    """Shows kept races at moments that are asked about.

    Args:
        reader: Where races are kept.
        replays: Opens races at any moment.
    """

    def __init__(self, reader: RaceReader, replays: ReplayService) -> None:
        self._reader = reader
        self._replays = replays
        self._views: OnceCache[tuple[str, int], CursorView] = OnceCache(RACES_HELD)
        self._turns = Turns(
            1, WAITING_AT_MOST, "Too many kept races are being played; try again in a moment."
        )

    @asynccontextmanager
    async def at(
        self, race_id: str, at: datetime
    ) -> AsyncIterator[tuple[RaceSummary, EngineState]]:
        """Show a race at a moment; the state's feature cache is the caller's until the block ends.

        Raises:
            RaceNotFoundError: The race is not kept, or had not begun at `at`.
            BusyError: Too many wait for their race already.
            StoreError: The database is not there, or a stretch of the race is damaged.
        """
        race = await self._reader.race(race_id)
        refuse_before_its_beginning(race, at)
        async with self._turns.turn():
            view = await self._views.get((race.id, race.revision), lambda: self._replays.open(race))
            yield race, await view.state(at)


class StoredForecasts:
    """Implements `pitwall.ports.forecasts.ForecastThen` with the model of today.

    Args:
        moments: Of the races that are kept.
        predictor: Forecasts the battles.
    """

    def __init__(self, moments: RaceMoments, predictor: Predictor) -> None:
        self._moments = moments
        self._predictor = predictor

    async def forecast_at(self, race_id: str, at: datetime) -> LiveFrame:
        """Return a frame of a kept race as it stood at `at`.

        Raises:
            RaceNotFoundError: No such race is kept, or it had not begun at `at`.
            BusyError: Too many wait for their race already.
            StoreError: The database is not there.
        """
        async with self._moments.at(race_id, at) as (race, kept):
            # What was said at the time may be another model's word.
            state = await asyncio.to_thread(with_forecasts, kept, self._predictor, kept.memory)
        looked = FrameLabel(state.taken, self._predictor.version)
        return labelled_frame(race, state, at, ReplayPace(1.0, paused=True), looked)
