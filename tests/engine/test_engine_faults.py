"""Test that an error in one message, car or forecast loses that alone and is counted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pitwall.domain.battles import Battle, EndReason
from pitwall.domain.events import CarTimed, TimingEvent
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.domain.gaps import TimeGap
from pitwall.domain.race import START_OF_TIME, DriverNumber, RaceState
from pitwall.domain.reducer import apply
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.playback import Playback
from pitwall.engine.race_engine import Ended, EngineState, RaceEngine
from pitwall.prediction.forecast import Answers, Forecast
from pitwall.prediction.memory import NO_MEMORY, Memory
from pitwall.wire.message import RawMessage
from tests.engine.test_race_engine import PAIR, CountingPredictor
from tests.makers import ListFeed, a_duel, a_message, at, shipped

VIEW = FeedView("recorded", "recording:made", FeedState.FLOWING)
_EDGES = [
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime(1949, 12, 31, tzinfo=UTC),
    datetime(2200, 1, 1, tzinfo=UTC),
]


def framed(state: EngineState) -> LiveFrame:
    return build_frame(state, VIEW, Stamp(1, at(0), 0.0), "m")


def played(*messages: RawMessage) -> RaceEngine:
    engine = RaceEngine(CountingPredictor())
    for message in messages:
        engine.take(message)
    return engine


@pytest.mark.parametrize("topic", ["TimingData", "DriverList"])
@pytest.mark.parametrize("deleted", [["81"], ["4"], ["4", "81"], [81]])
def test_a_deleted_cars_battle_ends_at_once_between_two_grid_steps(
    topic: str, deleted: list[object]
) -> None:
    says = {"_deleted": deleted}
    removal = a_message(20.15, topic, {"Lines": says} if topic == "TimingData" else says)
    engine = played(*a_duel(20))
    assert len(engine.state.battles) == 1
    engine.take(a_message(20.1, "Heartbeat", {}))
    engine.take(removal)

    frame = framed(engine.state)
    assert not frame.battles
    assert not engine.state.forecasts
    assert [(line.attacker, line.defender, line.reason) for line in frame.ended] == [
        (*PAIR, EndReason.RETIRED)
    ]
    assert frame.ended[0].p_overtake_before is not None
    engine.settle(at(30))
    assert len(engine.state.ended) == 1, "it ends once"


def test_a_car_that_is_deleted_and_comes_back_fights_again_as_soon_as_it_has_a_place() -> None:
    engine = played(*a_duel(20))
    engine.take(a_message(20.15, "TimingData", {"Lines": {"_deleted": ["81"]}}))
    engine.take(a_message(20.16, "TimingData", {"Lines": {"81": {"NumberOfLaps": 4}}}))
    assert not framed(engine.state).battles, "known, but without a place"

    back = {"81": {"Line": 2, "IntervalToPositionAhead": {"Value": "+0.9"}}}
    engine.take(a_message(20.17, "TimingData", {"Lines": back}))
    engine.settle(at(21))
    assert [line.interval_s for line in framed(engine.state).battles] == [0.9]


def test_deleted_and_told_of_anew_in_one_message_the_frame_finds_the_car() -> None:
    engine = played(*a_duel(20))
    anew = {"_deleted": ["81"], "81": {"NumberOfLaps": 4}}
    engine.take(a_message(20.15, "TimingData", {"Lines": anew}))

    assert not framed(engine.state).battles
    assert engine.state.ended[0].laps == 0


def test_another_race_ends_the_battles_of_the_one_before() -> None:
    engine = played(*a_duel(20))
    other = {
        "Meeting": {"Name": "Belgian Grand Prix"},
        "Type": "Race",
        "Name": "Race",
        "StartDate": "2025-07-27T15:00:00",
        "GmtOffset": "02:00:00",
    }
    engine.take(a_message(20.15, "SessionInfo", other))

    assert not framed(engine.state).battles


def test_a_snapshot_without_a_fighting_car_ends_its_battle() -> None:
    engine = played(*a_duel(20))
    race = engine.state.race
    engine.replace_race(replace(race, cars={DriverNumber(4): race.cars[DriverNumber(4)]}))

    assert not framed(engine.state).battles


def test_a_deletion_in_a_race_played_at_speed_one_does_not_end_the_show() -> None:
    deletion = a_message(20.15, "TimingData", {"Lines": {"_deleted": ["81"]}})
    later = a_message(25, "Heartbeat", {})
    playback = Playback(ListFeed((*a_duel(20), deletion, later)), RaceEngine(shipped()))
    for quarter in range(104):
        playback.advance(at(quarter / 4 + 0.2))
        framed(playback.state)

    assert playback.at_end


@pytest.mark.parametrize("edge", _EDGES)
def test_a_stamp_that_cannot_be_is_counted_and_its_message_placed_by_the_one_before(
    edge: datetime,
) -> None:
    says = {"Lines": {"81": {"GapToLeader": "+7.000", "InPit": True}}}
    engine = played(*a_duel(20))
    engine.take(replace(a_message(0, "TimingData", says), sent_at=edge))

    assert engine.state.faults == {"stamp": 1}
    assert engine.state.sent_at == at(19.1)
    assert engine.state.race.cars[DriverNumber(81)].in_pit
    engine.take(a_message(20.1, "Heartbeat", {}))
    assert engine.state.sent_at == at(20.1), "the race goes on"


@pytest.mark.parametrize("edge", _EDGES)
def test_a_stamp_that_cannot_be_at_the_very_beginning_is_set_aside(edge: datetime) -> None:
    engine = played(replace(a_message(0, "Heartbeat", {}), sent_at=edge), *a_duel(3))

    assert engine.state.faults == {"stamp": 1}
    assert engine.state.taken == len(a_duel(3)) + 1
    assert engine.state.battles


@pytest.mark.parametrize("edge", _EDGES)
def test_applying_is_total_in_time(edge: datetime) -> None:
    race = played(*a_duel(20)).state.race
    assert apply(race, CarTimed(edge, DriverNumber(81), gap_to_leader=TimeGap(3.0))).cars


def test_a_stamp_a_year_ahead_does_not_make_the_engine_walk_a_year() -> None:
    predictor = CountingPredictor()
    engine = RaceEngine(predictor)
    for message in (*a_duel(5), replace(a_message(0, "Heartbeat", {}), sent_at=at(365 * 86_400))):
        engine.take(message)
    engine.settle(at(2 * 365 * 86_400))

    assert len(predictor.asked_at) < 300


def test_an_error_of_our_own_costs_one_message_and_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaking(race: RaceState, event: TimingEvent) -> RaceState:
        if isinstance(event, CarTimed) and event.stopped:
            raise ZeroDivisionError
        return apply(race, event)

    monkeypatch.setattr("pitwall.engine.race_engine.apply", breaking)
    half = {"Lines": {"4": {"Line": 9}, "81": {"Line": 8, "Stopped": True}}}
    bad = (a_message(5.5, "TimingData", half), a_message(6.5, "TimingData", half))
    messages = sorted((*a_duel(20), *bad), key=lambda message: message.sent_at)
    with caplog.at_level(logging.WARNING):
        engine = played(*messages)

    assert engine.state.faults == {"internal_message": 2}
    assert framed(engine.state).header.malformed == 2, "what /health tells as `malformed`"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert caplog.records[0].exc_info is not None
    assert engine.state.race.cars[DriverNumber(4)].position == 1, "nothing of it was taken"
    assert engine.state.taken == len(messages)
    assert engine.state.battles


class _Failing(CountingPredictor):
    """Fails for battles of car 81, and for several battles at once if one is of car 81."""

    def forecast(
        self, race: RaceState, battles: Sequence[Battle], memory: Memory = NO_MEMORY
    ) -> Answers:
        if any(battle.attacker == DriverNumber(81) for battle in battles):
            raise IndexError
        return super().forecast(race, battles, memory)


def test_a_forecast_that_fails_costs_its_own_battle() -> None:
    third = (
        a_message(0, "TimingData", {"Lines": {"16": {"Line": 3}}}),
        *(
            a_message(s + 0.1, "TimingData", {"Lines": {"16": {"IntervalToPositionAhead": "+1.0"}}})
            for s in range(10)
        ),
    )
    messages = sorted((*a_duel(10), *third), key=lambda message: message.sent_at)
    engine = RaceEngine(_Failing())
    for message in messages:
        engine.take(message)
    engine.settle(at(10))

    lines = {line.attacker: line for line in framed(engine.state).battles}
    assert lines[DriverNumber(81)].no_forecast_because == "an internal error"
    assert lines[DriverNumber(16)].p_overtake == pytest.approx(0.5)
    assert engine.state.faults["internal_forecast"] > 5


class _BrokenWitness:
    """Fails at every call."""

    def took(self, message: RawMessage, events: Sequence[TimingEvent], state: EngineState) -> None:
        raise ValueError

    def forecast(self, state: EngineState) -> None:
        raise ValueError

    def ended(self, told: Sequence[Ended]) -> None:
        raise ValueError


def test_who_cannot_keep_what_happens_does_not_stop_it() -> None:
    engine = RaceEngine(CountingPredictor(), observer=_BrokenWitness())
    messages = a_duel(10)
    for message in messages:
        engine.take(message)

    assert engine.state.faults["internal_keeping"] == len(messages)
    assert engine.state.faults["internal_step"] == 10
    assert engine.state.forecasts[PAIR] != Forecast(None)
    assert engine.state.grid_at > START_OF_TIME + timedelta(days=1)
