"""Test that battles end with hindsight: passes are told once, pit entries are none, swaps go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.battles import EndReason
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.domain.race import DriverNumber
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.race_engine import EngineState, RaceEngine
from pitwall.web.shared.event_rows import ended_rows, spoken_rows
from pitwall.wire.message import RawMessage
from tests.engine.test_race_engine import CountingPredictor
from tests.makers import a_duel, a_message, at

PAIR = (DriverNumber(81), DriverNumber(4))
AHEAD = {"81": {"Line": 1}, "4": {"Line": 2}}
BEHIND = {"81": {"Line": 2}, "4": {"Line": 1}}


def says(seconds: float, lines: object) -> RawMessage:
    return a_message(seconds, "TimingData", {"Lines": lines})


def heartbeats(until_s: int) -> list[RawMessage]:
    return [a_message(second + 0.05, "Heartbeat", {}) for second in range(21, until_s)]


@dataclass(frozen=True)
class Told:
    """The endings told while a race was played, each when it was first told."""

    rows: list[tuple[float, EndReason, bool]]
    state: EngineState

    @property
    def reasons(self) -> list[EndReason]:
        return [reason for _, reason, _ in self.rows]


def play(*messages: RawMessage, until_s: float = 60) -> Told:
    engine = RaceEngine(CountingPredictor())
    rows: list[tuple[float, EndReason, bool]] = []
    seen = engine.state.ended

    def look() -> None:
        nonlocal seen
        now_s = (engine.state.grid_at - at(0)).total_seconds()
        rows.extend(
            (now_s, each.battle.reason, each.taken_back)
            for each in reversed(engine.state.ended)
            if each.pair == PAIR and each not in seen
        )
        seen = engine.state.ended

    played = sorted([*a_duel(20), *messages], key=lambda message: message.sent_at)
    looks = [step / 4 for step in range(int(until_s * 4) + 1)]
    for message in played:
        while looks and at(looks[0]) < message.sent_at:
            engine.settle(at(looks.pop(0)))
            look()
        engine.take(message)
        look()
    for each in looks:
        engine.settle(at(each))
        look()
    return Told(rows, engine.state)


def test_a_pass_is_told_once_when_it_has_stood() -> None:
    told = play(says(20.4, AHEAD), *heartbeats(60))

    ((told_s, reason, taken_back),) = told.rows
    assert (reason, taken_back) == (EndReason.PASSED, False)
    assert 25 <= told_s <= 29
    assert told.state.ended[0].battle.ended_at == at(20.4), "it happened when the order changed"


@pytest.mark.parametrize("later_s", [0.6, 2, 4, 7])
@pytest.mark.parametrize("car", ["4", "81"])
def test_a_place_lost_on_the_way_into_the_pits_is_no_pass(later_s: float, car: str) -> None:
    told = play(says(20.4, AHEAD), says(20.4 + later_s, {car: {"InPit": True}}), *heartbeats(60))

    assert told.reasons == [EndReason.PITTED]


def test_a_place_lost_at_the_exit_of_the_pits_is_no_pass() -> None:
    told = play(
        says(5.2, {"4": {"InPit": True}}),
        says(18.2, {"4": {"InPit": False, "PitOut": True}}),
        says(20.4, AHEAD),
        *heartbeats(60),
    )

    assert EndReason.PASSED not in told.reasons


def test_a_pass_that_was_told_is_taken_back_visibly() -> None:
    crossing = {"4": {"NumberOfLaps": 5, "LastLapTime": {"Value": "1:30.0"}}}
    told = play(says(15, crossing), says(20.4, AHEAD), says(27, {"4": {"InPit": True}}))

    assert [(reason, back) for _, reason, back in told.rows] == [
        (EndReason.PASSED, False),
        (EndReason.PITTED, True),
    ]
    frame = framed(told.state)
    assert len(frame.ended) == 1, "the same line says what it was"
    assert frame.ended[0].taken_back
    assert "no pass, as was told" in ended_rows(frame)[0].detail
    assert [row.words for row in spoken_rows(frame)][-1].startswith("That was no pass: PIA")


def test_a_swap_of_a_few_seconds_is_no_pass_and_the_battle_goes_on() -> None:
    before = play(until_s=19).state
    told = play(
        says(20.4, AHEAD),
        says(23.0, {"4": {"IntervalToPositionAhead": {"Value": "+0.2"}}}),
        says(23.2, BEHIND),
        says(23.4, {"81": {"IntervalToPositionAhead": {"Value": "+0.3"}}}),
        until_s=30,
    )

    assert told.rows == []
    assert not told.state.ended, "the other car did not pass either"
    (battle,) = told.state.battles
    assert (battle.attacker, battle.defender) == PAIR
    assert (battle.opened_at, battle.opened_lap) == (
        before.battles[0].opened_at,
        before.battles[0].opened_lap,
    )
    assert told.state.histories[PAIR].at[:9] == before.histories[PAIR].at[:9]


def test_a_pair_keeps_its_battle_through_a_silence() -> None:
    before = play(until_s=19).state
    told = play(
        *heartbeats(36),
        says(34, {"81": {"IntervalToPositionAhead": {"Value": "+0.9"}}}),
        until_s=36,
    )

    assert told.rows == []
    assert [battle.opened_at for battle in told.state.battles] == [before.battles[0].opened_at]
    assert told.state.histories[PAIR].at[0] == before.histories[PAIR].at[0]
    assert told.state.histories[PAIR].p_overtake[:5] == before.histories[PAIR].p_overtake[:5]


def test_after_a_long_silence_it_is_another_battle() -> None:
    told = play(
        *heartbeats(46),
        says(45, {"81": {"IntervalToPositionAhead": {"Value": "+0.9"}}}),
        until_s=46,
    )

    assert told.reasons == [EndReason.SEPARATED]
    assert [battle.opened_at for battle in told.state.battles] == [at(45)]


def test_a_pass_after_a_silence_is_a_pass() -> None:
    # In the timing archive the attacker has no interval while it drives beside the defender.
    told = play(*heartbeats(60), says(34, AHEAD))

    assert told.reasons == [EndReason.PASSED]


@pytest.mark.parametrize("half", ["4", "81"])
def test_the_two_halves_of_a_swap_may_come_seconds_apart(half: str) -> None:
    other = "81" if half == "4" else "4"
    told = play(says(20.4, {half: AHEAD[half]}), says(23, {other: AHEAD[other]}), *heartbeats(60))

    assert told.reasons == [EndReason.PASSED]


def test_a_safety_car_does_not_undo_the_pass_before_it() -> None:
    told = play(says(20.4, AHEAD), a_message(22, "TrackStatus", {"Status": "4"}), *heartbeats(60))

    assert told.reasons == [EndReason.PASSED]


def test_a_place_won_behind_the_safety_car_is_no_pass() -> None:
    told = play(a_message(20.2, "TrackStatus", {"Status": "4"}), says(22, AHEAD), *heartbeats(60))

    assert told.reasons == [EndReason.NEUTRALISED]


def test_a_car_that_stops_at_once_was_not_overtaken() -> None:
    told = play(says(20.4, AHEAD), says(22, {"4": {"Stopped": True}}), *heartbeats(60))

    assert told.reasons == [EndReason.RETIRED]


@given(st.lists(st.floats(0, 60), max_size=25), st.floats(20, 40), st.floats(0.3, 12))
def test_settling_at_any_moments_changes_no_ending(
    moments: list[float], swaps_at: float, back_after: float
) -> None:
    messages = sorted(
        [*a_duel(40), says(swaps_at, AHEAD), says(swaps_at + back_after, BEHIND)],
        key=lambda message: message.sent_at,
    )
    once, often = RaceEngine(CountingPredictor()), RaceEngine(CountingPredictor())
    looks = sorted(moments)
    for message in messages:
        while looks and at(looks[0]) < message.sent_at:
            often.settle(at(looks.pop(0)))
        once.take(message)
        often.take(message)
    once.settle(at(70))
    often.settle(at(70))

    assert once.state == often.state


@pytest.mark.parametrize(
    ("interval", "is_fading"), [("+1.999", False), ("+2.0", True), ("+2.5", True)]
)
def test_a_battle_kept_open_above_two_seconds_is_fading(interval: str, is_fading: bool) -> None:
    wider = says(20.2, {"81": {"IntervalToPositionAhead": {"Value": interval}}})
    (battle,) = framed(play(wider, until_s=21).state).battles

    assert battle.fading is is_fading


def framed(state: EngineState) -> LiveFrame:
    view = FeedView("recorded", "recording:made", FeedState.FLOWING)
    stamp = Stamp(1, state.grid_at + timedelta(seconds=1), 0.0)
    return build_frame(state, view, stamp, "counting")
