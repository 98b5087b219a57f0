"""Chart one lap of two cars by distance: delta, speed, throttle, brake, gear, corners."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from pitwall.analysis.lap_comparison import LapCompared
from pitwall.domain.circuits import CornerOnLap
from pitwall.domain.stories import BattleStory
from pitwall.web.replay.chart_axes import ATTACKER, DEFENDER
from pitwall.web.shared.chart_theme import DIM, INK, NO_FIGURE, Figure, Table, axis, layout
from pitwall.web.shared.display_text import label

LEVELS: Final = 2  # rows of numbers, so that corners close to each other are both named

# On a phone the charts have 280 px for the whole lap: a character takes 6.6, with 6 between words.
_CHARACTER: Final = 6.6 / 280

_BETWEEN: Final = 6 / 280

_AT_M: Final = 25.0  # so near, a place is said to be in the corner

_GAINED_S: Final = 0.03  # less is not worth a word

_LINE: Final = "the line"


def corner_lines(compared: LapCompared) -> list[dict[str, Any]]:
    """Return a faint line through all charts for each corner."""
    return [
        {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "layer": "below",
            "x0": corner.at_m,
            "x1": corner.at_m,
            "y0": 0,
            "y1": 1,
            "opacity": 0.4,
            "line": {"color": DIM, "width": 1, "dash": "dot"},
        }
        for corner in compared.corners
    ]


def corner_numbers(compared: LapCompared, domain: Sequence[float]) -> list[dict[str, Any]]:
    """Return the corner numbers, in rows between two heights of the chart.

    A number for which a phone has no space in any row is left out; its line stays.
    """
    length_m = compared.distance_m[-1]
    row = (domain[1] - domain[0]) / LEVELS
    free_from = [float("-inf")] * LEVELS  # as shares of the lap
    numbers = []
    for corner in compared.corners:
        at, half = corner.at_m / length_m, len(corner.name) * _CHARACTER / 2
        level = next((nth for nth, free in enumerate(free_from) if at - half >= free), None)
        if level is None:
            continue
        free_from[level] = at + half + _BETWEEN
        numbers.append(_number(corner, domain[1] - row * (level + 0.5)))
    return numbers


def corner_of(corners: Sequence[CornerOnLap], at_m: float) -> str:
    """Return in which corner, or between which two, a place of the lap is.

    >>> corners = [CornerOnLap("1", 300.0), CornerOnLap("2A", 500.0)]
    >>> [corner_of(corners, at_m) for at_m in (0, 290, 400, 900)]
    ['line to 1', '1', '1 to 2A', '2A to line']
    """
    nearest = min(corners, key=lambda corner: abs(corner.at_m - at_m))
    if abs(nearest.at_m - at_m) <= _AT_M:
        return nearest.name
    before = [corner.name for corner in corners if corner.at_m < at_m]
    after = [corner.name for corner in corners if corner.at_m >= at_m]
    return f"{before[-1] if before else 'line'} to {after[0] if after else 'line'}"


def gained_most(compared: LapCompared) -> str:
    """Return between which two corners the attacker gained most; "" if next to nothing was gained.

    >>> from pitwall.analysis.lap_comparison import Channels
    >>> flat = Channels([200.0] * 3, None, None, None, None)
    >>> corners = (CornerOnLap("1", 50.0), CornerOnLap("2", 100.0))
    >>> lap = LapCompared(7, [0, 50, 100], [0.0, 0.1, -0.1], flat, flat, (), corners)
    >>> gained_most(lap)
    'between turn 1 and turn 2, 0.200 s'
    """
    if not compared.corners:
        return ""
    length_m = compared.distance_m[-1]
    turns = [(f"turn {corner.name}", corner.at_m) for corner in compared.corners]
    places = [(_LINE, 0.0), *turns, (_LINE, length_m)]
    gained, since, until = max(
        (_delta_at(compared, begin_m) - _delta_at(compared, end_m), begin, end)
        for (begin, begin_m), (end, end_m) in pairwise(places)
    )
    return f"between {since} and {until}, {gained:.3f} s" if gained >= _GAINED_S else ""


def _delta_at(compared: LapCompared, at_m: float) -> float:
    share = at_m / compared.distance_m[-1]
    return compared.delta_s[round(share * (len(compared.delta_s) - 1))]


def _number(corner: CornerOnLap, height: float) -> dict[str, Any]:
    return {
        "xref": "x",
        "yref": "paper",
        "x": corner.at_m,
        "y": round(height, 4),
        "text": label(corner.name, 6),
        "showarrow": False,
        "xanchor": "center",
        "yanchor": "middle",
        "font": {"size": 11, "color": DIM},
    }


DRS_OPEN: Final = 10

_CHANNELS: Final = (
    # field, title, height in shares of the chart
    ("speed_kmh", "km/h", 4.0),
    ("throttle_pct", "throttle %", 2.0),
    ("brake_pct", "brake %", 1.2),
    ("gear", "gear", 1.6),
    ("drs", "DRS", 0.8),
)

_STEPPED: Final = {"brake_pct", "gear", "drs"}  # between two gears there is none

_DELTA_HEIGHT: Final = 2.0

_CORNERS_HEIGHT: Final = 0.7  # two rows of numbers

_ROW_GAP: Final = 0.25

_TABLE_ROWS: Final = 24


def telemetry_figure(story: BattleStory, compared: LapCompared | None) -> Figure:
    """Draw the channels one below the other; nothing without telemetry."""
    if compared is None:
        return NO_FIGURE
    channels = [each for each in _CHANNELS if _is_known(compared, each[0])]
    numbers = [_CORNERS_HEIGHT] if compared.corners else []
    domains = _domains([_DELTA_HEIGHT, *numbers, *(height for _, _, height in channels)])
    delta, *between = domains[: 1 + len(numbers)]
    charts = domains[1 + len(numbers) :]
    traces = [_delta(compared)]
    axes: dict[str, Any] = {}
    for nth, (field, usual, _) in enumerate(channels, start=2):
        title, ticks = _scale(compared, field, usual)
        axes[f"yaxis{nth}"] = axis(title, domain=charts[nth - 2], **ticks)
        for code, colour, dash, car in (
            (story.attacker.code, ATTACKER, "solid", compared.attacker),
            (story.defender.code, DEFENDER, "dot", compared.defender),
        ):
            values = getattr(car, field)
            if field == "drs" and values is not None:
                values = [int(value >= DRS_OPEN) for value in values]
            traces.append(_trace(compared.distance_m, values, f"y{nth}", (code, colour, dash)))
            traces[-1]["showlegend"] = field == "speed_kmh"
            if field in _STEPPED:
                traces[-1]["line"]["shape"] = "hv"
    return {
        "data": traces,
        "layout": layout(
            axis("m from the line, estimated", anchor=f"y{len(channels) + 1}", nticks=6),
            axis("delta, s", domain=delta, zeroline=True, zerolinecolor=DIM, nticks=4),
            **axes,
            shapes=[
                *(_sector_line(place) for place in compared.sectors_m),
                *corner_lines(compared),
            ],
            annotations=[
                *(
                    _sector_word(place, f"S{nth}")
                    for nth, place in enumerate(compared.sectors_m, 1)
                ),
                *(number for domain in between for number in corner_numbers(compared, domain)),
            ],
        ),
    }


def telemetry_table(story: BattleStory, compared: LapCompared | None) -> Table:
    """Return the delta and both speeds at some places along the lap, as a table."""
    if compared is None:
        return Table()
    places = range(0, len(compared.distance_m), max(1, len(compared.distance_m) // _TABLE_ROWS))
    corner = ["corner"] if compared.corners else []
    return Table(
        ["m", *corner, "delta s", f"{story.attacker.code} km/h", f"{story.defender.code} km/h"],
        [
            [
                f"{compared.distance_m[nth]:.0f}",
                *(corner_of(compared.corners, compared.distance_m[nth]) for _ in corner),
                f"{compared.delta_s[nth]:+.3f}",
                f"{compared.attacker.speed_kmh[nth]:.0f}",
                f"{compared.defender.speed_kmh[nth]:.0f}",
            ]
            for nth in places
        ],
    )


def telemetry_words(story: BattleStory, compared: LapCompared | None) -> str:
    """Describe the chart in a sentence; "" without telemetry."""
    if compared is None:
        return ""
    attacker, defender = story.attacker.code, story.defender.code
    end_s = compared.delta_s[-1]
    word = "gained" if end_s < 0 else "lost"
    fastest = (max(compared.attacker.speed_kmh), max(compared.defender.speed_kmh))
    where = gained_most(compared)
    most = f", and gained most {where}" if where else ""
    return (
        f"Lap {compared.lap}: {attacker} {word} {abs(end_s):.3f} s on {defender}{most}; "
        f"highest speed {fastest[0]:.0f} against {fastest[1]:.0f} km/h."
    )


def _is_known(compared: LapCompared, field: str) -> bool:
    values = [getattr(car, field) for car in (compared.attacker, compared.defender)]
    if any(value is None for value in values):
        return False
    # From 2026 there is no DRS; feeds that still send the channel send only zeros.
    return field != "drs" or any(max(value) >= DRS_OPEN for value in values)


def _scale(compared: LapCompared, field: str, title: str) -> tuple[str, dict[str, Any]]:
    """Return a channel's title and ticks; a channel of yes and no has two ticks."""
    if field == "drs":
        return title, {"tickvals": [0, 1], "ticktext": ["shut", "open"], "range": [-0.1, 1.1]}
    if field == "brake_pct":
        cars = (compared.attacker, compared.defender)
        if {value for car in cars for value in car.brake_pct or ()} <= {0, 100}:
            ticks = {"tickvals": [0, 100], "ticktext": ["off", "on"], "range": [-10, 110]}
            return "brake", ticks
    return title, {"nticks": 4}


