"""Chart the forecasts of one battle over time, with interval, experts and outcome."""

from __future__ import annotations

from typing import Any, Final

from pitwall.domain.forecasts import ExpertName, points_of
from pitwall.domain.stories import BattleStory
from pitwall.web.replay.chart_axes import (
    clock,
    moment,
    thinned,
    time_axis,
    turn_labels,
    turn_shapes,
    turn_trace,
    with_labels,
    words_of,
)
from pitwall.web.shared.car_rows import MINUS
from pitwall.web.shared.chart_theme import NO_FIGURE, Figure, Table, axis, layout

EXPERTS: Final = {
    # name: colour, dash, and pattern of its share, so that colour is never all that tells
    ExpertName.OM: ("#ffb52e", "dash", "/"),
    ExpertName.BOOST: ("#64b8ff", "dot", "."),
    ExpertName.AERO: ("#c9a0ff", "dashdot", "x"),
}
MIXTURE: Final = "#ece8d5"
_TABLE_ROWS: Final = 40


def forecast_figure(story: BattleStory) -> Figure:
    """Draw the forecasts, and below them what the experts moved; nothing without forecasts.

    Below forecasts of earlier releases, which have no contributions, are the experts' weights.
    """
    rows = thinned(story.forecasts)
    if not rows:
        return NO_FIGURE
    at = [moment(row.made_at) for row in rows]
    has_mixture = rows[-1].p_low is not None
    traces = [_interval(at, rows)] if has_mixture else []
    traces.append(_line(at, "P(overtake)", [row.p_overtake for row in rows], MIXTURE, "solid", 2.5))
    if has_mixture:
        for name, (colour, dash, _) in EXPERTS.items():
            values = [getattr(row, f"p_{name}") for row in rows]
            traces.append(_line(at, name.upper(), values, colour, dash, 1.5))
        traces += _moves(at, rows) or [_share(at, name, rows) for name in EXPERTS]
    traces.append(turn_trace(story, 0.0))
    return {
        "data": traces,
        "layout": layout(
            time_axis(story, anchor="y2" if has_mixture else "y"),
            axis(
                "P(overtake)",
                range=[0, _top(rows)],
                tickformat=".0%",
                nticks=5,
                domain=[0.3, 1] if has_mixture else [0, 1],
            ),
            yaxis2=_lower_axis(rows),
            shapes=turn_shapes(story),
            **with_labels(turn_labels(story)),
        ),
    }


def forecast_table(story: BattleStory) -> Table:
    """Return the chart as a table of some forty moments."""
    head = ["UTC", "P(overtake) %", "90 % interval", "gap s"]
    rows = thinned(story.forecasts, _TABLE_ROWS)
    has_mixture = bool(rows) and rows[-1].p_low is not None
    if has_mixture:
        what = "weight %" if None in map(_points, rows) else "moves, points"
        head += [f"{name.upper()} % ({what})" for name in EXPERTS]
    head.append("came true")
    shows_points = None not in map(_points, rows)
    return Table(
        head, [_cells(row, has_mixture=has_mixture, shows_points=shows_points) for row in rows]
    )


def forecast_words(story: BattleStory) -> str:
    """Describe the chart in a sentence or two."""
    pair = f"{story.attacker.code} on {story.defender.code}"
    if not story.forecasts:
        return f"{pair}: the model made no forecast for this battle."
    first, last = story.forecasts[0], story.forecasts[-1]
    highest = max(story.forecasts, key=lambda row: row.p_overtake)
    sentence = (
        f"Forecast of {pair}: {_percent(first.p_overtake)} % at {clock(first.made_at)}, "
        f"highest {_percent(highest.p_overtake)} % at {clock(highest.made_at)}, "
        f"last {_percent(last.p_overtake)} % at {clock(last.made_at)}."
    )
    turns = [f"{words_of(turn, story)} at {clock(turn.at)}" for turn in story.happenings]
    return f"{sentence} {'; '.join(turns)}." if turns else sentence


