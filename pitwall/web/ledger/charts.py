"""Chart how forecasts came out: the reliability diagram, and the scores race by race.

Forecast and gap alone differ in shape and dash as well as in colour.
"""

from __future__ import annotations

from typing import Any, Final

from pitwall.analysis.track_record import RaceScore, TrackRecord
from pitwall.web.shared.chart_theme import (
    AMBER,
    DIM,
    NO_FIGURE,
    PHOSPHOR,
    SKY,
    Figure,
    Table,
    axis,
    layout,
)
from pitwall.web.shared.display_text import label

MOST_RACES: Final = 150  # the newest: at this width a line of more races shows nothing more


def reliability_figure(record: TrackRecord) -> Figure:
    """Draw the share that came true over the forecast, and below it the number of forecasts."""
    bins = record.reliability
    if not bins:
        return NO_FIGURE
    forecasts = [round(one.mean_forecast, 4) for one in bins]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": "perfectly calibrated",
                "x": [0, 1],
                "y": [0, 1],
                "line": {"color": DIM, "width": 1, "dash": "dash"},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers+lines",
                "name": "forecasts, 95 % interval",
                "x": forecasts,
                "y": [round(one.share_passed, 4) for one in bins],
                "customdata": [[one.forecasts, one.passes, one.laps] for one in bins],
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [round(one.share_high - one.share_passed, 4) for one in bins],
                    "arrayminus": [round(one.share_passed - one.share_low, 4) for one in bins],
                    "color": AMBER,
                    "thickness": 1,
                    "width": 3,
                },
                "line": {"color": AMBER, "width": 1},
                "marker": {"color": AMBER, "size": 7},
                "hovertemplate": "forecast %{x:.3f}, came true %{y:.3f}<br>%{customdata[1]} of "
                "%{customdata[0]} forecasts, %{customdata[2]} laps<extra></extra>",
            },
            {
                "type": "bar",
                "name": "forecasts",
                "x": [round((one.low + one.high) / 2, 4) for one in bins],
                "y": [one.forecasts for one in bins],
                "width": [round(0.9 * (one.high - one.low), 4) for one in bins],
                "marker": {"color": SKY},
                "yaxis": "y2",
                "hovertemplate": "%{y} forecasts<extra></extra>",
            },
        ],
        "layout": layout(
            axis("forecast chance of an overtake", range=[0, 1], anchor="y2"),
            axis("share that came true", range=[0, 1], domain=[0.32, 1]),
            yaxis2=axis("forecasts", type="log", domain=[0, 0.22], nticks=4),
            hovermode="closest",
        ),
    }


def reliability_table(record: TrackRecord) -> Table:
    """Return the diagram's numbers."""
    return Table(
        [
            "forecast, from to",
            "forecasts",
            "laps",
            "came true",
            "forecast, mean",
            "share that came true",
            "95 % interval",
        ],
        [
            [
                f"{one.low:.2f} to {one.high:.2f}",
                f"{one.forecasts:,}",
                f"{one.laps:,}",
                f"{one.passes:,}",
                f"{one.mean_forecast:.3f}",
                f"{one.share_passed:.3f}",
                f"{one.share_low:.3f} to {one.share_high:.3f}",
            ]
            for one in record.reliability
        ],
    )


def log_loss_figure(record: TrackRecord) -> Figure:
    """Draw each race's log-loss beside that of the gap alone."""
    return _over_time(record, "log-loss, nats", "log_loss", "gap_log_loss")


def brier_figure(record: TrackRecord) -> Figure:
    """Draw each race's Brier score beside that of the gap alone."""
    return _over_time(record, "Brier score", "brier", "gap_brier")


def _over_time(record: TrackRecord, title: str, own: str, gap: str) -> Figure:
    races = record.races[-MOST_RACES:]
    if len(races) < 2:
        return NO_FIGURE
    return {
        "data": [
            _line("forecast", AMBER, "circle", "solid", races, own),
            _line("gap only", PHOSPHOR, "diamond-open", "dot", races, gap),
        ],
        "layout": layout(
            axis("race", type="date"), axis(title, rangemode="tozero"), hovermode="closest"
        ),
    }


def _line(
    name: str, colour: str, symbol: str, dash: str, races: tuple[RaceScore, ...], score: str
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers+lines",
        "name": name,
        "x": [f"{one.run.first_at:%Y-%m-%d %H:%M}" for one in races],
        "y": [round(getattr(one.score, score), 5) for one in races],
        "text": [f"{label(one.run.name)} {one.run.year}" for one in races],
        "line": {"color": colour, "width": 1.5, "dash": dash},
        "marker": {"color": colour, "symbol": symbol, "size": 7},
        "hovertemplate": "%{text}<br>%{y:.4f}<extra>" + name + "</extra>",
    }
