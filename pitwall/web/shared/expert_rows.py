"""Format interval, interruptions and experts of a forecast, in whole percent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pitwall.domain.forecasts import MixedForecast


@dataclass
class ExpertRow:
    """One expert: its forecast, and its `weight` in whole percent, 100 over all experts.

    `points` is what it moves the forecast by in whole percentage points, and `tenths` the same in
    tenths for its bar; both are 0 where that is not known.
    """

    name: str
    forecast: str
    weight: int
    estimated: bool
    points: int = 0
    tenths: int = 0


@dataclass
class MixRow:
    """Interval, interruptions and experts of one forecast; percentages are text, such as `<1`.

    `low` and `high` place the interval on the gauge, in percent; `span` is the same as text.
    `situation` is the forecast from the situation alone, to which the experts' points add, and
    `kept` the chance that a pass stands; both are "" where an earlier release made the forecast.
    `alone` is `situation` for its bar.
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
    situation: str = ""
    alone: int = 0
    kept: str = ""


def mix_row(mixed: MixedForecast) -> MixRow:
    """Format interval, interruptions and experts of a forecast."""
    situation, kept = mixed.p_situation, mixed.p_kept
    return MixRow(
        low=round(100 * mixed.p_low),
        high=round(100 * mixed.p_high),
        span=_span(whole_percent(mixed.p_low), whole_percent(mixed.p_high)),
        in_three=whole_percent(mixed.p_overtake_3),
        interrupted=whole_percent(mixed.p_interrupted),
        pit=whole_percent(mixed.p_pit),
        neutralised=whole_percent(mixed.p_neutralised),
        retired=whole_percent(mixed.p_retired),
        experts=_expert_rows(mixed),
        situation="" if situation is None else whole_percent(situation),
        alone=round(100 * (situation or 0.0)),
        kept="" if kept is None else whole_percent(kept),
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


def whole_points(situation: float, points: Sequence[float]) -> list[int]:
    """Return what experts move a probability by, in whole percentage points that add up.

    The situation's whole percent and these make the whole percent of the forecast. Each is less
    than one away from its exact value.

    >>> whole_points(0.12, [0.034, 0.176, -0.094]), whole_points(0.07, [0.003, -0.021, -0.01])
    ([3, 18, -9], [0, -2, -1])
    """
    wholes = [math.floor(100 * each) for each in points]
    by_rest = sorted(range(len(points)), key=lambda i: wholes[i] - 100 * points[i])
    wanted = round(100 * (situation + sum(points))) - round(100 * situation)
    for i in by_rest[: max(0, wanted - sum(wholes))]:
        wholes[i] += 1
    return wholes


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low}\N{EN DASH}{high}"


def _expert_rows(mixed: MixedForecast) -> list[ExpertRow]:
    experts = mixed.experts
    weights = whole_shares([expert.weight for expert in experts])
    moves = [expert.points or 0.0 for expert in experts]
    points = whole_points(mixed.p_situation or 0.0, moves)
    return [
        ExpertRow(
            one.expert.value,
            whole_percent(one.p_overtake),
            weight,
            one.is_estimated,
            whole,
            round(1000 * exact),
        )
        for one, weight, whole, exact in zip(experts, weights, points, moves, strict=True)
    ]
