"""Format a race's timeline as marks on a line, in percent of its length, ready to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pitwall.domain.timeline import Timeline
from pitwall.web.shared.display_text import code

HEAT_HEIGHT: Final = 100
_WORDS: Final = {
    "yellow": "Yellow flag",
    "safety_car": "Safety car",
    "virtual_safety_car": "Virtual safety car",
    "vsc_ending": "VSC ending",
    "red": "Red flag",
    "aborted": "Race stopped",
}
_CLASSES: Final = {"yellow": "yellow", "red": "red", "aborted": "red"}
_LABEL_EVERY_LAPS: Final = 10


@dataclass
class MarkRow:
    """One mark: its position, width and kind; `words` describe it.

    `at_s` is its moment, in race seconds from the timeline's beginning.
    """

    key: str
    at_s: float
    left: str
    width: str
    kind: str
    words: str


@dataclass
class TimelineRow:
    """All marks; `heat` is a polyline over `heat_parts` units, "" where all of it is hidden.

    `summary` gives the number of each kind in words.
    """

    flags: list[MarkRow] = field(default_factory=list)
    stops: list[MarkRow] = field(default_factory=list)
    passes: list[MarkRow] = field(default_factory=list)
    laps: list[MarkRow] = field(default_factory=list)
    heat: str = ""
    heat_parts: int = 1
    summary: str = ""


def timeline_row(line: Timeline, until: datetime | None = None) -> TimelineRow:
    """Format a timeline.

    Args:
        line: The timeline.
        until: Everything after this moment is hidden; None shows all.
    """
    place = _Places(line)
    last = until or line.ends
    passes = [each for each in line.passes if each.at <= last]
    stops = [stop for stop in line.stops if stop.at <= last]
    flags = [span for span in line.flags if span.since <= last and span.until > line.begins]
    so_far = "so far " if until is not None and until < line.ends else ""
    return TimelineRow(
        flags=[
            MarkRow(
                f"flag-{index}",
                place.at_s(max(span.since, line.begins)),
                place.left(max(span.since, line.begins)),
                place.width(max(span.since, line.begins), min(span.until, last)),
                _CLASSES.get(span.what, "safety"),
                f"{_WORDS.get(span.what, span.what)} from {_clock(span.since)}",
            )
            for index, span in enumerate(flags)
        ],
        stops=[
            MarkRow(
                f"stop-{stop.car}-{stop.lap}",
                place.at_s(stop.at),
                place.left(stop.at),
                "0%",
                "stop",
                f"{_code(line.codes, stop.car)} in the pits, lap {stop.lap}",
            )
            for stop in stops
        ],
        passes=[
            MarkRow(
                f"pass-{index}",
                place.at_s(each.at),
                place.left(each.at),
                "0%",
                "called" if each.was_called else "missed",
                f"{_clock(each.at)}: {_code(line.codes, each.attacker)} passes "
                f"{_code(line.codes, each.defender)} for P{each.position}, "
                f"{_forecast_words(each.p_before)}",
            )
            for index, each in enumerate(passes)
        ],
        laps=[
            MarkRow(f"lap-{lap}", place.at_s(at), place.left(at), "0%", "lap", str(lap))
            for at, lap in line.laps
            if at <= last and (lap % _LABEL_EVERY_LAPS == 0 or lap == 1)
        ],
        heat=_heat(line, last),
        heat_parts=max(len(line.heat), 1),
        summary=f"{so_far}{_many(len(passes), 'pass', 'passes')}, "
        f"{_many(len(stops), 'pit stop', 'pit stops')}, "
        f"{_many(len(flags), 'flag or safety car', 'flags and safety cars')}",
    )


def lap_at(line: Timeline, at: datetime) -> int:
    """Return the leader's lap at a moment; 0 before the first."""
    return max((lap for begun, lap in line.laps if begun <= at), default=0)


class _Places:
    """Turns instants into percent of the line."""

    def __init__(self, line: Timeline) -> None:
        self._begins = line.begins
        self._length_s = max((line.ends - line.begins).total_seconds(), 1e-6)

    def at_s(self, at: datetime) -> float:
        return round((at - self._begins).total_seconds(), 1)

    def left(self, at: datetime) -> str:
        return f"{self._percent(at):.3f}%"

    def width(self, since: datetime, until: datetime) -> str:
        return f"{max(self._percent(until) - self._percent(since), 0.15):.3f}%"

    def _percent(self, at: datetime) -> float:
        return 100 * (at - self._begins).total_seconds() / self._length_s


def _heat(line: Timeline, last: datetime) -> str:
    """Return the outline of the area under the heat, from the left to the last visible moment."""
    parts = len(line.heat)
    length_s = max((line.ends - line.begins).total_seconds(), 1e-6)
    visible = min(parts, round(parts * (last - line.begins).total_seconds() / length_s))
    if visible <= 0:
        return ""
    points = [
        f"{part},{round(HEAT_HEIGHT * (1 - heat))}" for part, heat in enumerate(line.heat[:visible])
    ]
    return " ".join([f"0,{HEAT_HEIGHT}", *points, f"{visible - 1},{HEAT_HEIGHT}"])


def _forecast_words(p: float | None) -> str:
    return "without a forecast" if p is None else f"forecast at {100 * p:.0f} %"


def _code(codes: Mapping[int, str], car: int) -> str:
    known = codes.get(car)
    return code(known, car) if known else f"car {car}"


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}"


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"
