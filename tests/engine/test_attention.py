"""Test the order in which battles are shown, and the chances that are read out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pitwall.domain.battles import Battle, heat
from pitwall.domain.forecasts import Reason
from pitwall.domain.race import DriverNumber
from pitwall.engine.attention import (
    DWELL,
    FOR_THE_LEAD,
    MARGIN,
    NO_ATTENTION,
    READ_EVERY,
    Attention,
    attend,
    reasons_since,
)
from pitwall.prediction.forecast import Forecast

NOON = datetime(2025, 8, 31, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
A, B, C = (12, 11), (14, 13), (16, 15)  # nothing is paid for P11 and behind
Pair = tuple[int, int]


def a_battle(pair: Pair, position: int = 12, interval_s: float = 2.5) -> Battle:
    attacker, defender = map(DriverNumber, pair)
    return Battle(attacker, defender, position, interval_s, NOON, NOON, 3)


def after(
    attention: Attention, chances: Mapping[Pair, float | None], second: int, position: int = 12
) -> Attention:
    """Return what is shown when each battle has the heat of its chance alone."""
    battles = [a_battle(pair, position) for pair in chances]
    forecasts = {
        (battle.attacker, battle.defender): Forecast(chances[pair])
        for pair, battle in zip(chances, battles, strict=True)
    }
    return attend(attention, battles, forecasts, NOON + second * SECOND, is_tick=True)


def shown(attention: Attention, pair: Pair = A) -> float | None:
    return attention.watched[DriverNumber(pair[0]), DriverNumber(pair[1])].shown


def test_the_first_order_is_by_heat() -> None:
    assert after(NO_ATTENTION, {A: 0.1, B: 0.4, C: 0.2}, 0).order == (B, C, A)


def test_a_battle_that_is_hotter_by_less_than_the_margin_stays_below() -> None:
    attention = after(NO_ATTENTION, {A: 0.4, B: 0.3}, 0)
    for second in range(1, 120):
        attention = after(attention, {A: 0.4, B: 0.5}, second)

    assert heat(0.5, 2.5) - heat(0.4, 2.5) < MARGIN
    assert attention.order == (A, B)


def test_a_battle_that_is_hotter_by_the_margin_rises_once_and_stays() -> None:
    attention = after(NO_ATTENTION, {A: 0.4, B: 0.3}, 0)
    orders = []
    for second in range(1, 120):
        attention = after(attention, {A: 0.4, B: 0.8}, second)
        orders.append(attention.order)

    assert orders[8] == (A, B)  # it has waited for nine seconds
    assert orders[-1] == (B, A)
    assert sum(one != other for one, other in itertools.pairwise(orders)) == 1


def test_an_order_stays_for_ten_seconds_whatever_happens() -> None:
    attention = NO_ATTENTION
    changed_at: list[int] = []
    order = attention.order
    for second in range(300):
        hot = second // 3 % 3
        chances = {pair: 0.95 if nth == hot else 0.05 for nth, pair in enumerate((A, B, C))}
        attention = after(attention, chances, second)
        if attention.order != order and order:
            changed_at.append(second)
        order = attention.order

    apart = [other - one for one, other in itertools.pairwise(changed_at)]
    assert all(each >= DWELL.total_seconds() for each in apart)


def test_a_new_battle_joins_at_the_end_and_an_ended_one_leaves_at_once() -> None:
    attention = after(NO_ATTENTION, {A: 0.2, B: 0.1}, 0)
    attention = after(attention, {A: 0.2, B: 0.1, C: 0.9}, 20)
    assert attention.order == (A, B, C)

    attention = after(attention, {B: 0.1, C: 0.9}, 21)
    assert attention.order == (B, C)
    for second in range(22, 32):
        attention = after(attention, {B: 0.1, C: 0.9}, second)
    assert attention.order == (C, B)


@pytest.mark.parametrize(("position", "bonus"), [(1, FOR_THE_LEAD), (10, 0.04), (11, 0.0)])
def test_the_lead_and_places_that_pay_points_have_a_bonus(position: int, bonus: float) -> None:
    attention = after(NO_ATTENTION, {A: 0.2}, 0, position)

    score = attention.watched[DriverNumber(12), DriverNumber(11)].score
    assert score == pytest.approx(heat(0.2, 2.5) + bonus)


def test_between_two_ticks_nothing_moves_but_who_is_there() -> None:
    attention = after(NO_ATTENTION, {A: 0.2, B: 0.4}, 0)
    battles = [a_battle(A), a_battle(B)]
    forecasts = {(DriverNumber(12), DriverNumber(11)): Forecast(0.9)} | {
        (DriverNumber(14), DriverNumber(13)): Forecast(0.1)
    }
    at = NOON + timedelta(seconds=20.25)

    assert attend(attention, battles, forecasts, at, is_tick=False) is attention
    assert attend(attention, battles[:1], forecasts, at, is_tick=False).order == (A,)


def test_a_chance_on_show_changes_at_most_every_five_seconds_in_noise() -> None:
    attention, numbers = NO_ATTENTION, []
    for second in range(120):
        attention = after(attention, {A: 0.3 + (0.08 if second % 2 else -0.08)}, second)
        numbers.append(shown(attention))

    changes = sum(one != other for one, other in itertools.pairwise(numbers))
    assert changes <= 120 / READ_EVERY.total_seconds()
    assert all(abs((number or 0.0) - 0.3) < 0.09 for number in numbers)


def test_a_chance_on_show_arrives_where_the_forecast_stays() -> None:
    attention = after(NO_ATTENTION, {A: 0.2}, 0)
    for second in range(1, 31):
        attention = after(attention, {A: 0.3}, second)

    assert shown(attention) == pytest.approx(0.3, abs=0.011)


def test_a_leap_is_shown_within_two_seconds() -> None:
    attention = after(NO_ATTENTION, {A: 0.2}, 1)
    attention = after(attention, {A: 0.7}, 2)
    assert shown(attention) == 0.2

    assert shown(after(attention, {A: 0.7}, 3)) == 0.7


def test_a_forecast_that_is_refused_is_gone_at_once_and_begins_anew() -> None:
    attention = after(NO_ATTENTION, {A: 0.2}, 0)
    attention = after(attention, {A: None}, 1)
    assert shown(attention) is None

    assert shown(after(attention, {A: 0.4}, 2)) == 0.4


def test_for_a_lap_after_a_restart_what_was_measured_before_is_no_reason() -> None:
    reasons = (
        Reason("gap", 0.4, "gap 0.4 s", "situation"),
        Reason("closing", 1.4, "closed 1.2 s in a lap", "situation"),
        Reason("closest", 0.5, "closest 0.2 s in the last minute and a half", "om"),
    )

    assert reasons_since(reasons, timedelta(seconds=30), 75.0) == reasons[:1]
    assert reasons_since(reasons, timedelta(seconds=75), 75.0) == reasons


def test_the_order_is_kept_while_a_battle_ends_between_two_forecasts() -> None:
    attention = after(NO_ATTENTION, {A: 0.4, B: 0.3, C: 0.2}, 0)

    left = after(replace(attention, moved_at=NOON), {A: 0.4, C: 0.2}, 5)

    assert left.order == (A, C)
    assert left.moved_at == NOON
