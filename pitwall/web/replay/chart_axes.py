"""Build what a battle's charts share: the time axis, marks of events and shades of flags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pitwall.domain.race import TrackStatus
from pitwall.domain.stories import BattleStory, Happening, NeutralisedSpell, Turn
from pitwall.web.shared.chart_theme import ALARM, AMBER, DIM, INK, PHOSPHOR, SKY, axis

ATTACKER, DEFENDER = AMBER, SKY
MOST_POINTS: Final = 400
# Labels stand in rows above a chart, which is this many pixels wide at least.
_LABEL_ROWS: Final = 4
_LABEL_ROW_PX: Final = 21
_PHONE_PX, _LETTER_PX, _FRAME_PX = 270, 6.7, 10

_STATUS: Final = {
    TrackStatus.YELLOW: ("yellow flag", AMBER),
    TrackStatus.SAFETY_CAR: ("safety car", AMBER),
    TrackStatus.RED: ("red flag", ALARM),
    TrackStatus.VIRTUAL_SAFETY_CAR: ("virtual safety car", AMBER),
    TrackStatus.VSC_ENDING: ("virtual safety car ends", AMBER),
}
_TURNS: Final = {
    Turn.PASSED: ("{code} passes", "triangle-up", PHOSPHOR),
    Turn.PASSED_BACK: ("{code} passes back", "triangle-down", ALARM),
    Turn.PITTED: ("{code} pits", "square", DIM),
    Turn.SWAPPED: ("{code} ahead by a stop", "diamond", DIM),
}


def moment(at: datetime) -> str:
    """Return a moment as the time axis takes it: in UTC, without an offset.

    >>> moment(datetime(2025, 8, 31, 13, 5, 7, 250_000, tzinfo=UTC))
    '2025-08-31 13:05:07.250'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def instant(text: str) -> datetime:
    """Return the moment that `moment` formatted, as a clicked point gives it.

    >>> instant("2025-08-31 13:05:07.25").isoformat()
    '2025-08-31T13:05:07.250000+00:00'

    Raises:
        ValueError: The text is not a moment.
    """
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def clock(at: datetime) -> str:
    """Return the time of day, UTC."""
    return at.astimezone(UTC).strftime("%H:%M:%S")


def thinned(rows: Sequence[Any], most: int = MOST_POINTS) -> list[Any]:
    """Return every nth row, at most `most` of them, and always the last one.

    >>> thinned(list(range(10)), most=5)
    [0, 2, 4, 6, 8, 9]
    """
    step = -(-len(rows) // most) or 1
    chosen = list(rows[::step])
    return chosen if not rows or (len(rows) - 1) % step == 0 else [*chosen, rows[-1]]


def time_axis(story: BattleStory, **settings: object) -> dict[str, Any]:
    """Return the time axis of a battle."""
    return axis(
        "UTC",
        type="date",
        range=[moment(story.since), moment(story.until)],
        hoverformat="%H:%M:%S",
        tickformat="%H:%M",
        nticks=6,
        **settings,
    )


def words_of(turn: Happening, story: BattleStory) -> str:
    """Return a few words on what happened."""
    code = story.attacker.code if turn.car == story.attacker.car else story.defender.code
    return _TURNS[turn.turn][0].format(code=code)


def turn_shapes(story: BattleStory) -> list[dict[str, Any]]:
    """Return a line for each event, and a shade for each time when the track was not clear."""
    lines = [
        {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "x0": moment(turn.at),
            "x1": moment(turn.at),
            "y0": 0,
            "y1": 1,
            "line": {"color": _TURNS[turn.turn][2], "width": 1, "dash": "dot"},
        }
        for turn in story.happenings
    ]
    return [*(_shade(stretch, story) for stretch in story.stretches), *lines]


def turn_trace(story: BattleStory, height: float) -> dict[str, Any]:
    """Return the events as marks at a height of the y-axis, each with its words."""
    turns = story.happenings
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "what happened",
        "x": [moment(turn.at) for turn in turns],
        "y": [height] * len(turns),
        "text": [words_of(turn, story) for turn in turns],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {
            "symbol": [_TURNS[turn.turn][1] for turn in turns],
            "color": [_TURNS[turn.turn][2] for turn in turns],
            "size": 12,
            "line": {"color": INK, "width": 1},
        },
        "cliponaxis": False,
        "showlegend": False,
    }


def turn_labels(story: BattleStory) -> list[dict[str, Any]]:
    """Return the words of events and flags as annotations above the chart, in rows.

    None covers a curve or another label, even on a phone. Where there is no space, flags lose their
    label before events; their mark or shade stays, and the description and the table beside the
    chart name them. `with_labels` makes room for them.
    """
    marks = [(turn.at, words_of(turn, story), _TURNS[turn.turn][2]) for turn in story.happenings]
    marks += [(each.since, *_STATUS[each.status]) for each in story.stretches]
    rows: list[list[tuple[float, float]]] = [[] for _ in range(_LABEL_ROWS)]
    labels = []
    for at, words, colour in marks:
        is_late = at - story.since > (story.until - story.since) / 2
        here = (at - story.since) / max(story.until - story.since, timedelta(seconds=1))
        width = (len(words) * _LETTER_PX + _FRAME_PX) / _PHONE_PX
        covers = (here - width, here) if is_late else (here, here + width)
        row = next((n for n, taken in enumerate(rows) if not _is_covered(covers, taken)), None)
        if row is None:
            continue
        rows[row].append(covers)
        labels.append(
            {
                "xref": "x",
                "yref": "paper",
                "x": moment(at),
                "y": 1,
                "yshift": 4 + _LABEL_ROW_PX * row,
                "text": words,
                "showarrow": False,
                "xanchor": "right" if is_late else "left",
                "yanchor": "bottom",
                "font": {"size": 11, "color": INK},
                "bgcolor": "#11140ecc",
                "bordercolor": colour,
                "borderwidth": 1,
                "borderpad": 2,
            }
        )
    return labels


def with_labels(labels: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return settings of a layout that show labels above the chart, and its legend below."""
    rows = 1 + max((label["yshift"] // _LABEL_ROW_PX for label in labels), default=-1)
    return {
        "annotations": list(labels),
        "margin": {"l": 8, "r": 10, "t": 8 + _LABEL_ROW_PX * rows, "b": 8, "pad": 0},
        "legend": {
            "orientation": "h",
            "traceorder": "normal",
            "x": 0,
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "font": {"size": 11},
        },
    }


def _is_covered(covers: tuple[float, float], taken: Iterable[tuple[float, float]]) -> bool:
    first, last = covers
    return any(first < other_last and other_first < last for other_first, other_last in taken)


def _shade(stretch: NeutralisedSpell, story: BattleStory) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": moment(stretch.since),
        "x1": moment(min(stretch.until or story.until, story.until)),
        "y0": 0,
        "y1": 1,
        "fillcolor": _STATUS[stretch.status][1],
        "opacity": 0.12,
        "line": {"width": 0},
        "layer": "below",
    }
