"""Forecasts of kept races: the race is played up to a moment, and the model of today asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.errors import BusyError, RaceNotFoundError
from pitwall.pipeline.clock import wall_now
from pitwall.pipeline.engine import EngineState, RaceEngine
from pitwall.pipeline.forecasting import with_forecasts
from pitwall.pipeline.framing import FeedView, Stamp, build_frame
from pitwall.pipeline.keyframes import decode_keyframe
from pitwall.ports import Predictor
from pitwall.race_ports import RaceReader
from pitwall.wire.message import RawMessage

WAITING_AT_MOST: Final = 8


class StoredForecasts:
    """Implements `pitwall.ports.ForecastThen`. One race is played at a time, in a thread.

    Args:
        reader: Gives the nearest keyframe and the messages from there on.
        predictor: Forecasts the battles.
    """

    def __init__(self, reader: RaceReader, predictor: Predictor) -> None:
        self._reader = reader
        self._predictor = predictor
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    async def forecast_at(self, race_id: str, at: datetime) -> LiveFrame:
        """Return a frame of a stored race as it stood at `at`, forecast with the model of today.

        After the last message it is the race as it ended.

        Raises:
            RaceNotFoundError: No such race is stored, or it had not begun at `at`.
            BusyError: Too many wait for their race already.
            StoreError: The database does not answer.
        """
        race = await self._reader.race(race_id)
        if race.first_at is None or race.last_at is None or at < race.first_at:
            message = f"The race {race_id} had not begun at {at.isoformat()}."
            raise RaceNotFoundError(message)
        at = min(at, race.last_at)
        if self._waiting >= WAITING_AT_MOST:
            message = "Too many stored races are being played; try again in a moment."
            raise BusyError(message)
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                keyframe = await self._reader.keyframe(race, at)
                state = decode_keyframe(keyframe.body) if keyframe else None
                first_seq = keyframe.seq if keyframe and state else 0
                messages = await self._reader.messages(race, first_seq, at)
                state = await asyncio.to_thread(self._play, state, messages, at)
        finally:
            self._waiting -= 1
        feed = FeedView(race.source, race.feed, FeedState.PAUSED)
        return build_frame(state, feed, Stamp(0, wall_now(), None), self._predictor.version)

    def _play(
        self, state: EngineState | None, messages: Sequence[RawMessage], at: datetime
    ) -> EngineState:
        engine = RaceEngine(self._predictor)
        if state is not None:
            engine.state = state
        for message in messages:
            engine.take(message)
        engine.settle(at)
        return with_forecasts(engine.state, self._predictor)
