"""Chart the gap of two cars over time, and the gap of the car ahead to the next one."""

from __future__ import annotations

from typing import Final

from pitwall.domain.stories import BattleStory
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
)
from pitwall.web.shared.chart_theme import DIM, NO_FIGURE, Figure, Table, axis, layout

WITHIN_S: Final = 1.0  # for DRS or Overtake Mode, at the line
LARGEST_S: Final = 4.0
_TABLE_ROWS: Final = 40


def gap_figure(story: BattleStory) -> Figure:
    """Draw both gaps; below zero the attacker is ahead."""
    gaps, ahead = thinned(story.gaps), thinned(story.ahead)
    if not gaps:
        return NO_FIGURE
    attacker, defender = story.attacker.code, story.defender.code
    highest = min(max(*(abs(point.gap_s) for point in gaps), 1.2), LARGEST_S)
    lowest = min(0.0, max(min(point.gap_s for point in gaps), -LARGEST_S))
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
            annotations=turn_labels(story, row_height=0.13),
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
