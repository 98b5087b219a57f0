"""Define what qualifying and practice have beside the state of a race, as plain values.

`pitwall.domain.timed_reducer` makes the next state, and `pitwall.domain.timed_order` reads the
classification from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class LapType(StrEnum):
    """The type of a lap of qualifying or practice that has ended."""

    OUT = "out"  # it began in the pit lane
    IN = "in"  # it ended in the pit lane; an out-lap that does is an in-lap
    FLYING = "flying"  # timed, and less than a tenth slower than the best lap of the session
    SLOW = "slow"  # from line to line, to cool down or to let others by


class CarRun(StrEnum):
    """What a car is doing in qualifying or practice."""

    IN_PIT = "in_pit"  # in the garage or in the pit lane
    OUT_LAP = "out_lap"  # from the pit exit to the line
    PUSH_LAP = "push_lap"  # for a time
    IN_LAP = "in_lap"  # slow: on its way in or cooling down, which differ only at the pit entry
    STOPPED = "stopped"  # on the track
    RETIRED = "retired"  # takes no further part, as the feed reports
    KNOCKED_OUT = "knocked_out"  # took part in an earlier part of qualifying only


@dataclass(frozen=True, slots=True)
class SessionClock:
    """The session's clock as last told.

    Attributes:
        at: When it showed `remaining_s`.
        runs: Whether it runs down since then.
    """

    at: datetime
    remaining_s: float
    runs: bool = False

    def left_s(self, now: datetime) -> float:
        """Return the seconds that remain at `now`, 0 or more."""
        passed_s = max(0.0, (now - self.at).total_seconds()) if self.runs else 0.0
        return max(0.0, self.remaining_s - passed_s)


@dataclass(frozen=True, slots=True)
class TimedCar:
    """One car's part of `TimedSession`.

    Attributes:
        lap: The number of the lap under way, as the feed counts; 0 before the first.
        run: What the car is doing, as far as laps and pit lane tell.
        part_bests_s: The best lap of each part that the feed has told, from the first.
        knocked_out: Whether the feed says so.
        told_out_in: The part that was over when the feed first said so.
    """

    lap: int = 0
    run: CarRun = CarRun.IN_PIT
    part_bests_s: tuple[float | None, ...] = ()
    knocked_out: bool = False
    told_out_in: int | None = None


NEW_CAR = TimedCar()


@dataclass(frozen=True, slots=True)
class TimedSession:
    """What qualifying and practice have beside the state of a race.

    Attributes:
        part: The part of qualifying under way, or, between two, the next one as soon as the feed
            names it; None in practice and before the first. A first part that the feed has not
            named, as in recordings without their beginning, begins with the start.
        entries: How many cars take part in each part, from the first; () when not told.
        limit_s: The lap time within which a car must qualify, 107 % of the best.
        best_sectors_s: The best sector times of this part, by which slow laps are recognised.
        best_lap_s: The best lap time of this part, deleted laps included.
        cars: By car number.
        tells_bests: Whether the feed has told best lap times; without, they follow from the laps.
        is_begun: Whether the session has started.
        parts_over: How many of its parts have finished; 1 after practice.
        is_followed: Whether the connection shows another session since, without naming it.
        tells_knock_outs: Whether the feed says who is out; without, the places tell when a part
            begins.
    """

    part: int | None = None
    entries: tuple[int, ...] = ()
    limit_s: float | None = None
    best_sectors_s: tuple[float | None, float | None, float | None] = (None, None, None)
    best_lap_s: float | None = None
    cars: Mapping[int, TimedCar] = field(default_factory=dict)
    tells_bests: bool = False
    is_begun: bool = False
    parts_over: int = 0
    is_followed: bool = False
    tells_knock_outs: bool = False