def _top(rows: list[Any]) -> float:
    """Return where the axis ends: just above the highest value, and never below a quarter."""
    drawn = ("p_overtake", "p_high", *(f"p_{name}" for name in EXPERTS))
    highest = max(getattr(row, name) or 0.0 for row in rows for name in drawn)
    return min(1.02, max(0.25, 1.1 * highest))


def _interval(at: list[str], rows: list[Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "90 % interval",
        "x": [*at, *reversed(at)],
        "y": [*(_round(row.p_high) for row in rows), *(_round(row.p_low) for row in rows[::-1])],
        "fill": "toself",
        "fillcolor": "rgba(236,232,213,0.14)",
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def _line(
    at: list[str], name: str, values: list[float | None], colour: str, dash: str, width: float
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": at,
        "y": [_round(p) for p in values],
        "line": {"color": colour, "dash": dash, "width": width},
        "hovertemplate": "%{y:.1%}",
    }


def _points(row: Any) -> tuple[float, ...] | None:  # noqa: ANN401  a PredictionRecord
    """Return what each expert moved a forecast by, in percentage points; None where not stored."""
    contributions = [getattr(row, f"c_{name}") for name in EXPERTS]
    if row.c_base is None or None in contributions:
        return None
    return tuple(100 * each for each in points_of(row.c_base, contributions))


def _moves(at: list[str], rows: list[Any]) -> list[dict[str, Any]]:
    """Return one line for each expert's points; nothing where any forecast has none."""
    points = [each for each in map(_points, rows) if each is not None]
    if len(points) < len(rows):
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"{name.upper()} moves",
            "x": at,
            "y": [round(each[place], 1) for each in points],
            "yaxis": "y2",
            "line": {"color": colour, "dash": dash, "width": 1.5},
            "hovertemplate": "%{y:+.1f} points",
            "showlegend": False,
        }
        for place, (name, (colour, dash, _)) in enumerate(EXPERTS.items())
    ]


def _lower_axis(rows: list[Any]) -> dict[str, Any]:
    points = [each for each in map(_points, rows) if each is not None]
    if len(points) < len(rows):
        return axis(
            "weights", range=[0, 1], domain=[0, 0.2], tickvals=[0, 1], ticktext=["0", "100"]
        )
    most = max(5.0, *(abs(each) for row in points for each in row))
    return axis(
        "points",
        range=[-1.1 * most, 1.1 * most],
        domain=[0, 0.2],
        tickformat="+.0f",
        nticks=3,
        zeroline=True,
        zerolinecolor="#8f957f",
    )


def _share(at: list[str], name: ExpertName, rows: list[Any]) -> dict[str, Any]:
    colour, _, pattern = EXPERTS[name]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"weight of {name.upper()}",
        "x": at,
        "y": [_round(getattr(row, f"w_{name}")) for row in rows],
        "yaxis": "y2",
        "stackgroup": "weights",
        "line": {"color": colour, "width": 0.5},
        "fillpattern": {"shape": pattern, "fgcolor": colour, "bgcolor": "#171b13", "size": 6},
        "hovertemplate": "%{y:.0%}",
        "showlegend": False,
    }


def _cells(
    row: Any,  # noqa: ANN401  a PredictionRecord
    *,
    has_mixture: bool,
    shows_points: bool,
) -> list[str]:
    span = "" if row.p_low is None else f"{_percent(row.p_low)} to {_percent(row.p_high)}"
    cells = [clock(row.made_at), _percent(row.p_overtake), span, f"{row.interval_s:.3f}"]
    if has_mixture:
        points = _points(row) if shows_points else None
        beside = (
            [_percent(getattr(row, f"w_{name}")) for name in EXPERTS]
            if points is None
            else [f"{each:+.1f}".replace("-", MINUS) for each in points]
        )
        cells += [
            f"{_percent(getattr(row, f'p_{name}'))} ({told})"
            for name, told in zip(EXPERTS, beside, strict=True)
        ]
    return [*cells, (row.outcome or "open").replace("_", " ")]


def _percent(p: float | None) -> str:
    return "" if p is None else f"{100 * p:.0f}"


def _round(p: float | None) -> float | None:
    return None if p is None else round(p, 4)
