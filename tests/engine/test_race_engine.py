"""Test that the engine follows a race in the same way however its messages are split."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.battles import Battle, EndReason
from pitwall.domain.race import DriverNumber, RaceState
from pitwall.engine.race_engine import EngineState, RaceEngine
from pitwall.prediction.features import FeatureCache
from pitwall.prediction.forecast import Answers, Forecast
from pitwall.prediction.memory import NO_MEMORY, Memory
from pitwall.wire.message import RawMessage
from tests.makers import a_duel, a_message, at

PAIR = (DriverNumber(81), DriverNumber(4))


class CountingPredictor:
    """Forecasts `1 / (1 + interval)` and remembers when it was asked."""

    version = "counting"
    trained_at = None

    def __init__(self) -> None:
        self.asked_at: list[datetime] = []

    def for_playback(self, _cache: FeatureCache | None = None) -> Self:
        return self

    def forecast(
        self, race: RaceState, battles: Sequence[Battle], memory: Memory = NO_MEMORY
    ) -> Answers:
        self.asked_at.append(race.as_of)
        return Answers([Forecast(1 / (1 + battle.interval_s)) for battle in battles], memory)


def played(messages: Sequence[RawMessage], until_s: float) -> EngineState:
    engine = RaceEngine(CountingPredictor())
    for message in messages:
        engine.take(message)
    engine.settle(at(until_s))
    return engine.state


def test_opens_a_battle_and_forecasts_it_at_once() -> None:
    state = played(a_duel(2), 1)

    (battle,) = state.battles
    assert (battle.attacker, battle.defender) == PAIR
    assert state.forecasts[PAIR].p_overtake == pytest.approx(1 / (1 + battle.interval_s))
    assert len(state.histories[PAIR].at) == 1


def test_forecasts_once_a_second_of_race_time() -> None:
    predictor = CountingPredictor()
    engine = RaceEngine(predictor)
    for message in a_duel(30):
        engine.take(message)
    engine.settle(at(30))

    assert 29 <= len(predictor.asked_at) <= 32


@given(st.lists(st.floats(0, 40), max_size=25))
def test_settling_at_any_moments_changes_nothing(moments: list[float]) -> None:
    messages = a_duel(40)
    engine = RaceEngine(CountingPredictor())
    looks = sorted(moments)
    for message in messages:
        while looks and at(looks[0]) < message.sent_at:
            engine.settle(at(looks.pop(0)))
        engine.take(message)
    engine.settle(at(40))

    assert engine.state == played(messages, 40)


def test_a_pass_ends_the_battle_and_keeps_the_last_forecast() -> None:
    passing = {"Lines": {"81": {"Line": 1}, "4": {"Line": 2}}}
    state = played([*a_duel(20), a_message(20, "TimingData", passing)], 29)

    (ended,) = state.ended
    assert ended.battle.reason is EndReason.PASSED
    assert ended.p_overtake_before is not None
    assert ended.p_overtake_before > 0.4


def test_history_is_bounded() -> None:
    state = played(a_duel(1000, closing_s=0), 1000)

    assert len(state.histories[PAIR].at) == 90
    times = state.histories[PAIR].at
    spacing = {later - earlier for earlier, later in pairwise(times)}
    assert spacing == {timedelta(seconds=2)}


def test_a_broken_message_is_counted_logged_once_and_loses_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = [RawMessage(at(3 + i), "TimingData", b"{nonsense") for i in range(5)]
    messages = sorted([*a_duel(20), *broken], key=lambda message: message.sent_at)
    with caplog.at_level(logging.WARNING):
        state = played(messages, 20)

    assert sum(state.faults.values()) == 5
    assert len(caplog.records) == 1
    assert state.battles


def test_without_a_model_battles_go_on_and_say_why_there_is_no_forecast() -> None:
    engine = RaceEngine(None)
    for message in a_duel(5):
        engine.take(message)
    engine.settle(at(5))

    assert engine.state.forecasts[PAIR] == Forecast(None, no_forecast_because="no model is loaded")


def test_a_long_silence_is_not_relived_and_holds_the_picture() -> None:
    predictor = CountingPredictor()
    engine = RaceEngine(predictor)
    for message in a_duel(5):
        engine.take(message)

    engine.settle(at(86_400 * 30))

    assert engine.state.grid_at == at(86_400 * 30)
    assert len(engine.state.battles) == 1  # nothing says that it ended
    assert len(predictor.asked_at) < 200
