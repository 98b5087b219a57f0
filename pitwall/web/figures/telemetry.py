"""One lap of two cars by distance: delta, speed, throttle, brake, gear, DRS, and the corners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pitwall.domain.stories import BattleStory
from pitwall.pipeline.lap_comparing import LapCompared
from pitwall.web.figures.battle import ATTACKER, DEFENDER
from pitwall.web.figures.corners import corner_lines, corner_numbers, corner_of, gained_most
from pitwall.web.figures.theme import DIM, INK, NO_FIGURE, Figure, Table, axis, layout

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
_BETWEEN: Final = 0.25
_TABLE_ROWS: Final = 24


def telemetry_figure(story: BattleStory, compared: LapCompared | None) -> Figure:
    """Draw the channels one below the other; nothing without telemetry."""
    if compared is None:
        return NO_FIGURE
    told = [each for each in _CHANNELS if _is_told(compared, each[0])]
    numbers = [_CORNERS_HEIGHT] if compared.corners else []
    domains = _domains([_DELTA_HEIGHT, *numbers, *(height for _, _, height in told)])
    delta, *between = domains[: 1 + len(numbers)]
    charts = domains[1 + len(numbers) :]
    traces = [_delta(compared)]
    axes: dict[str, Any] = {}
    for nth, (field, usual, _) in enumerate(told, start=2):
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
            axis("m from the line, estimated", anchor=f"y{len(told) + 1}", nticks=6),
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
    """Return some places along the lap: delta and both speeds."""
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
    """Say the chart in a sentence; "" without telemetry."""
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


def _is_told(compared: LapCompared, field: str) -> bool:
    values = [getattr(car, field) for car in (compared.attacker, compared.defender)]
    if any(value is None for value in values):
        return False
    # From 2026 there is no DRS; feeds that still send the channel send nothing but nought in it.
    return field != "drs" or any(max(value) >= DRS_OPEN for value in values)


def _scale(compared: LapCompared, field: str, title: str) -> tuple[str, dict[str, Any]]:
    """Return a channel's title and its ticks; what knows yes and no alone has two."""
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
    whole = sum(heights) + _BETWEEN * (len(heights) - 1)
    top = whole
    found = []
    for height in heights:
        found.append([round((top - height) / whole, 4), round(top / whole, 4)])
        top -= height + _BETWEEN
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
