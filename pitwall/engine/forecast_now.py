"""Forecast the current moment from the newest race state instead of the last tick."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from pitwall.aio import to_the_end
from pitwall.domain.frames import LiveFrame
from pitwall.engine.clock import wall_now
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.race_engine import EngineState
from pitwall.ports.forecasts import Predictor


@dataclass(frozen=True, slots=True)
class NewestState:
    """The state that the live race's player processed last.

    Attributes:
        state: The race.
        feed: Its feed.
        arrived_at: Wall time at which the newest message arrived; None before the first.
        sequence: The sequence number of the newest published frame.
    """

    state: EngineState
    feed: FeedView
    arrived_at: datetime | None
    sequence: int


class ForecastService:
    """Forecasts the current moment; the model runs once for each state, however many clients ask.

    Args:
        newest: Returns the state that this process's player processed last; None where another
            process plays the race.
        predictor: Forecasts the battles.
    """

    def __init__(self, newest: Callable[[], NewestState | None], predictor: Predictor) -> None:
        self._newest = newest
        # The player's own feature cache may be written by its thread at any moment.
        self._predictor = predictor.for_playback()
        self._one_at_a_time = asyncio.Lock()
        self._asked: EngineState | None = None
        self._answer: EngineState | None = None

    async def forecast_now(self) -> LiveFrame | None:
        """Return a frame with forecasts of this moment; None when this process plays no race."""
        async with self._one_at_a_time:
            newest = self._newest()
            if newest is None:
                return None
            if self._answer is None or self._asked is not newest.state:
                self._answer = await to_the_end(
                    partial(with_forecasts, newest.state, self._predictor)
                )
                self._asked = newest.state
            state = self._answer
        now = wall_now()
        since = newest.arrived_at
        age_s = None if since is None else max(0.0, (now - since).total_seconds())
        stamp = Stamp(newest.sequence, now, age_s)
        return build_frame(state, newest.feed, stamp, self._predictor.version)


def with_forecasts(state: EngineState, predictor: Predictor) -> EngineState:
    """Return the state with a fresh forecast of every battle."""
    answers = predictor.forecast(state.race, state.battles, state.memory).forecasts
    pairs = [(battle.attacker, battle.defender) for battle in state.battles]
    return replace(state, forecasts=dict(zip(pairs, answers, strict=True)))