def _domains(heights: Sequence[float]) -> list[list[float]]:
    """Return bottom and top of each chart, from the top down, in shares of the whole."""
    whole = sum(heights) + _ROW_GAP * (len(heights) - 1)
    top = whole
    found = []
    for height in heights:
        found.append([round((top - height) / whole, 4), round(top / whole, 4)])
        top -= height + _ROW_GAP
    found[-1][0] = 0.0
    return found


def _delta(compared: LapCompared) -> dict[str, Any]:
    look = ("delta", INK, "solid")
    trace = _trace(compared.distance_m, compared.delta_s, "y", look)
    return trace | {"showlegend": False, "hovertemplate": "%{y:+.3f} s"}


def _trace(
    x: Sequence[float], y: Sequence[float], on: str, look: tuple[str, str, str]
) -> dict[str, Any]:
    name, colour, dash = look
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": y,
        "yaxis": on,
        "line": {"color": colour, "width": 1.5, "dash": dash},
        "hovertemplate": "%{y}",
    }


def _sector_line(place: float) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": place,
        "x1": place,
        "y0": 0,
        "y1": 1,
        "line": {"color": DIM, "width": 1, "dash": "dash"},
    }


def _sector_word(place: float, name: str) -> dict[str, Any]:
    return {
        "xref": "x",
        "yref": "paper",
        "x": place,
        "y": 1,
        "text": f"{name} ends",
        "showarrow": False,
        "xanchor": "right",
        "yanchor": "top",
        "font": {"size": 11, "color": DIM},
    }
