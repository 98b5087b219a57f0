"""Format the battles under way: the list, its fast readings, and what is behind each forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from math import exp
from typing import Any, Final

from pitwall.domain.forecasts import Condition, ExpertName, MixedForecast, Reason, brought_to, logit
from pitwall.domain.frames import BattleLine, LiveFrame
from pitwall.domain.race import DriverNumber
from pitwall.web.shared.car_rows import MINUS
from pitwall.web.shared.expert_rows import MixRow, mix_row

OLD_READING_S = 5.0

STEADY_S_PER_LAP = 0.03

MOST_REASONS = 3

UNLIKELY_BELOW: Final = 0.05
"""Below it a word is shown: whether it is 1 or 4 % is nothing to watch for."""

_HIGH, _MIDDLE = 0.35, 0.15  # where the colour of a forecast changes

_LAST: Final = 10_000

_PARTS = ("situation", *ExpertName)  # reasons are shown in this order

_CONDITIONS = {
    Condition.WET: "not on slicks, or on tyres that the feed has not told",
    Condition.EARLY: "first laps of the race",
    Condition.FRESH: "fresh from the pits",
    Condition.YELLOW: "yellow flag on a part of the track",
    Condition.RESTART: "restart less than two laps ago",
    Condition.CLEAN: "",
}
"""The words where only the condition is stored."""


@dataclass
class ReasonRow:
    """One contribution to the forecast: percentage points with a sign, words, and a CSS class.

    `expert` is the part of the forecast that it moved: `situation` or an expert's name; "" where an
    earlier release did not say.
    """

    points: str
    words: str
    tone: str
    expert: str = ""


@dataclass
class BattleCardRow:
    """One battle of the list, without what changes several times a second.

    Cars are given by number.

    `tone` sets colours only; it is `fading` at a gap at which no battle would open.

    `percent` is the chance on show: "--" without a forecast, "" below 5 %, where `word` says so.
    `meter` is the same for the gauge, and `no_forecast` says why there is none. `condition` is ""
    for a clean battle, and without a forecast.
    """

    key: str
    stake: str
    attacker: str
    defender: str
    percent: str
    word: str
    meter: int
    tone: str
    no_forecast: str
    laps: str
    condition: str = ""


@dataclass
class ReadingRow:
    """What the feed last told of a battle: gap, a note on it, and the trend as class and words."""

    gap: str
    note: str
    trend: str
    trend_words: str


Packed = tuple[Any, ...]
"""The values of a row in the order of its fields: names would be most of what is sent."""


def in_order(frame: LiveFrame) -> list[BattleLine]:
    """Return the battles in the order of `engine.attention`, hottest first where there is none."""
    return sorted(
        frame.battles,
        key=lambda battle: (battle.rank or _LAST, -battle.heat, battle.position),
    )


def card_rows(frame: LiveFrame) -> list[BattleCardRow]:
    """Format the battles in the order in which they are shown."""
    return [_card_row(battle) for battle in in_order(frame)]


def reading_rows(frame: LiveFrame) -> dict[str, Packed]:
    """Format gaps and trends, by the key of their card."""
    return {
        battle_key(battle.attacker, battle.defender): astuple(_reading_row(battle))
        for battle in frame.battles
    }


def reasons_by_card(frame: LiveFrame) -> dict[str, list[Packed]]:
    """Format the reasons, by the key of their card: points, words and what they moved.

    They change once a second with the forecast, while gaps change four times a second.
    """
    return {
        battle_key(battle.attacker, battle.defender): [
            (row.points, row.words, row.expert)
            for row in reason_rows(battle.reasons[:MOST_REASONS], chance_on_show(battle))
        ]
        for battle in frame.battles
    }


def mix_rows(frame: LiveFrame) -> dict[str, Packed]:
    """Format interval and experts of the forecasts that have them, by the key of their card."""
    return {
        battle_key(battle.attacker, battle.defender): _packed(mix_row(mixed))
        for battle in frame.battles
        if (mixed := _mixed_on_show(battle)) is not None
    }


def _packed(row: MixRow) -> Packed:
    """Return a mixture without names; each expert's own forecast only where it is told by it."""
    experts = [
        (one.points, one.tenths, one.weight, int(one.estimated))
        if row.situation
        else (0, 0, one.weight, int(one.estimated), one.forecast)
        for one in row.experts
    ]
    return (
        *(row.low, row.high, row.span, row.in_three, row.interrupted, row.pit, row.neutralised),
        *(row.retired, experts, row.situation, row.alone, row.kept),
    )


def chance_on_show(battle: BattleLine) -> float | None:
    """Return the chance to show: the smoothed one, where there is one."""
    return battle.p_overtake if battle.p_shown is None else battle.p_shown


