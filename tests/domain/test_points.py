"""Test what each contribution to a logit moves the probability by."""

from __future__ import annotations

from itertools import permutations
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.forecasts import MixedForecast, points_of

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
