"""Test that corners are placed by their distance, else by the outline."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.analysis.lap_comparison import BESIDE_M, corners_on_lap
from pitwall.domain.circuits import CircuitGuide, Corner, CornerOnLap, Point

LENGTH_M = 5_000.0
RADIUS_M = 800.0


def on_circle(share: float, radius_m: float = RADIUS_M) -> Point:
    angle = 2 * math.pi * share
    return radius_m * math.cos(angle), radius_m * math.sin(angle)


CIRCLE = [on_circle(nth / 400) for nth in range(400)]


def test_a_told_distance_is_taken_as_it_is_and_what_lies_behind_the_lap_is_left_out() -> None:
    told = (("1", 300.0), ("2", 4_990.0), ("3", 5_010.0), ("4", None))
    guide = CircuitGuide(tuple(Corner(name, (0.0, 0.0), at_m) for name, at_m in told))

    assert corners_on_lap(guide, LENGTH_M) == (CornerOnLap("1", 300.0), CornerOnLap("2", 4_990.0))


@given(st.floats(0.0, 0.999), st.floats(-0.9 * BESIDE_M, 0.9 * BESIDE_M))
def test_a_corner_beside_the_outline_is_where_that_passes_it(share: float, off_m: float) -> None:
    guide = CircuitGuide((Corner("7", on_circle(share, RADIUS_M + off_m)),))

    ((name, at_m),) = [(each.name, each.at_m) for each in corners_on_lap(guide, LENGTH_M, CIRCLE)]

    assert name == "7"
    away = abs(at_m / LENGTH_M - share)
    assert min(away, 1 - away) < 0.002


def test_corners_come_in_order_of_the_lap_told_or_found() -> None:
    found = Corner("1", on_circle(0.1))
    told = Corner("2", (9e3, 9e3), 250.0)

    guide = CircuitGuide((found, told))

    assert [each.name for each in corners_on_lap(guide, LENGTH_M, CIRCLE)] == ["2", "1"]


@pytest.mark.parametrize("outline", [CIRCLE[:10], [(1.0, 1.0)] * 50, []])
def test_what_is_no_outline_finds_nothing(outline: list[Point]) -> None:
    guide = CircuitGuide((Corner("1", on_circle(0.01)), Corner("2", (1.0, 1.0), 50.0)))

    assert [each.name for each in corners_on_lap(guide, LENGTH_M, outline)] == ["2"]


def test_a_corner_far_from_the_outline_belongs_elsewhere() -> None:
    near = Corner("1", on_circle(0.25, RADIUS_M + BESIDE_M - 1))
    far = replace(near, at=on_circle(0.25, RADIUS_M + BESIDE_M + 1))

    assert corners_on_lap(CircuitGuide((near,)), LENGTH_M, CIRCLE) != ()
    assert corners_on_lap(CircuitGuide((far,)), LENGTH_M, CIRCLE) == ()
