"""Define the events of a simulated race, one frozen class for each kind.

Times are seconds since lights out. The feed's messages and the known truth are both made from
these events.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pitwall.domain.race import Compound, DriverNumber, TrackStatus
from pitwall.feeds.simulated.tyres import TyreSet


class How(StrEnum):
    """How one car came to be ahead of another."""

    TRACK = "track"  # both on the track and at racing speed: an overtake
    SLOW = "slow"  # the other had spun, stopped or broken down
    PIT = "pit"  # one of the two was in the pit lane
    START = "start"  # before the first crossing of the line


@dataclass(frozen=True, slots=True)
class LoopGap:
    """A gap at a timing loop: seconds, or whole laps where a lap or more apart."""

    seconds: float | None
    laps: int = 0


@dataclass(frozen=True, slots=True)
class LoopPassed:
    """A car passed a timing loop.

    Attributes:
        loop: Counted within the lap; 0 is the line.
        lap: Laps completed, this crossing included.
        to_leader, to_ahead: None for the leader.
        surge: By how much the car is faster than usual there, as a share of its speed.
        battery_mj, mode, wake_s: State of charge, whether Overtake Mode is armed, and seconds lost
            in the wake since the loop before. Truth: no message tells them.
    """

    at_s: float
    number: DriverNumber
    loop: int
    lap: int
    position: int
    to_leader: LoopGap | None
    to_ahead: LoopGap | None
    surge: float = 0.0
    battery_mj: float = 0.0
    mode: bool = False
    wake_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PlaceTaken:
    """A car came ahead of another in the running order; `position` is the place taken."""

    at_s: float
    lap: int
    attacker: DriverNumber
    defender: DriverNumber
    position: int
    how: How


@dataclass(frozen=True, slots=True)
class LapDone:
    """A car crossed the line; `PlaceTaken` and `LoopPassed` of that crossing come before it.

    Attributes:
        lap: Laps completed.
        battery_mj: State of charge at the line.
        mode: Whether Overtake Mode was armed for the lap just finished.
        surge: As in `LoopPassed`.
        pitted: Whether the car was in the pit lane at any time of it.
    """

    at_s: float
    number: DriverNumber
    lap: int
    lap_time_s: float
    position: int
    gap_to_leader_s: float | None
    interval_s: float | None
    tyres: TyreSet
    stint_number: int
    battery_mj: float
    mode: bool
    pitted: bool
    finished: bool
    surge: float = 0.0


@dataclass(frozen=True, slots=True)
class LaneEntered:
    """A car turned into the pit lane."""

    at_s: float
    number: DriverNumber
    stop: int


@dataclass(frozen=True, slots=True)
class LaneLeft:
    """A car left the pit lane on other tyres."""

    at_s: float
    number: DriverNumber
    lap: int
    entered_at_s: float
    fitted: TyreSet
    taken_off: Compound
    stint_number: int


@dataclass(frozen=True, slots=True)
class CarStopped:
    """A car stopped on the track for good."""

    at_s: float
    number: DriverNumber
    lap: int
    loop: int


@dataclass(frozen=True, slots=True)
class CarRetired:
    """The team gave a stopped car up."""

    at_s: float
    number: DriverNumber


@dataclass(frozen=True, slots=True)
class StatusSet:
    """Race control set the status of the whole track."""

    at_s: float
    status: TrackStatus


@dataclass(frozen=True, slots=True)
class Announced:
    """Race control published a message; fields as in `RaceControlMessages`."""

    at_s: float
    category: str
    message: str
    flag: str | None = None
    scope: str | None = None
    sector: int | None = None
    number: DriverNumber | None = None
    mode: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class LeaderLapBegun:
    """The leader began this lap."""

    at_s: float
    lap: int


@dataclass(frozen=True, slots=True)
class RaceFinished:
    """The winner took the chequered flag."""

    at_s: float


Happening = (
    LoopPassed
    | PlaceTaken
    | LapDone
    | LaneEntered
    | LaneLeft
    | CarStopped
    | CarRetired
    | StatusSet
    | Announced
    | LeaderLapBegun
    | RaceFinished
)
