"""Test that forecasts of this moment use the newest state, once for each, with its true age."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from pitwall.domain.battles import Battle
from pitwall.domain.frames import FeedState
from pitwall.domain.race import RaceState
from pitwall.engine.clock import wall_now
from pitwall.engine.forecast_now import ForecastService, NewestState
from pitwall.engine.frame_builder import FeedView
from pitwall.engine.race_engine import EngineState, RaceEngine
from pitwall.prediction.forecast import Answers, Forecast
from pitwall.prediction.memory import NO_MEMORY, Memory
from tests.engine.test_race_engine import CountingPredictor
from tests.makers import a_duel, at

VIEW = FeedView("simulated", "simulated:1", FeedState.FLOWING)


class Counting(CountingPredictor):
    def __init__(self) -> None:
        super().__init__()
        self.runs = 0

    def forecast(
        self, race: RaceState, battles: Sequence[Battle], memory: Memory = NO_MEMORY
    ) -> Answers:
        self.runs += 1
        chances = [0.25 if battle.attacker in race.cars else None for battle in battles]
        return Answers([Forecast(chance) for chance in chances], memory)


def a_state() -> EngineState:
    engine = RaceEngine(None)
    for message in a_duel(60):
        if message.sent_at <= at(20):
            engine.take(message)
    engine.settle(at(20))
    return engine.state


async def test_the_model_runs_on_the_newest_state() -> None:
    state = a_state()
    assert all(forecast.p_overtake is None for forecast in state.forecasts.values())
    service = ForecastService(lambda: NewestState(state, VIEW, wall_now(), 7), Counting())

    frame = await service.forecast_now()

    assert frame is not None
    assert [battle.p_overtake for battle in frame.battles] == [0.25]
    assert (frame.sequence, frame.header.feed) == (7, "simulated:1")
    assert frame.data_age_s is not None
    assert 0 <= frame.data_age_s < 5


async def test_many_who_ask_at_once_share_one_run() -> None:
    state, predictor = a_state(), Counting()
    newest = NewestState(state, VIEW, None, 7)
    service = ForecastService(lambda: newest, predictor)

    frames = await asyncio.gather(*(service.forecast_now() for _ in range(10)))

    assert predictor.runs == 1
    assert all(frame is not None and frame.data_age_s is None for frame in frames)
    newest = replace(newest, state=replace(state, taken=state.taken + 1))
    await service.forecast_now()
    assert predictor.runs == 2


async def test_without_a_race_in_this_process_there_is_none() -> None:
    assert await ForecastService(lambda: None, Counting()).forecast_now() is None
