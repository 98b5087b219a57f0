"""Draw a reliability diagram as SVG: forecast against observed, with counts and intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

_SIZE: Final = 420
_EDGE: Final = 48
_SPAN: Final = _SIZE - 2 * _EDGE


def reliability_svg(bins: Sequence[Mapping[str, Any]], title: str) -> str:
    """Return the picture.

    Both axes are square-root scaled, since most battles have a small chance.

    Args:
        bins: Each with `forecast`, `observed`, `count`, and the 95 % `interval` of `observed`.
        title: The name of the test.
    """
    top = max(max(one["forecast"], one["interval"][1]) for one in bins)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_SIZE}" height="{_SIZE}" '
        f'viewBox="0 0 {_SIZE} {_SIZE}" font-family="sans-serif" font-size="11">',
        f"<title>Reliability, {escape(title)}</title>",
        f'<rect width="{_SIZE}" height="{_SIZE}" fill="#fff"/>',
        *_axes(top),
        *(part for one in bins for part in _bin(one, top)),
        f'<text x="{_EDGE}" y="28" font-size="13">Reliability, {escape(title)}: '
        "next lap, bins of equal numbers</text>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _axes(top: float) -> Iterator[str]:
    low, high = _EDGE, _EDGE + _SPAN
    yield f'<path d="M{low} {high}L{high} {low}" stroke="#999" stroke-dasharray="4 4"/>'
    yield f'<path d="M{low} {low}V{high}H{high}" fill="none" stroke="#333"/>'
    for tick in (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0):
        if tick > top:
            break
        at = _at(tick, top)
        yield f'<text x="{low + at:.1f}" y="{high + 16}" text-anchor="middle">{tick:g}</text>'
        yield f'<text x="{low - 6}" y="{high - at + 4:.1f}" text-anchor="end">{tick:g}</text>'
    yield f'<text x="{_SIZE / 2}" y="{_SIZE - 10}" text-anchor="middle">forecast</text>'
    yield f'<text x="12" y="{_SIZE / 2}" transform="rotate(-90 12 {_SIZE / 2})">observed</text>'


def _bin(one: Mapping[str, Any], top: float) -> Iterator[str]:
    x = _EDGE + _at(one["forecast"], top)
    low, high, middle = (
        _EDGE + _SPAN - _at(value, top) for value in (*one["interval"], one["observed"])
    )
    tip = (
        f"{one['count']} battles, {one['passes']} passes: forecast {one['forecast']:.4f}, "
        f"observed {one['observed']:.4f}"
    )
    yield f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="#0b6"/>'
    yield f'<circle cx="{x:.1f}" cy="{middle:.1f}" r="4" fill="#0b6"><title>{tip}</title></circle>'


def _at(value: float, top: float) -> float:
    return float(_SPAN * (max(value, 0.0) / top) ** 0.5)
