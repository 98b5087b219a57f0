"""Format the panels about one battle: its cars, charts, forecasts and what-if controls."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

from pitwall.analysis.lap_comparison import LapCompared
from pitwall.domain.battles import DEFAULT_RULES
from pitwall.domain.race import Compound
from pitwall.domain.stories import BattleStory, Side
from pitwall.prediction.forecast import Forecast
from pitwall.prediction.scenario import Scenario, SeenBattle
from pitwall.web.replay.forecast_chart import forecast_figure, forecast_table, forecast_words
from pitwall.web.replay.gap_chart import (
    gap_figure,
    gap_table,
    gap_words,
    lap_table,
    lap_words,
    sector_figure,
    trap_figure,
)
from pitwall.web.replay.telemetry_chart import telemetry_figure, telemetry_table, telemetry_words
from pitwall.web.shared.battle_rows import ReasonRow, condition_text, reason_rows
from pitwall.web.shared.car_rows import MINUS
from pitwall.web.shared.display_text import code
from pitwall.web.shared.expert_rows import MixRow, mix_row, whole_percent
from pitwall.web.shared.page_rows import PageRows

_AS_GOOD_AS_NOTHING = 0.005


@dataclass
class ChosenBattleRow:
    """The chosen battle; `key` is "" while there is none. `note` says what is missing."""

    key: str = ""
    title: str = ""
    attacker: str = ""
    defender: str = ""
    note: str = ""


@dataclass
class LapChoiceRow:
    """Which lap is compared, "" for none; `note` says why nothing is drawn.

    `corners_from` is the source of the corner numbers, "" where there are none.
    """

    lap: str = ""
    has_before: bool = False
    has_after: bool = False
    note: str = ""
    corners_from: str = ""


@dataclass
class ForecastRow:
    """One forecast; `percent` is text without the sign, `meter` a whole number for the gauge.

    `no_forecast` says why there is none; `mix` is valid only where `has_mix`. `condition` is ""
    for a clean battle.
    """

    at: str = ""
    percent: str = "--"
    meter: int = 0
    no_forecast: str = ""
    reasons: list[ReasonRow] = field(default_factory=list)
    has_mix: bool = False
    mix: MixRow = field(default_factory=lambda: MixRow(0, 0, "", "", "", "", "", "", []))
    condition: str = ""


@dataclass
class WhatIfRow:
    """The values of the what-if controls as text, "" for what is not known.

    `key` changes with the battle and the moment, so that the controls start again.
    """

    key: str = ""
    gap_s: str = ""
    attacker_tyre_laps: str = ""
    defender_tyre_laps: str = ""
    attacker_compound: str = ""
    defender_compound: str = ""
    mode: str = ""


@dataclass
class LimitsRow:
    """The ends of the sliders as text: the range seen in training, within reason."""

    least_gap_s: str = "0.1"
    most_gap_s: str = str(DEFAULT_RULES.closes_beyond_s)
    most_tyre_laps: str = "50"


def chosen_battle_row(story: BattleStory, note: str = "") -> ChosenBattleRow:
    """Return the battle that the panels are about."""
    attacker, defender = story.attacker, story.defender
    return ChosenBattleRow(
        key=f"{story.race_id} {attacker.car}-{defender.car}",
        title=f"{attacker.code} attacks {defender.code}",
        attacker=attacker.code,
        defender=defender.code,
        note=note,
    )


def forecast_row(forecast: Forecast, at: str = "") -> ForecastRow:
    """Format one forecast with its reasons, interval and experts."""
    p = forecast.p_overtake
    if p is None:
        return ForecastRow(at=at, no_forecast=forecast.no_forecast_because or "no reason given")
    row = ForecastRow(
        at=at,
        percent=whole_percent(p),
        meter=round(100 * p),
        reasons=reason_rows(forecast.reasons, p),
        condition=condition_text(forecast.condition, forecast.condition_words),
    )
    if forecast.mixed is not None:
        row.has_mix, row.mix = True, mix_row(forecast.mixed)
    return row


def what_if_row(seen: SeenBattle, scenario: Scenario, key: str) -> WhatIfRow:
    """Return the control values of a scenario; what it leaves out is as in the race."""

    def stands(name: str) -> object:
        changed = getattr(scenario, name)
        return getattr(seen.as_it_was, name) if changed is None else changed

    mode = stands("has_mode")
    return WhatIfRow(
        key=key,
        gap_s=_number(stands("gap_s"), 2),
        attacker_tyre_laps=_number(stands("attacker_tyre_laps"), 0),
        defender_tyre_laps=_number(stands("defender_tyre_laps"), 0),
        attacker_compound=_compound(stands("attacker_compound")),
        defender_compound=_compound(stands("defender_compound")),
        mode="" if mode is None else "yes" if mode else "no",
    )


def difference(before: Forecast, after: Forecast) -> str:
    """Return how far a change moves the forecast, in percentage points.

    >>> difference(Forecast(0.2), Forecast(0.35)), difference(Forecast(0.2), Forecast(0.201))
    ('+15 points', 'no change')
    """
    if before.p_overtake is None or after.p_overtake is None:
        return ""
    by = after.p_overtake - before.p_overtake
    if abs(by) < _AS_GOOD_AS_NOTHING:
        return "no change"
    sign = "+" if by > 0 else MINUS
    points = abs(100 * by)
    return f"{sign}{points:.0f} point{'' if round(points) == 1 else 's'}"


def limits_row(gap: tuple[float, float] | None, tyre: tuple[float, float] | None) -> LimitsRow:
    """Return the ends of the sliders.

    Args:
        gap: Range of the interval in training, s.
        tyre: Range of the attacker's tyre age in training, laps.
    """
    limits = LimitsRow()
    if gap is not None:
        limits.least_gap_s = f"{max(gap[0], 0.1):.2f}"
        limits.most_gap_s = f"{min(gap[1], DEFAULT_RULES.closes_beyond_s):.2f}"
    if tyre is not None:
        limits.most_tyre_laps = f"{min(tyre[1], 60):.0f}"
    return limits


def _number(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, int | float) else ""


def _compound(value: object) -> str:
    return value.value.lower() if isinstance(value, Compound) else ""


NO_TELEMETRY = "Car telemetry of this lap is not stored for both cars."


def story_rows(story: BattleStory) -> PageRows:
    """Return all charts and words about a battle."""
    story = _with_plain_codes(story)
    return {
        "battle": asdict(chosen_battle_row(story)),
        "forecast": forecast_figure(story),
        "forecast_table": asdict(forecast_table(story)),
        "forecast_words": forecast_words(story),
        "gaps": gap_figure(story),
        "gap_table": asdict(gap_table(story)),
        "gap_words": gap_words(story),
        "sectors": sector_figure(story),
        "traps": trap_figure(story),
        "lap_table": asdict(lap_table(story)),
        "lap_words": lap_words(story),
    }


def lap_rows(story: BattleStory, lap: int, compared: LapCompared | None) -> PageRows:
    """Return the chart and words that compare one lap."""
    story = _with_plain_codes(story)
    laps = [both.lap for both in story.laps]
    choice = LapChoiceRow(
        lap=str(lap) if lap else "",
        has_before=bool(laps) and lap > laps[0],
        has_after=bool(laps) and lap < laps[-1],
        note="" if compared is not None else NO_TELEMETRY,
        corners_from="" if compared is None else compared.corners_from,
    )
    return {
        "lap_choice": asdict(choice),
        "telemetry": telemetry_figure(story, compared),
        "telemetry_table": asdict(telemetry_table(story, compared)),
        "telemetry_words": telemetry_words(story, compared),
    }


def _with_plain_codes(story: BattleStory) -> BattleStory:
    """Return the story with driver codes that Plotly draws unchanged."""
    return replace(story, attacker=_plain(story.attacker), defender=_plain(story.defender))


def _plain(side: Side) -> Side:
    return replace(side, code=code(side.code, side.car))
