"""Format the battles under way as cards, hottest first, with sparklines of forecast and gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pitwall.domain.battles import DEFAULT_RULES
from pitwall.domain.forecasts import Condition, ExpertName, Reason
from pitwall.domain.frames import BattleLine, LiveFrame
from pitwall.domain.race import DriverNumber
from pitwall.web.shared.car_rows import MINUS
from pitwall.web.shared.expert_rows import MixRow, mix_row

WIDTH = 90  # viewBox units; 31 points, 3 apart

HEIGHT = 32

STEP = 3

STRIDE = 3  # a reading every two seconds becomes a point every six

MOST_POINTS = WIDTH // STEP + 1


def polyline_points(readings: Sequence[float], top: float) -> str:
    """Return `x,y` pairs in whole units for readings between 0 (bottom) and `top`.

    Readings beyond the scale are drawn at its edge. Fewer than two give "".

    >>> polyline_points([0.0, 9.0, 9.0, 1.0], top=2.0)
    '87,32 90,16'
    """
    newest_first = list(readings[::-STRIDE])[:MOST_POINTS]
    if len(newest_first) < 2:
        return ""
    oldest_x = WIDTH - STEP * (len(newest_first) - 1)
    return " ".join(
        f"{oldest_x + STEP * index},{_height(reading, top)}"
        for index, reading in enumerate(reversed(newest_first))
    )


def _height(reading: float, top: float) -> int:
    share = min(max(reading / top, 0.0), 1.0)
    return round(HEIGHT * (1.0 - share))


GAP_SCALE_S = DEFAULT_RULES.closes_beyond_s

OLD_READING_S = 5.0

STEADY_S_PER_LAP = 0.03

MOST_REASONS = 3

ROOMY_CARDS = 6  # the hottest have room for reasons, traces and experts: assets/battles.css

_HIGH, _MIDDLE = 0.35, 0.15  # where the colour of a forecast changes


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
    """One contribution to the forecast: its signed weight, words, and a CSS class.

    `expert` is the part of the forecast that it moved: `situation` or an expert's name; "" where an
    earlier release did not say.
    """

    weight: str
    words: str
    tone: str
    expert: str = ""


@dataclass
class BattleCardRow:
    """One battle card; `trend`, `tone` and `heat` set colours only, cars are given by number.

    `tone` is `fading`, and `gap_note` says so, at a gap at which no battle would open.

    `percent` is "--" and `meter` 0 while there is no forecast; `no_forecast` then says why.
    `bound` is "<" below 1 % and ">" above 99 %, as `percent` has two digits. `condition` is "" for
    a clean battle, and without a forecast.
    """

    key: str
    stake: str
    attacker: str
    defender: str
    gap: str
    gap_note: str
    trend: str
    trend_words: str
    bound: str
    percent: str
    exact: str
    meter: int
    tone: str
    no_forecast: str
    laps: str
    heat: str
    condition: str = ""


@dataclass
class TraceRow:
    """A battle's last minutes as polyline points; "" until there are two readings.

    Both are "" on a small card.
    """

    forecast: str
    gap: str


def by_heat(frame: LiveFrame) -> list[BattleLine]:
    """Return the battles, hottest first.

    Heat counts in steps of a tenth, then the place: cards that are nearly as hot keep
    their order from frame to frame.
    """
    return sorted(frame.battles, key=lambda battle: (-round(battle.heat, 1), battle.position))


def card_rows(frame: LiveFrame) -> list[BattleCardRow]:
    """Format the battles, hottest first."""
    return [_card_row(battle) for battle in by_heat(frame)]


def trace_rows(frame: LiveFrame) -> dict[str, TraceRow]:
    """Format the sparklines, by the key of their card."""
    return {
        battle_key(battle.attacker, battle.defender): _trace_row(battle)
        if i < ROOMY_CARDS
        else TraceRow("", "")
        for i, battle in enumerate(by_heat(frame))
    }


def reasons_by_card(frame: LiveFrame) -> dict[str, list[ReasonRow]]:
    """Format the reasons, by the key of their card; none on a small card.

    They change once a second with the forecast, while gaps change four times a second.
    """
    return {
        battle_key(battle.attacker, battle.defender): reason_rows(
            battle.reasons[: MOST_REASONS * (i < ROOMY_CARDS)]
        )
        for i, battle in enumerate(by_heat(frame))
    }


def mix_rows(frame: LiveFrame) -> dict[str, MixRow]:
    """Format interval and experts of the forecasts that have them, by the key of their card."""
    return {
        battle_key(battle.attacker, battle.defender): mix_row(
            battle.mixed, with_experts=i < ROOMY_CARDS
        )
        for i, battle in enumerate(by_heat(frame))
        if battle.mixed is not None
    }


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
    trend, trend_words = _trend(battle.trend_s_per_lap)
    p = battle.p_overtake
    return BattleCardRow(
        key=battle_key(battle.attacker, battle.defender),
        stake=stake_words(battle.position),
        attacker=str(battle.attacker),
        defender=str(battle.defender),
        gap=f"{battle.interval_s:.3f}",
        gap_note=_gap_note(battle),
        trend=trend,
        trend_words=trend_words,
        bound=_bound(p),
        percent="--" if p is None else str(min(max(round(100 * p), 1), 99)),
        exact="" if p is None else f"{100 * p:.1f} %",
        meter=0 if p is None else round(100 * p),
        tone="fading" if battle.fading else _tone(p),
        no_forecast=(battle.no_forecast_because or "no reason given") if p is None else "",
        laps="first lap"
        if battle.laps < 1
        else f"{battle.laps} lap{'' if battle.laps == 1 else 's'}",
        heat=f"{battle.heat:.1f}",
        condition="" if p is None else condition_text(battle.condition, battle.condition_words),
    )


def _trace_row(battle: BattleLine) -> TraceRow:
    return TraceRow(
        forecast=polyline_points(battle.p_history, top=1.0),
        gap=polyline_points(battle.interval_history, top=GAP_SCALE_S),
    )


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


def _bound(p: float | None) -> str:
    if p is None:
        return ""
    return "<" if p < 0.01 else ">" if p > 0.99 else ""


def _tone(p: float | None) -> str:
    if p is None:
        return "none"
    return "high" if p >= _HIGH else "middle" if p >= _MIDDLE else "low"


def reason_rows(reasons: Sequence[Reason]) -> list[ReasonRow]:
    """Format reasons, sorted under what they moved: the situation first, then the experts."""
    return [reason_row(reason) for reason in sorted(reasons, key=_part)]


def reason_row(reason: Reason) -> ReasonRow:
    """Format a reason: `+0.41` and `gap 0.6 s`."""
    return ReasonRow(
        weight=f"{reason.weight:+.2f}".replace("-", MINUS),
        words=reason.words,
        tone="for" if reason.weight >= 0 else "against",
        expert=reason.expert,
    )


def condition_text(condition: Condition, words: str) -> str:
    """Return the condition of a battle for readers: the predictor's words, where there are any.

    >>> condition_text(Condition.FRESH, ""), condition_text(Condition.CLEAN, "")
    ('fresh from the pits', '')
    """
    return words or _CONDITIONS[condition]


def _part(reason: Reason) -> int:
    return _PARTS.index(reason.expert) if reason.expert in _PARTS else len(_PARTS)
