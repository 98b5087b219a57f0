"""Chart how far apart two cars are: the gap over time, and lap by lap in sectors and at traps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pitwall.domain.stories import BattleStory, LapOfBoth
from pitwall.web.replay.chart_axes import (
    ATTACKER,
    DEFENDER,
    clock,
    moment,
    thinned,
    time_axis,
    turn_labels,
    turn_shapes,
    turn_trace,
    with_labels,
)
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

WITHIN_S: Final = 1.0  # for DRS or Overtake Mode, at the line
LARGEST_GAP_S: Final = 4.0
_TABLE_ROWS: Final = 40
SECTORS: Final = {"S1": "sector_1_s", "S2": "sector_2_s", "S3": "sector_3_s"}
TRAPS: Final = {"I1": "i1_kmh", "I2": "i2_kmh", "FL": "fl_kmh", "ST": "st_kmh"}
_LOOK: Final = ((AMBER, ""), (SKY, "/"), (PHOSPHOR, "."), ("#c9a0ff", "x"))
LARGEST_SECTOR_S: Final = 2.0  # a stop is no sector time
LARGEST_KMH: Final = 30.0
_MINUS: Final = "\N{MINUS SIGN}"


def gap_figure(story: BattleStory) -> Figure:
    """Draw both gaps; below zero the attacker is ahead."""
    gaps, ahead = thinned(story.gaps), thinned(story.ahead)
    if not gaps:
        return NO_FIGURE
    attacker, defender = story.attacker.code, story.defender.code
    highest = min(max(*(abs(point.gap_s) for point in gaps), 1.2), LARGEST_GAP_S)
    lowest = min(0.0, max(min(point.gap_s for point in gaps), -LARGEST_GAP_S))
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{attacker} behind {defender}",
                "x": [moment(point.at) for point in gaps],
                "y": [round(point.gap_s, 3) for point in gaps],
                "line": {"color": ATTACKER, "width": 2, "shape": "hv"},
                "hovertemplate": "%{y:.3f} s",
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{defender} behind the car ahead",
                "x": [moment(point.at) for point in ahead],
                "y": [round(point.interval_s, 3) for point in ahead],
                "line": {"color": DEFENDER, "width": 1.5, "dash": "dot", "shape": "hv"},
                "hovertemplate": "%{y:.3f} s",
            },
            turn_trace(story, 0.0),
        ],
        "layout": layout(
            time_axis(story),
            axis("gap, s", range=[lowest - 0.1, highest + 0.1], zeroline=True, zerolinecolor=DIM),
            shapes=[*turn_shapes(story), _one_second()],
            **with_labels(turn_labels(story)),
        ),
    }


def gap_table(story: BattleStory) -> Table:
    """Return the chart as a table of some forty moments."""
    rows = thinned(story.gaps, _TABLE_ROWS)
    return Table(
        ["UTC", f"{story.attacker.code} behind {story.defender.code}, s"],
        [[clock(point.at), f"{point.gap_s:.3f}"] for point in rows],
    )


def gap_words(story: BattleStory) -> str:
    """Describe the chart in a sentence."""
    if not story.gaps:
        return "The feed gave no gap for this battle."
    least = min(story.gaps, key=lambda point: abs(point.gap_s))
    first, last = story.gaps[0], story.gaps[-1]
    return (
        f"Gap of {story.attacker.code} to {story.defender.code}: {first.gap_s:.1f} s at "
        f"{clock(first.at)}, smallest {abs(least.gap_s):.1f} s at {clock(least.at)}, "
        f"last {last.gap_s:.1f} s at {clock(last.at)}. Below zero the attacker is ahead."
    )


def sector_figure(story: BattleStory) -> Figure:
    """Draw the difference in each sector; below zero the attacker was faster."""
    return _bars(story, SECTORS, "difference, s", LARGEST_SECTOR_S)


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


def _one_second() -> dict[str, object]:
    return {
        "type": "line",
        "xref": "paper",
        "yref": "y",
        "x0": 0,
        "x1": 1,
        "y0": WITHIN_S,
        "y1": WITHIN_S,
        "line": {"color": DIM, "width": 1, "dash": "dash"},
    }


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
