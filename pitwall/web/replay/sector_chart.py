"""Chart the differences of two cars lap by lap: sectors in seconds, speed traps in km/h."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pitwall.domain.stories import BattleStory, LapOfBoth
from pitwall.web.shared.chart_theme import (
    AMBER,
    DIM,
    NIGHT,
    NO_FIGURE,
    PHOSPHOR,
    SKY,
    Figure,
    Table,
    axis,
    layout,
)

SECTORS: Final = {"S1": "sector_1_s", "S2": "sector_2_s", "S3": "sector_3_s"}
TRAPS: Final = {"I1": "i1_kmh", "I2": "i2_kmh", "FL": "fl_kmh", "ST": "st_kmh"}
_LOOK: Final = ((AMBER, ""), (SKY, "/"), (PHOSPHOR, "."), ("#c9a0ff", "x"))
LARGEST_S: Final = 2.0  # a stop is no sector time
LARGEST_KMH: Final = 30.0
_MINUS: Final = "\N{MINUS SIGN}"


def sector_figure(story: BattleStory) -> Figure:
    """Draw the difference in each sector; below zero the attacker was faster."""
    return _bars(story, SECTORS, "difference, s", LARGEST_S)


def trap_figure(story: BattleStory) -> Figure:
    """Draw the difference at each speed trap; above zero the attacker was faster."""
    return _bars(story, TRAPS, "difference, km/h", LARGEST_KMH)


def lap_table(story: BattleStory) -> Table:
    """Return all differences of all laps as a table."""
    named = {"lap": "lap_time_s", **SECTORS, **TRAPS}
    units = {name: "km/h" if name in TRAPS else "s" for name in named}
    rows = []
    for both in story.laps:
        cells = [f"lap {both.lap}"]
        for name, field in named.items():
            amount = difference(both, field)
            digits = 1 if name in TRAPS else 3
            cells.append("" if amount is None else _signed(amount, digits))
        rows.append(cells)
    return Table(["", *(f"{name} {units[name]}" for name in named)], rows)


def lap_words(story: BattleStory) -> str:
    """Describe the newest lap in a sentence."""
    laps = [both for both in story.laps if difference(both, "lap_time_s") is not None]
    if not laps:
        return "No lap time is known for both cars yet."
    newest = laps[-1]
    amounts = [
        f"{_signed(amount, 3)} s in {name}"
        for name, field in SECTORS.items()
        if (amount := difference(newest, field)) is not None
    ]
    whole = _signed(difference(newest, "lap_time_s") or 0.0, 3)
    parts = f" ({', '.join(amounts)})" if amounts else ""
    pair = (story.attacker.code, story.defender.code)
    return f"On lap {newest.lap}, {pair[0]} compared with {pair[1]}: {whole} s{parts}."


def difference(both: LapOfBoth, field: str) -> float | None:
    """Return attacker minus defender; None where either is not known."""
    back, front = getattr(both.attacker, field), getattr(both.defender, field)
    return None if back is None or front is None else round(back - front, 3)


def _bars(story: BattleStory, named: dict[str, str], title: str, largest: float) -> Figure:
    traces = [
        _trace(name, look, story.laps, [difference(both, field) for both in story.laps])
        for (name, field), look in zip(named.items(), _LOOK, strict=False)
    ]
    known = [abs(y) for trace in traces for y in trace["y"] if y is not None]
    if not known:
        return NO_FIGURE
    reach = min(max(*known, largest / 10), largest) * 1.05
    return {
        "data": traces,
        "layout": layout(
            axis("lap", tickformat="d", nticks=8),
            axis(title, range=[-reach, reach], zeroline=True, zerolinecolor=DIM),
            barmode="group",
            bargap=0.25,
        ),
    }


def _trace(
    name: str, look: tuple[str, str], laps: Sequence[LapOfBoth], amounts: list[float | None]
) -> dict[str, Any]:
    colour, pattern = look
    return {
        "type": "bar",
        "name": name,
        "x": [both.lap for both in laps],
        "y": amounts,
        "marker": {
            "color": colour,
            "pattern": {"shape": pattern, "fgcolor": NIGHT, "bgcolor": colour, "size": 5},
        },
        "hovertemplate": "%{y:+.3f}",
    }


def _signed(amount: float, digits: int) -> str:
    """Return a difference with its sign.

    >>> _signed(0.25, 3), _signed(4.0, 1)
    ('+0.250', '+4.0')
    """
    return f"{amount:+.{digits}f}".replace("-", _MINUS)
