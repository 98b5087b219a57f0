"""Define a whole race in a strip: gaps at the line lap by lap, tyres, flags and rain."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

_SHORTEST_LAP = timedelta(seconds=40)
_USUAL_LAP = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class StripCar:
    """One car of a race.

    Attributes:
        crossed_at: When it completed each of its laps.
        stints: Its sets of tyres: the first lap driven on each, and the compound.
    """

    number: int
    code: str
    colour: str
    crossed_at: Mapping[int, datetime]
    stints: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class StripReading:
    """The weather at one moment."""

    at: datetime
    is_raining: bool | None
    track_c: float | None


@dataclass(frozen=True, slots=True)
class RaceStrip:
    """A race as far as it is stored.

    Attributes:
        started: Lights out; None before that.
        total_laps: The announced distance. None where not told.
        cars: In the order of their numbers.
        statuses: The track's status from each moment on, in order of time.
        weather: In order of time.
        line: When the first car completed each lap from 1 on; the leader begins the next one then.
    """

    race_id: str
    started: datetime | None
    total_laps: int | None
    cars: tuple[StripCar, ...]
    statuses: tuple[tuple[datetime, str], ...]
    weather: tuple[StripReading, ...]
    line: tuple[datetime, ...]

    def begun(self, lap: int) -> datetime | None:
        """Return when the leader began a lap; None where that is not stored."""
        if lap <= 1:
            return self.started
        return self.line[lap - 2] if lap - 2 < len(self.line) else None

    def lap_at(self, at: datetime) -> float:
        """Return how many laps the leader had completed at a moment, with the part of the next."""
        if self.started is None or at <= self.started:
            return 0.0
        done = bisect.bisect_right(self.line, at)
        began = self.started if done == 0 else self.line[done - 1]
        if done < len(self.line):
            lasts = self.line[done] - began
        else:
            lasts = self.line[-1] - self.line[-2] if len(self.line) > 1 else _USUAL_LAP
        part = (at - began) / max(lasts, _SHORTEST_LAP)
        return done + min(part, 0.999 if done < len(self.line) else 1.0)


def gap_at_line(strip: RaceStrip, car: StripCar, lap: int, until: datetime) -> float | None:
    """Return how long after the first car a car completed a lap, seconds.

    None where it has not by `until`. Whoever is a lap down has no gap smaller than a lap time.
    """
    at = car.crossed_at.get(lap)
    if at is None or at > until or lap > len(strip.line):
        return None
    return round((at - strip.line[lap - 1]).total_seconds(), 1)
