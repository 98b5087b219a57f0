"""Give every chart the colours, fonts and behaviour of `assets/theme.css`, for Plotly.

A figure is a value `{"data": [...], "layout": {...}}` as plotly.js takes it. It is built without
the plotly package, as the value itself is all that the browser needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, TypedDict

NIGHT: Final = "#090b08"
INK: Final = "#ece8d5"
DIM: Final = "#a9ad96"
LINE: Final = "#2b3124"
AMBER: Final = "#ffb52e"
PHOSPHOR: Final = "#63f29a"
ALARM: Final = "#ff6b57"
SKY: Final = "#64b8ff"

_DATA: Final = '"IBM Plex Mono", ui-monospace, monospace'


class Figure(TypedDict):
    """What plotly.js draws: traces, and the layout around them."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a figure as text, with units in the head."""

    head: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


NO_FIGURE: Final[Figure] = {"data": [], "layout": {}}
"""Nothing to draw; the chart then takes no space."""


def axis(title: str, **settings: object) -> dict[str, Any]:
    """Return an axis whose title names the unit."""
    return {
        "title": {"text": title, "font": {"size": 12, "color": DIM}, "standoff": 8},
        "automargin": True,
        "color": DIM,
        "gridcolor": LINE,
        "zeroline": False,
        "linecolor": LINE,
        "tickfont": {"size": 11, "color": DIM},
        "fixedrange": True,
        **settings,
    }


def layout(x: dict[str, Any], y: dict[str, Any], **settings: object) -> dict[str, Any]:
    """Return the layout of a chart.

    A finger that moves over it scrolls the page, as nothing can be dragged or zoomed. Nothing is
    animated. The legend stands above, where a phone has space for it.
    """
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": _DATA, "size": 12, "color": INK},
        "margin": {"l": 8, "r": 10, "t": 8, "b": 8, "pad": 0},
        "dragmode": False,
        "hovermode": "x unified",
        "hoverdistance": -1,  # a click anywhere means the nearest point
        "hoverlabel": {"bgcolor": "#171b13", "bordercolor": LINE, "font": {"color": INK}},
        "legend": {
            "orientation": "h",
            "traceorder": "normal",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": 11},
        },
        "xaxis": x,
        "yaxis": y,
        **settings,
    }
