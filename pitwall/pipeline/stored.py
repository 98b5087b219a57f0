"""A kept race at any instant: from the last keyframe before it, played on to it."""

from __future__ import annotations

import asyncio
from datetime import datetime

from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.domain.history import RaceSummary
from pitwall.pipeline.clock import wall_now
from pitwall.pipeline.engine import EngineState, RaceEngine
from pitwall.pipeline.forecasting import with_forecasts
from pitwall.pipeline.framing import FeedView, Stamp, build_frame
from pitwall.pipeline.keyframes import decode_keyframe
from pitwall.pipeline.turns import Turns, refuse_before_its_beginning
from pitwall.ports import Predictor
from pitwall.race_ports import RaceReader
from pitwall.wire.message import RawMessage


async def state_at(
    reader: RaceReader, race: RaceSummary, at: datetime, predictor: Predictor | None
) -> EngineState:
    """Return the engine's state as it was at `at`, whatever was told later.

    Raises:
        StoreError: The database is not there, or a stretch of the race is damaged.
    """
    keyframe = await reader.keyframe(race, at)
    state = await asyncio.to_thread(decode_keyframe, keyframe.body) if keyframe else None
    first_seq = keyframe.seq if keyframe and state else 0
    messages = await reader.messages(race, first_seq, at)
    return await asyncio.to_thread(_play, state or EngineState(), messages, at, predictor)


def _play(
    state: EngineState, messages: list[RawMessage], at: datetime, predictor: Predictor | None
) -> EngineState:
    engine = RaceEngine(predictor)
    engine.state = state
    for message in messages:
        engine.take(message)
    engine.settle(at)
    return engine.state


class StoredForecasts:
    """Implements `pitwall.ports.ForecastThen` with the model of today.

    Args:
        reader: Where races are kept.
        predictor: Forecasts the battles.
    """

    def __init__(self, reader: RaceReader, predictor: Predictor) -> None:
        self._reader = reader
        self._predictor = predictor
        self._turns = Turns()

    async def forecast_at(self, race_id: str, at: datetime) -> LiveFrame:
        """Return a frame of a kept race as it stood at `at`.

        Raises:
            RaceNotFoundError: No such race is kept, or it had not begun at `at`.
            BusyError: Too many wait for their race already.
            StoreError: The database is not there.
        """
        race = await self._reader.race(race_id)
        refuse_before_its_beginning(race, at)
        state = await self._forecast(race, at)
        ended = race.last_at is not None and at > race.last_at
        feed = FeedView(
            source=race.source,
            feed=race.feed,
            state=FeedState.ENDED if ended else FeedState.PAUSED,
            detail="",
            speed=1.0,
        )
        age_s = (at - state.sent_at).total_seconds() if state.sent_at else None
        stamp = Stamp(state.taken, wall_now(), age_s)
        return build_frame(state, feed, stamp, self._predictor.version)

    async def _forecast(self, race: RaceSummary, at: datetime) -> EngineState:
        """Play one race at a time, and ask the model of today at its end.

        A keyframe may bring forecasts of the model of its time.
        """
        async with self._turns.turn():
            state = await state_at(self._reader, race, at, self._predictor)
            return await asyncio.to_thread(with_forecasts, state, self._predictor, state.memory)
