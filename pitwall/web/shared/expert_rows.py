"""Format interval, interruptions and experts of a forecast, in whole percent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pitwall.domain.forecasts import ExpertOpinion, MixedForecast


@dataclass
class ExpertRow:
    """One expert: its forecast, and its `weight` in whole percent, 100 over all experts."""

    name: str
    forecast: str
    weight: int
    estimated: bool


@dataclass
class MixRow:
    """Interval, interruptions and experts of one forecast; percentages are text, such as `<1`.

    `low` and `high` place the interval on the gauge, in percent; `span` is the same as text.
    `experts` is empty on a small card.
    """

    low: int
    high: int
    span: str
    in_three: str
    interrupted: str
    pit: str
    neutralised: str
    retired: str
    experts: list[ExpertRow]


def mix_row(mixed: MixedForecast, *, with_experts: bool) -> MixRow:
    """Format interval, interruptions and experts of a forecast."""
    return MixRow(
        low=round(100 * mixed.p_low),
        high=round(100 * mixed.p_high),
        span=_span(whole_percent(mixed.p_low), whole_percent(mixed.p_high)),
        in_three=whole_percent(mixed.p_overtake_3),
        interrupted=whole_percent(mixed.p_interrupted),
        pit=whole_percent(mixed.p_pit),
        neutralised=whole_percent(mixed.p_neutralised),
        retired=whole_percent(mixed.p_retired),
        experts=_expert_rows(mixed.experts) if with_experts else [],
    )


def whole_percent(p: float) -> str:
    """Return a probability in whole percent, never as 0 or 100.

    >>> [whole_percent(p) for p in (0.0, 0.126, 0.999)]
    ['<1', '13', '>99']
    """
    if p < 0.01:
        return "<1"
    return ">99" if p > 0.99 else str(round(100 * p))


def whole_shares(shares: Sequence[float]) -> list[int]:
    """Return shares in whole percent that add up to 100; the largest remainders are rounded up.

    >>> whole_shares([0.333, 0.333, 0.334]), whole_shares([0.455, 0.005, 0.54])
    ([33, 33, 34], [46, 0, 54])
    """
    wholes = [math.floor(100 * share) for share in shares]
    by_rest = sorted(range(len(shares)), key=lambda i: wholes[i] - 100 * shares[i])
    for i in by_rest[: round(100 * sum(shares)) - sum(wholes)]:
        wholes[i] += 1
    return wholes


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low}\N{EN DASH}{high}"


def _expert_rows(experts: Sequence[ExpertOpinion]) -> list[ExpertRow]:
    weights = whole_shares([expert.weight for expert in experts])
    return [
        ExpertRow(one.expert.value, whole_percent(one.p_overtake), weight, one.is_estimated)
        for one, weight in zip(experts, weights, strict=True)
    ]
