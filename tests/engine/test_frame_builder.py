"""Test that a frame shows the engine's state, with the units and None values readers rely on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.battles import Battle, EndedBattle, EndReason, heat
from pitwall.domain.frames import FeedState, LiveFrame, TowerLine
from pitwall.domain.race import (
    ControlMessage,
    DriverNumber,
    GapSample,
    Phase,
    RaceState,
)
from pitwall.domain.rulings import NO_RULINGS
from pitwall.engine.battle_traces import BattleTrace
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame, trend_s_per_lap
from pitwall.engine.race_engine import (
    Ended,
    EngineState,
    RaceEngine,
    passes_after,
)
from pitwall.live.publishing import FrameRing
from pitwall.web.shared.tower_rows import gap_rows
from tests.engine.test_race_engine import CountingPredictor
from tests.makers import a_duel, a_message, a_race, at

VIEW = FeedView("recorded", "recording:made", FeedState.FLOWING)


def a_frame(state: EngineState, sequence: int = 1, seconds: float = 0) -> LiveFrame:
    return build_frame(state, VIEW, Stamp(sequence, at(seconds), 0.1), "counting")


def played(until_s: float) -> EngineState:
    engine = RaceEngine(CountingPredictor())
    extra = [
        a_message(2, "TimingAppData", {"Lines": {"81": {"Stints": [{"Compound": "SOFT"}]}}}),
        a_message(3, "TimingData", {"Lines": {"16": {"Line": 3, "GapToLeader": "1L"}}}),
    ]
    for message in sorted([*a_duel(70), *extra], key=lambda message: message.sent_at):
        engine.take(message)
    engine.settle(at(until_s))
    return engine.state


def test_an_empty_engine_gives_an_empty_frame() -> None:
    frame = a_frame(EngineState())

    assert [len(frame.tower), len(frame.battles), len(frame.ended)] == [0, 0, 0]
    assert frame.header.lap is None
    assert frame.header.as_of is None


def test_the_tower_tells_seconds_from_laps() -> None:
    leader, chaser, lapped = a_frame(played(70)).tower

    assert (leader.code, leader.gap_to_leader_s, leader.gap_to_leader_laps) == ("NOR", None, None)
    assert chaser.interval_s == pytest.approx(0.12)
    assert chaser.compound == "SOFT"
    assert (lapped.gap_to_leader_s, lapped.gap_to_leader_laps) == (None, 1)
    assert lapped.tyre_life_laps is None


def test_the_leader_has_no_interval_and_is_within_reach_of_nobody() -> None:
    engine = RaceEngine(CountingPredictor())
    lap = {"Lines": {"4": {"GapToLeader": "LAP 3", "IntervalToPositionAhead": {"Value": "LAP 3"}}}}
    for message in sorted([*a_duel(70), a_message(4, "TimingData", lap)], key=lambda m: m.sent_at):
        engine.take(message)
    frame = a_frame(engine.state)

    assert (frame.tower[0].gap_to_leader_s, frame.tower[0].interval_s) == (None, None)
    assert gap_rows(frame)["4"] == "Leader||"


def test_a_battle_carries_its_forecast_and_its_history() -> None:
    (battle,) = a_frame(played(70)).battles

    assert battle.p_overtake == pytest.approx(1 / 1.12, abs=0.02)
    assert battle.p_history == tuple(sorted(battle.p_history))  # closing in all the time
    assert battle.trend_s_per_lap == pytest.approx(-0.02 * 90, rel=0.05)
    assert 0 <= battle.interval_age_s <= 1.2


def a_history(*intervals_s: float, every_s: float = 2) -> BattleTrace:
    history = BattleTrace()
    for step, interval_s in enumerate(intervals_s):
        history = history.with_point(at(every_s * step), interval_s, None)
    return history


def test_there_is_no_trend_before_half_a_lap() -> None:
    assert trend_s_per_lap(BattleTrace(), 90) is None
    assert trend_s_per_lap(a_history(1.0, 0.5), 90) is None
    assert trend_s_per_lap(a_history(1.0, 0.5, every_s=45), 90) == pytest.approx(-1.0)


def test_the_trend_looks_one_lap_back_and_no_further() -> None:
    steps = a_history(9.0, 1.0, 0.8, every_s=80)

    assert trend_s_per_lap(steps, 90) == pytest.approx((0.8 - 1.0) * 90 / 80)


@given(st.none() | st.floats(0, 1), st.floats(0, 5), st.floats(0, 5))
def test_heat_is_a_share_and_closer_is_never_cooler(
    p_overtake: float | None, one_s: float, other_s: float
) -> None:
    near_s, far_s = sorted((one_s, other_s))

    assert 0 <= heat(p_overtake, far_s) <= heat(p_overtake, near_s) <= 1


def test_the_ring_gives_the_frame_of_a_moment_ago_and_forgets_the_rest() -> None:
    ring = FrameRing(longest_s=10)
    frames = [a_frame(EngineState(), sequence=second, seconds=second) for second in range(60)]
    for frame in frames:
        ring.add(frame)

    now = at(59)
    assert ring.at(0, now) == frames[59]
    assert ring.at(7.5, now) == frames[51]
    assert ring.at(10, now) == frames[49]
    assert ring.at(30, now) is None


def test_a_car_that_sends_no_more_keeps_no_frozen_gap() -> None:
    race = a_race(0.8, 1.1, now=at(0))
    going = replace(race.cars[DriverNumber(3)], trace=(GapSample(at(31), 1.9, 1.1),))
    state = EngineState(race=replace(race, cars={**race.cars, going.number: going}, as_of=at(31)))

    tower = build_frame(state, VIEW, Stamp(1, at(31), 0.0), "m").tower

    assert [(line.gap_to_leader_s, line.interval_s) for line in tower[1:]] == [
        (None, None),
        (pytest.approx(1.9), 1.1),
    ]


def test_the_gaps_of_a_race_that_is_over_stay_as_its_result() -> None:
    race = a_race(0.8, 1.1, now=at(0))
    later = replace(race.cars[DriverNumber(3)], trace=(GapSample(at(90), 1.9, 1.1),))
    race = replace(race, cars={**race.cars, later.number: later}, phase=Phase.FINISHED)

    tower = a_frame(EngineState(race=race)).tower

    assert [line.gap_to_leader_s for line in tower[1:]] == [
        pytest.approx(0.8),
        pytest.approx(1.9),
    ]


STOPPED = "CAR 3 (C03) STOPPED AT TURN 4"


def one_car(state: EngineState, number: int) -> TowerLine:
    return next(line for line in a_frame(state).tower if line.number == number)


def heard(race: RaceState, *said: tuple[float, str]) -> EngineState:
    control = tuple(ControlMessage(at(seconds), "Other", text) for seconds, text in said)
    return EngineState(race=replace(race, control=control))


def test_a_car_that_race_control_says_stopped_has_stopped_until_it_crosses_the_line() -> None:
    race = a_race(0.8, 1.1, now=at(0))
    crossed = replace(race.cars[DriverNumber(3)], crossed_at=at(20))
    later = replace(race, cars={**race.cars, crossed.number: crossed})

    assert one_car(heard(race, (5, STOPPED)), 3).stopped_on_track
    assert not one_car(heard(race, (5, STOPPED)), 2).stopped_on_track
    assert not one_car(heard(later, (5, STOPPED)), 3).stopped_on_track
    assert one_car(heard(later, (25, STOPPED)), 3).stopped_on_track


def test_a_penalty_is_on_the_line_of_its_car_and_the_log_is_whole() -> None:
    state = heard(
        a_race(0.8, 1.1, now=at(0)),
        (1, "CAR 2 (C02) SPUN AND CONTINUED AT TURN 4"),
        (5, "FIA STEWARDS: 5 SECOND TIME PENALTY FOR CAR 2 (C02) - TRACK LIMITS"),
    )

    frame = a_frame(state)

    assert [each.words for each in frame.tower[1].rulings.penalties] == ["+5 s"]
    assert frame.tower[0].rulings is NO_RULINGS
    assert frame.control == state.race.control


def test_the_age_of_a_gap_counts_from_the_newest_of_the_field() -> None:
    race = a_race(0.8, 1.1, now=at(0))
    going = replace(race.cars[DriverNumber(3)], trace=(GapSample(at(12), 1.9, 1.1),))
    state = EngineState(race=replace(race, cars={**race.cars, going.number: going}, as_of=at(12)))

    assert [line.gap_age_s for line in a_frame(state).tower] == [None, 12, 0]


@pytest.mark.parametrize(
    ("digit", "is_neutral"), [("4", True), ("6", True), ("5", True), ("2", False)]
)
def test_a_stop_under_a_safety_car_is_told_from_one_before(digit: str, is_neutral: bool) -> None:
    engine = RaceEngine(CountingPredictor())
    messages = [
        *a_duel(70),
        a_message(30, "TimingData", {"Lines": {"81": {"InPit": True}}}),
        a_message(40, "TimingData", {"Lines": {"81": {"InPit": False}}}),
        a_message(50, "TrackStatus", {"Status": digit}),
        a_message(60, "TimingData", {"Lines": {"4": {"InPit": True, "NumberOfLaps": 12}}}),
    ]
    for message in sorted(messages, key=lambda message: message.sent_at):
        engine.take(message)
    frame = a_frame(engine.state)

    assert (frame.neutral_since is not None) == is_neutral
    assert {line.number: line.stopped_under for line in frame.tower if line.number != 16} == {
        4: is_neutral,
        81: False,
    }


def test_passes_are_kept_for_the_whole_race_and_those_taken_back_are_not() -> None:
    def told(second: float, reason: EndReason = EndReason.PASSED) -> Ended:
        battle = Battle(DriverNumber(4), DriverNumber(81), 1, 0.4, at(0), at(0), 4)
        return Ended(EndedBattle(battle, reason, at(second)), 2, 0.4)

    first = passes_after((), (told(20, EndReason.DROPPED_BACK), told(10)))
    later = passes_after(first, tuple(told(second) for second in range(90, 10, -10)))
    undone = passes_after(later, (told(90, EndReason.PITTED),))

    assert [each.battle.ended_at for each in first] == [at(10)]
    assert len(later) == 9
    assert [each.battle.ended_at for each in undone] == [at(s) for s in range(10, 90, 10)]
    line = a_frame(EngineState(passes=first)).passes[0]
    assert (line.attacker, line.position, line.lap, line.p_overtake_before) == (4, 1, 7, 0.4)
