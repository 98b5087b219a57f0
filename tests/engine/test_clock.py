"""Test that a replay clock runs, pauses, speeds up and seeks as asked."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.engine.clock import ReplayClock
from tests.makers import LIGHTS_OUT, at


class Wall:
    """A monotonic clock that moves only when asked to."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def a_clock(speed: float = 1.0) -> tuple[ReplayClock, Wall]:
    wall = Wall()
    return ReplayClock(LIGHTS_OUT, speed, wall), wall


def test_runs_at_its_speed() -> None:
    clock, wall = a_clock(speed=10)

    wall.s += 6

    assert clock.now() == at(60)


def test_stands_while_paused_and_goes_on_from_there() -> None:
    clock, wall = a_clock()
    wall.s += 5

    clock.pause()
    wall.s += 100
    assert clock.now() == at(5)

    clock.resume()
    wall.s += 2
    assert clock.now() == at(7)


def test_a_new_speed_does_not_make_the_present_jump() -> None:
    clock, wall = a_clock(speed=60)
    wall.s += 1

    clock.set_speed(0.5)

    assert clock.now() == at(60)
    wall.s += 10
    assert clock.now() == at(65)


def test_a_speed_set_while_paused_holds_after_it() -> None:
    clock, wall = a_clock()
    clock.pause()
    clock.set_speed(4)
    wall.s += 50

    clock.resume()
    wall.s += 1

    assert clock.now() == at(4)


@pytest.mark.parametrize("target", [-500.0, 0.0, 3600.0])
def test_seeks_both_ways_and_a_paused_clock_stays_paused(target: float) -> None:
    clock, wall = a_clock()
    clock.pause()

    clock.seek(at(target))
    wall.s += 9

    assert clock.paused
    assert clock.now() == at(target)


@pytest.mark.parametrize("speed", [0, 0.49, 60.1, -1, float("nan"), float("inf")])
def test_a_speed_out_of_range_is_refused(speed: float) -> None:
    clock, _wall = a_clock()

    with pytest.raises(ValueError, match=r"between 0\.5 and 60"):
        clock.set_speed(speed)


def test_a_naive_moment_is_refused() -> None:
    clock, _wall = a_clock()

    with pytest.raises(ValueError, match="time zone"):
        clock.seek(datetime(2025, 7, 6, 14))  # noqa: DTZ001  the point of this test


actions = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0, 1000)),
        st.tuples(st.just("speed"), st.floats(0.5, 60)),
        st.tuples(st.just("pause"), st.just(0.0)),
        st.tuples(st.just("resume"), st.just(0.0)),
    ),
    max_size=30,
)


@given(actions)
def test_without_a_seek_race_time_never_goes_back(steps: list[tuple[str, float]]) -> None:
    clock, wall = a_clock()
    last = clock.now()
    for what, value in steps:
        if what == "wait":
            wall.s += value
        elif what == "speed":
            clock.set_speed(value)
        else:
            getattr(clock, what)()
        assert clock.now() >= last - timedelta(microseconds=2)  # rounding of a rebase
        last = clock.now()
