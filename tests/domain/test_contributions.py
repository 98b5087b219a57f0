"""Test what each contribution to a logit moves the probability by."""

from __future__ import annotations

from itertools import permutations
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.forecasts import MixedForecast, brought_to, points_of
from tests.contributing import made_up

LOGITS = st.floats(-8, 8)


def chance(logit: float) -> float:
    return 1 / (1 + exp(-logit))


@given(LOGITS, st.lists(LOGITS, min_size=1, max_size=4))
def test_points_are_the_mean_effect_over_all_orders(
    base: float, contributions: list[float]
) -> None:
    sums = [0.0] * len(contributions)
    orders = list(permutations(range(len(contributions))))
    for order in orders:
        total = base
        for place in order:
            before, total = total, total + contributions[place]
            sums[place] += chance(total) - chance(before)

    points = points_of(base, contributions)

    assert points == pytest.approx([each / len(orders) for each in sums], abs=1e-12)
    whole = chance(base + sum(contributions))
    assert chance(base) + sum(points) == pytest.approx(whole, abs=1e-12)
    assert all(-1 <= each <= 1 for each in points)


def test_what_adds_nothing_moves_nothing_and_equals_move_alike() -> None:
    assert points_of(-1.0, (0.0, 2.0, 0.0))[::2] == (0.0, 0.0)
    one, other, _ = points_of(-1.0, (0.7, 0.7, -2.0))
    assert one == pytest.approx(other)


@pytest.mark.parametrize(("base", "p"), [(None, None), (0.0, 0.5), (-900.0, 0.0), (900.0, 1.0)])
def test_any_logit_is_a_probability(base: float | None, p: float | None) -> None:
    mixed = MixedForecast(0.5, 0.1, 0.6, (), 0.0, 0.0, 0.0, base=base)

    assert mixed.p_situation == p
    if base is not None:
        assert sum(points_of(base, (base, -base))) == pytest.approx(0.0, abs=1e-12)


@given(st.floats(-5, 4), st.lists(st.floats(-2, 2), min_size=3, max_size=3), st.floats(0.01, 0.99))
def test_a_forecast_brought_to_another_chance_still_adds_up(
    base: float, contributions: list[float], to: float
) -> None:
    forecast = made_up(base, contributions, p_kept=0.8)
    assert forecast.mixed is not None
    assert forecast.p_overtake is not None
    told = brought_to(forecast.mixed, forecast.p_overtake, to)

    assert told.p_situation is not None
    moved = sum(one.points or 0.0 for one in told.experts)
    assert told.p_situation + moved == pytest.approx(to, abs=1e-6)
    assert told.p_low - 1e-6 <= to <= told.p_high + 1e-6
    assert told.p_overtake_3 >= to - 1e-6
    assert told.p_kept == 0.8
