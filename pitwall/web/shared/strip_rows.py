"""Format the race strip: gaps lap by lap, tyres, flags and rain.

All places along the strip are laps that the leader has completed, with parts of a lap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from pitwall.domain.race import TrackStatus
from pitwall.domain.race_strip import RaceStrip, StripCar, gap_at_line
from pitwall.web.shared.display_text import code, colour

AGAIN: Final = 6
"""How many laps are sent again with each increment: lapped cars complete them later."""

_FLAGS: Final = {
    TrackStatus.YELLOW: ("yellow", "yellow flag"),
    TrackStatus.SAFETY_CAR: ("safety", "safety car"),
    TrackStatus.RED: ("red", "red flag"),
    TrackStatus.VIRTUAL_SAFETY_CAR: ("safety", "virtual safety car"),
    TrackStatus.VSC_ENDING: ("safety", "virtual safety car"),
}


@dataclass
class StripCarRow:
    """One car: its gaps to the first car at the line, seconds, from the lap `StripRow.base` on.

    Attributes:
        stints: First lap and last lap of each set of tyres, and its compound.
    """

    key: str
    code: str
    colour: str
    gaps: list[float | None] = field(default_factory=list)
    stints: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass
class StripRow:
    """A race up to a moment, or the laps of it that are new.

    Attributes:
        race_id: Which race; "" before there is one.
        base: The first lap in `StripCarRow.gaps`.
        laps: How many laps the leader has completed.
        total: The distance in laps.
        flags: Stretches under flags: from, to, kind, words.
        rain: Stretches in which it rained: from, to.
        track_c: The track's temperature: lap, °C.
        words: What the strip shows, in a sentence or two.
    """

    race_id: str = ""
    base: int = 1
    laps: int = 0
    total: int = 0
    cars: list[StripCarRow] = field(default_factory=list)
    flags: list[tuple[float, float, str, str]] = field(default_factory=list)
    rain: list[tuple[float, float]] = field(default_factory=list)
    track_c: list[tuple[float, float]] = field(default_factory=list)
    words: str = ""


def strip_row(strip: RaceStrip, until: datetime, have: int = 0) -> dict[str, Any]:
    """Format a strip as it was known at a moment.

    Args:
        strip: The race.
        until: Nothing later is told.
        have: The last lap that the browser has.
    """
    laps = sum(at <= until for at in strip.line)
    base = max(1, min(have, laps) - AGAIN + 1)
    flags, rain = list(_flags(strip, until)), list(_rain(strip, until))
    return asdict(
        StripRow(
            race_id=strip.race_id,
            base=base,
            laps=laps,
            total=max(strip.total_laps or 0, laps),
            cars=[
                StripCarRow(
                    str(car.number),
                    code(car.code, car.number),
                    colour(car.colour, ""),
                    [gap_at_line(strip, car, lap, until) for lap in range(base, laps + 1)],
                    list(_stints(car, until)),
                )
                for car in strip.cars
            ],
            flags=flags,
            rain=rain,
            track_c=list(_track_c(strip, until)),
            words=_words(laps, flags, rain),
        )
    )


def _stints(car: StripCar, until: datetime) -> Iterator[tuple[int, int, str]]:
    done = max((lap for lap, at in car.crossed_at.items() if at <= until), default=0)
    for (first, compound), (then, _) in pairwise([*car.stints, (done + 1, "")]):
        if first <= done:
            yield first, min(max(then - 1, first), done), compound.lower()


def _flags(strip: RaceStrip, until: datetime) -> Iterator[tuple[float, float, str, str]]:
    if strip.started is None:
        return
    shown = [each for each in strip.statuses if each[0] <= until]
    for (since, status), (then, _) in pairwise([*shown, (until, "")]):
        kind = _FLAGS.get(TrackStatus(status)) if status in set(TrackStatus) else None
        if kind is not None and then > strip.started:
            first, last = strip.lap_at(since), strip.lap_at(then)
            if last > first:
                yield round(first, 3), round(last, 3), *kind


def _rain(strip: RaceStrip, until: datetime) -> Iterator[tuple[float, float]]:
    """Yield stretches of rain, joined where one reading follows another."""
    began: float | None = None
    readings = [each for each in strip.weather if each.at <= until]
    for reading in readings:
        at = round(strip.lap_at(reading.at), 3)
        if reading.is_raining and began is None:
            began = at
        elif not reading.is_raining and began is not None:
            if at > began:
                yield began, at
            began = None
    if began is not None and (last := round(strip.lap_at(until), 3)) > began:
        yield began, last


def _track_c(strip: RaceStrip, until: datetime) -> Iterator[tuple[float, float]]:
    before = -1
    for reading in strip.weather:
        if reading.at <= until and reading.track_c is not None:
            at = strip.lap_at(reading.at)
            if int(at) > before and at > 0:  # one a lap is enough
                before = int(at)
                yield round(at, 2), reading.track_c


def _words(laps: int, flags: list[Any], rain: list[Any]) -> str:
    if not laps:
        return "The strip begins with the first completed lap."
    told = [f"Gaps to the leader at the line over {laps} lap{'' if laps == 1 else 's'}."]
    told += [
        f"{words.capitalize()} from lap {int(first) + 1}." for first, _, _, words in flags[-3:]
    ]
    if rain:
        told.append(f"Rain from lap {int(rain[-1][0]) + 1}.")
    return " ".join(told)