def _mixed_on_show(battle: BattleLine) -> MixedForecast | None:
    """Return interval and experts of the chance on show."""
    p, shown = battle.p_overtake, battle.p_shown
    if battle.mixed is None or p is None or shown is None or p == shown:
        return battle.mixed
    return brought_to(battle.mixed, p, shown)


def battle_key(attacker: DriverNumber, defender: DriverNumber) -> str:
    """Return the key of a pair, stable for as long as the battle lasts."""
    return f"{attacker}-{defender}"


def stake_words(position: int) -> str:
    """Return the position at stake: `the lead` or a place.

    >>> stake_words(1), stake_words(4)
    ('the lead', 'P4')
    """
    return "the lead" if position == 1 else f"P{position}"


def _card_row(battle: BattleLine) -> BattleCardRow:
    p = chance_on_show(battle)
    return BattleCardRow(
        key=battle_key(battle.attacker, battle.defender),
        stake=stake_words(battle.position),
        attacker=str(battle.attacker),
        defender=str(battle.defender),
        percent=chance_percent(p),
        word="unlikely" if p is not None and p < UNLIKELY_BELOW else "",
        meter=0 if p is None else round(100 * p),
        tone="fading" if battle.fading else _tone(p),
        no_forecast=(battle.no_forecast_because or "no reason given") if p is None else "",
        laps="new" if battle.laps < 1 else f"{battle.laps} lap{'' if battle.laps == 1 else 's'}",
        condition="" if p is None else condition_text(battle.condition, battle.condition_words),
    )


def chance_percent(p: float | None) -> str:
    """Return a chance in whole percent: "--" for none, "" where a word is shown instead.

    >>> [chance_percent(p) for p in (None, 0.049, 0.05, 0.614, 0.999)]
    ['--', '', '5', '61', '>99']
    """
    if p is None:
        return "--"
    if p < UNLIKELY_BELOW:
        return ""
    return ">99" if p > 0.99 else str(round(100 * p))


def _reading_row(battle: BattleLine) -> ReadingRow:
    trend, trend_words = _trend(battle.trend_s_per_lap)
    return ReadingRow(f"{battle.interval_s:.3f}", _gap_note(battle), trend, trend_words)


def _gap_note(battle: BattleLine) -> str:
    if battle.fading:
        return "fading"
    if battle.gap_at_line_s is not None:
        return f"{battle.gap_at_line_s:.1f} s at the line"
    age_s = battle.interval_age_s
    return f"measured {age_s:.0f} s ago" if age_s >= OLD_READING_S else ""


def _trend(trend: float | None) -> tuple[str, str]:
    if trend is None:
        return "unknown", "no trend yet"
    if abs(trend) < STEADY_S_PER_LAP:
        return "steady", "holding the gap"
    if trend < 0:
        return "closing", f"closing {-trend:.2f} s/lap"
    return "opening", f"dropping back {trend:.2f} s/lap"


def _tone(p: float | None) -> str:
    if p is None:
        return "none"
    return "high" if p >= _HIGH else "middle" if p >= _MIDDLE else "low"


def reason_rows(reasons: Sequence[Reason], p: float | None) -> list[ReasonRow]:
    """Format reasons, sorted under what they moved: the situation first, then the experts.

    Args:
        reasons: The reasons.
        p: The forecast that they moved.
    """
    return [reason_row(reason, p) for reason in sorted(reasons, key=_part)]


def reason_row(reason: Reason, p: float | None) -> ReasonRow:
    """Format a reason of a forecast: `+7` percentage points and `gap 0.6 s`."""
    return ReasonRow(
        points=points_text(reason.weight, p),
        words=reason.words,
        tone="for" if reason.weight >= 0 else "against",
        expert=reason.expert,
    )


def points_text(weight: float, p: float | None) -> str:
    """Return by how many percentage points a logit moved a forecast: the rest of it as it is.

    >>> points_text(1.42, 0.3), points_text(0.1, 0.02), points_text(1, None)
    ('+21', '+<1', '+')
    """
    sign = "+" if weight >= 0 else MINUS
    if p is None:
        return sign
    points = round(100 * abs(p - 1 / (1 + exp(weight - logit(p)))))
    return f"{sign}{points or '<1'}"


def condition_text(condition: Condition, words: str) -> str:
    """Return the condition of a battle for readers: the predictor's words, where there are any.

    >>> condition_text(Condition.FRESH, ""), condition_text(Condition.CLEAN, "")
    ('fresh from the pits', '')
    """
    return words or _CONDITIONS[condition]


def _part(reason: Reason) -> int:
    return _PARTS.index(reason.expert) if reason.expert in _PARTS else len(_PARTS)
