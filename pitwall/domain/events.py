"""Define the events that any feed can report, one frozen class each.

Every field but `sent_at` and the key is optional, because feeds send deltas: None
means "not mentioned", never "cleared". A cleared gap is `NoGap()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pitwall.domain.car_use import CarSample, TrackPoint
from pitwall.domain.gaps import Gap
from pitwall.domain.race import (
    Compound,
    ControlMessage,
    DriverNumber,
    Phase,
    RaceInfo,
    TrackStatus,
    Weather,
)


@dataclass(frozen=True, slots=True)
class RaceDescribed:
    """The feed reported which race this is, or it was inferred from a recording's path."""

    sent_at: datetime
    info: RaceInfo
    is_inferred: bool = False


@dataclass(frozen=True, slots=True)
class DriverListed:
    """The feed described a driver, in full or in part."""

    sent_at: datetime
    number: DriverNumber
    code: str | None = None
    name: str | None = None
    team: str | None = None
    team_colour: str | None = None


@dataclass(frozen=True, slots=True)
class CarTimed:
    """One car's timing line changed.

    Attributes:
        sectors_s: Sector times by sector, 0 to 2; None clears a sector.
        speeds_kmh: Speeds by trap: `I1`, `I2`, `FL`, `ST`.
        laps_completed: Rises by one at each line crossing.
        segments: The feed's numbers of mini-sectors, by sector and place, both from 0.
    """

    sent_at: datetime
    number: DriverNumber
    position: int | None = None
    gap_to_leader: Gap | None = None
    interval: Gap | None = None
    catching: bool | None = None
    laps_completed: int | None = None
    last_lap_s: float | None = None
    best_lap_s: float | None = None
    in_pit: bool | None = None
    pit_out: bool | None = None
    pit_stops: int | None = None
    retired: bool | None = None
    stopped: bool | None = None
    sectors_s: Mapping[int, float | None] | None = None
    speeds_kmh: Mapping[str, float] | None = None
    segments: Mapping[int, Mapping[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class CarGridded:
    """A car's place on the grid, from 1."""

    sent_at: datetime
    number: DriverNumber
    grid_position: int


@dataclass(frozen=True, slots=True)
class StintChanged:
    """One stint of one car changed; `stint_number` counts from 1."""

    sent_at: datetime
    number: DriverNumber
    stint_number: int
    compound: Compound | None = None
    fresh_tyre: bool | None = None
    tyre_life_laps: int | None = None
    start_laps: int | None = None


@dataclass(frozen=True, slots=True)
class CarRemoved:
    """The feed deleted a car."""

    sent_at: datetime
    number: DriverNumber


@dataclass(frozen=True, slots=True)
class TrackStatusChanged:
    """Race control changed the status of the whole track."""

    sent_at: datetime
    status: TrackStatus


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """The race started, was stopped, finished or ended."""

    sent_at: datetime
    phase: Phase


@dataclass(frozen=True, slots=True)
class StatusRepeated:
    """A second topic repeated phase, track status or the leader's lap.

    Attributes:
        told_at: When the status changed, which may be long before the message.
    """

    sent_at: datetime
    told_at: datetime
    phase: Phase | None = None
    track_status: TrackStatus | None = None
    lap: int | None = None


@dataclass(frozen=True, slots=True)
class LapCounted:
    """The feed reported the leader's current lap, the announced distance, or both."""

    sent_at: datetime
    lap: int | None = None
    total_laps: int | None = None


@dataclass(frozen=True, slots=True)
class WeatherMeasured:
    """The feed reported a new weather reading.

    Attributes:
        measured_at: When it was measured, where a second topic told it, which repeats all of them.
    """

    sent_at: datetime
    weather: Weather
    measured_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ControlSaid:
    """Race control published a message.

    Attributes:
        is_repeated: Whether a second topic, which repeats race control's messages, told it.
    """

    sent_at: datetime
    message: ControlMessage
    is_repeated: bool = False


@dataclass(frozen=True, slots=True)
class CarsSampled:
    """One burst of car telemetry arrived: the newest reading of each car."""

    sent_at: datetime
    samples: Mapping[DriverNumber, CarSample]


@dataclass(frozen=True, slots=True)
class CarsLocated:
    """One burst of locations arrived: the newest of each car."""

    sent_at: datetime
    points: Mapping[DriverNumber, TrackPoint]


@dataclass(frozen=True, slots=True)
class PartTold:
    """The feed reported facts about the parts of qualifying.

    Attributes:
        part: The part under way or about to begin, from 1; 0 before the first.
        entries: How many cars take part in each part, by part from 1.
        limit_s: The lap time within which a car must qualify, 107 % of the best; `is_unlimited`
            when the feed cleared it.
        is_repeated: Whether a second topic told the part.
    """

    sent_at: datetime
    part: int | None = None
    entries: Mapping[int, int] | None = None
    limit_s: float | None = None
    is_unlimited: bool = False
    is_repeated: bool = False


@dataclass(frozen=True, slots=True)
class CarClassified:
    """One car's standing in qualifying or practice changed.

    Attributes:
        part_bests_s: Best lap times by part from 1; None clears one.
        knocked_out: Whether the car takes no part in what follows.
        best_cleared, last_cleared: Whether the feed took back its best or its last lap time.
    """

    sent_at: datetime
    number: DriverNumber
    part_bests_s: Mapping[int, float | None] | None = None
    knocked_out: bool | None = None
    best_cleared: bool = False
    last_cleared: bool = False


@dataclass(frozen=True, slots=True)
class ClockTold:
    """The feed reported the time that remains of the session, and whether it runs down."""

    sent_at: datetime
    at: datetime
    remaining_s: float | None = None
    runs: bool | None = None


@dataclass(frozen=True, slots=True)
class StopTimed:
    """The feed timed a pit stop, or changed one that it had timed.

    Attributes:
        index: The number of the stop in the feed's list of the car, from 0.
        lap: The lap on which the car came in.
    """

    sent_at: datetime
    number: DriverNumber
    index: int
    told_at: datetime | None = None
    lap: int | None = None
    stationary_s: float | None = None
    lane_s: float | None = None


@dataclass(frozen=True, slots=True)
class OvertakeCounted:
    """The feed counted an overtake of a car; `index` is its number in the feed's list, from 0."""

    sent_at: datetime
    number: DriverNumber
    index: int
    told_at: datetime | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class BestTold:
    """The feed reported a car's best lap or sector time, or its best speed at a trap.

    Attributes:
        what: One of `session_facts.BESTS`.
        is_cleared: Whether the feed took it back.
    """

    sent_at: datetime
    number: DriverNumber
    what: str
    value: float | None = None
    rank: int | None = None
    lap: int | None = None
    is_cleared: bool = False


@dataclass(frozen=True, slots=True)
class PointsPredicted:
    """The feed reported a place in the championship of the drivers, or in that of the teams.

    Attributes:
        number: The driver's car; None for a team.
        team: The team; "" for a driver.
    """

    sent_at: datetime
    number: DriverNumber | None = None
    team: str = ""
    position: int | None = None
    predicted_position: int | None = None
    points: float | None = None
    predicted_points: float | None = None


@dataclass(frozen=True, slots=True)
class RadioCaptured:
    """The feed published a capture of team radio; `index` is its number in the feed's list."""

    sent_at: datetime
    index: int
    number: DriverNumber | None = None
    told_at: datetime | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class LeaderListed:
    """The feed's own list of the first three named a car; `place` counts from 1."""

    sent_at: datetime
    place: int
    number: DriverNumber


@dataclass(frozen=True, slots=True)
class FolderNamed:
    """The feed named the session's folder in its archive, below which its files are."""

    sent_at: datetime
    folder: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The feed is alive; it reports nothing else."""

    sent_at: datetime


TimingEvent = (
    RaceDescribed
    | DriverListed
    | CarTimed
    | CarGridded
    | StintChanged
    | CarRemoved
    | TrackStatusChanged
    | PhaseChanged
    | StatusRepeated
    | LapCounted
    | WeatherMeasured
    | ControlSaid
    | CarsSampled
    | CarsLocated
    | PartTold
    | CarClassified
    | ClockTold
    | StopTimed
    | OvertakeCounted
    | BestTold
    | PointsPredicted
    | RadioCaptured
    | LeaderListed
    | FolderNamed
    | Heartbeat
)
