"""Test that a frame shows the engine's state, with the units and None values readers rely on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.battles import heat
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.domain.race import DriverNumber, GapSample
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame, trend_s_per_lap
from pitwall.engine.race_engine import BattleTrace, EngineState, RaceEngine
from pitwall.live.publishing import FrameRing
from pitwall.web.shared.tower_rows import tower_rows
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
    assert (tower_rows(frame)[0].gap, tower_rows(frame)[0].reach) == ("Leader", "")


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
