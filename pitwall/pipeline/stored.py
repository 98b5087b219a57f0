"""A kept race as the model of today sees it at any instant."""

from __future__ import annotations

import asyncio
from datetime import datetime

from pitwall.domain.frames import LiveFrame
from pitwall.pipeline.forecasting import with_forecasts
from pitwall.pipeline.replay.desk import Looked, seen
from pitwall.pipeline.replay.moments import KeptMoments
from pitwall.ports import Predictor
from pitwall.race_ports import Pace


class StoredForecasts:
    """Implements `pitwall.ports.ForecastThen` with the model of today.

    Args:
        moments: Of the races that are kept.
        predictor: Forecasts the battles.
    """

    def __init__(self, moments: KeptMoments, predictor: Predictor) -> None:
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
        looked = Looked(state.taken, self._predictor.version)
        return seen(race, state, at, Pace(1.0, paused=True), looked)
