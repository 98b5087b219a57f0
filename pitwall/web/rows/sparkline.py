"""Histories drawn as the `points` of a small SVG polyline, newest reading at the right edge."""

from __future__ import annotations

from collections.abc import Sequence

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
