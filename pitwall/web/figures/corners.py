"""The corners of a circuit along a lap: lines and numbers on a chart, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from pitwall.domain.circuits import CornerOnLap
from pitwall.pipeline.lap_comparing import LapCompared
from pitwall.web.figures.theme import DIM
from pitwall.web.words import label

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
    """Return the corners' numbers, in rows between two heights of the chart.

    Where a phone has no room for a number in any row, it is left out; its line stays.
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
    """Say in which corner, or between which two, a place of the lap is.

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
    """Say between which two corners the attacker gained most; "" where he gained next to nothing.

    >>> from pitwall.pipeline.lap_comparing import Channels
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
