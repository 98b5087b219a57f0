"""The charts of one battle, their words and tables, by the names of the state's variables."""

from __future__ import annotations

from dataclasses import asdict, replace

from pitwall.domain.stories import BattleStory, Side
from pitwall.pipeline.lap_comparing import LapCompared
from pitwall.web.figures.forecasts import forecast_figure, forecast_table, forecast_words
from pitwall.web.figures.gaps import gap_figure, gap_table, gap_words
from pitwall.web.figures.sectors import lap_table, lap_words, sector_figure, trap_figure
from pitwall.web.figures.telemetry import telemetry_figure, telemetry_table, telemetry_words
from pitwall.web.rows.battle_room import LapChoiceRow, room_row
from pitwall.web.rows.page import PageRows
from pitwall.web.words import code

NO_TELEMETRY = "No car telemetry is kept of this lap for both cars."


def story_rows(story: BattleStory) -> PageRows:
    """Return everything that is drawn of a story."""
    story = _with_plain_codes(story)
    return {
        "room": asdict(room_row(story)),
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
    """Return what is drawn of one lap compared."""
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
    """Return the story with codes that Plotly draws as they are."""
    return replace(story, attacker=_plain(story.attacker), defender=_plain(story.defender))


def _plain(side: Side) -> Side:
    return replace(side, code=code(side.code, side.car))
