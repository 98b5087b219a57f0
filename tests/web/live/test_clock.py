"""Test which moment a tab of the live page shows, and how its TV is matched."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pitwall.domain.race import Phase
from pitwall.web.live.live_clock import LiveClock
from pitwall.web.live.tv_sync import estimate, shown_at
from tests.web.frames import LIGHTS_OUT, make_frame

LONGEST_S = 300.0


def at(seconds: float) -> datetime:
    return LIGHTS_OUT + timedelta(seconds=seconds)


def test_a_paused_clock_stands_and_one_that_catches_up_gains_half_a_second_a_second() -> None:
    clock = LiveClock(5.0).paused(at(100), LONGEST_S)

    assert clock.moment(at(120), LONGEST_S) == at(95)
    assert clock.is_paused
    clock = clock.resumed(at(120), LONGEST_S)
    assert clock.behind_s(at(130), LONGEST_S) == 20.0
    assert clock.settled(at(130), LONGEST_S) == clock
    assert clock.settled(at(160), LONGEST_S) == LiveClock(5.0)
    assert clock.behind_s(at(200), LONGEST_S) == 5.0, "it never runs past the TV"


def test_a_pause_is_as_long_as_frames_are_kept() -> None:
    clock = LiveClock().paused(at(0), LONGEST_S)

    assert clock.behind_s(at(1_000), LONGEST_S) == LONGEST_S


def test_pausing_while_it_catches_up_stays_where_it_is() -> None:
    clock = LiveClock().paused(at(0), LONGEST_S).resumed(at(60), LONGEST_S)

    again = clock.paused(at(80), LONGEST_S)

    assert again.moment(at(90), LONGEST_S) == at(30)


def test_a_lap_is_looked_up_where_it_began_and_not_where_the_memory_begins() -> None:
    frames = [make_frame(nth) for nth in range(8)]
    lap = frames[0].header.lap or 0
    later = [replace(each, header=replace(each.header, lap=lap + 1)) for each in frames[4:]]
    frames[4:] = later

    assert shown_at(frames, f"lap {lap + 1}") == frames[4].published_at
    assert shown_at(frames, f"lap {lap}") is None
    assert shown_at(frames, f"lap {lap + 2}") is None
    assert shown_at(frames, "lap ten") is None
    assert shown_at([], "start") is None


def test_lights_out_is_when_the_race_starts() -> None:
    frames = [make_frame(nth) for nth in range(4)]
    frames[:2] = [
        replace(each, header=replace(each.header, phase=Phase.INACTIVE)) for each in frames[:2]
    ]

    assert shown_at(frames, "start") == frames[2].published_at


def test_a_pass_counts_when_it_happened_and_not_when_it_was_told() -> None:
    frames = [make_frame(nth) for nth in range(40)]
    line = replace(frames[-1].ended[0], ended_at=frames[12].published_at)
    frames[32:] = [replace(each, ended=(line,)) for each in frames[32:]]
    cue = f"{line.attacker}-{line.defender}-{line.ended_at:%H%M%S}"

    found = shown_at(frames, cue)

    assert found is not None
    assert abs((found - frames[12].published_at).total_seconds()) <= 0.25


@pytest.mark.parametrize("presses", [[], [20.0], [20.0, 20.4], [20.0, 20.2, 99.0, 19.9]])
def test_a_press_for_something_else_is_left_out(presses: list[float]) -> None:
    found = estimate(presses)

    if not presses:
        assert found is None
        return
    assert found is not None
    assert 19.9 <= found.delay_s <= 20.4
    assert (found.spread_s is None) == (len(presses) == 1)
    assert found.left_out == (1 if 99.0 in presses else 0)
