"""Locate each car on its lap, from the feed's positions and from its timing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pitwall.domain.car_use import TrackPoint
from pitwall.domain.gaps import seconds_of
from pitwall.domain.race import CarState, DriverNumber, RaceState

_LOCATED_FOR: Final = timedelta(seconds=15)  # the feed locates every car about once a second
_LATEST: Final = 0.995  # a lap slower than the last one waits here until the car crosses the line
_SHORTEST_LAP_S: Final = 40.0


@dataclass(frozen=True, slots=True)
class CarPlace:
    """The location of one car.

    Attributes:
        number: The car's number. Source: `DriverList`.
        x_m: Metres along the feed's own x axis. None where the feed has not located it in the last
            15 s. Source: `Position.z`.
        y_m: Metres along the feed's own y axis. None where the feed has not located it in the last
            15 s. Source: `Position.z`.
        lap_share: Estimated share of a lap's time since the car crossed the line. None before its
            first crossing. Source: line crossings and gaps.
    """

    number: DriverNumber
    x_m: float | None
    y_m: float | None
    lap_share: float | None


def car_places(race: RaceState, at: datetime) -> tuple[CarPlace, ...]:
    """Return the location of every running car where it is known, front first.

    Args:
        race: The field.
        at: The instant for which shares of the lap are estimated, on the race's own clock.
    """
    running = [car for car in race.in_order() if car.is_running]
    clock = _LeaderClock.of(running, at)
    newest = max((point.at for point in race.points.values()), default=at)
    places = (_place(car, race.points.get(car.number), newest, clock) for car in running)
    return tuple(place for place in places if (place.x_m, place.lap_share) != (None, None))


@dataclass(frozen=True, slots=True)
class _LeaderClock:
    """How far the leader is into its lap, and how long such a lap takes, seconds."""

    at: datetime
    lap_s: float
    into_s: float

    @classmethod
    def of(cls, running: list[CarState], at: datetime) -> _LeaderClock | None:
        leader = running[0] if running else None
        if leader is None or leader.crossed_at is None or not leader.last_lap_s:
            return None
        lap_s = max(leader.last_lap_s, _SHORTEST_LAP_S)
        return cls(at, lap_s, _into(leader.crossed_at, at, lap_s))

    def share_of(self, car: CarState) -> float | None:
        """Return the share of the lap a car has done, from its gap or else its own crossing."""
        gap_s = seconds_of(car.gap_to_leader)
        if gap_s is not None:
            return (self.into_s - gap_s) / self.lap_s % 1.0
        if car.crossed_at is None:
            return None
        return _into(car.crossed_at, self.at, self.lap_s) / self.lap_s


def _into(crossed_at: datetime, at: datetime, lap_s: float) -> float:
    return min(max((at - crossed_at).total_seconds(), 0.0), _LATEST * lap_s)


def _place(
    car: CarState, point: TrackPoint | None, newest: datetime, clock: _LeaderClock | None
) -> CarPlace:
    share = None if clock is None else clock.share_of(car)
    if share is not None:
        share = round(share, 4) % 1.0
    is_fresh = point is not None and newest - point.at <= _LOCATED_FOR
    x_m, y_m = (point.metres if point and is_fresh else None) or (None, None)
    return CarPlace(car.number, x_m, y_m, share)
