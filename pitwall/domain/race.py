"""Define the state of a race at one instant, as plain values.

`pitwall.domain.reducer` makes the next state from an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NewType

from pitwall.domain.car_use import CarSample, Drive, SectorUse, TrackPoint
from pitwall.domain.flags import NO_FLAGS, ShownFlags
from pitwall.domain.flags import TrackStatus as TrackStatus
from pitwall.domain.gaps import NO_GAP, Gap
from pitwall.domain.session_facts import NO_FACTS, SessionFacts
from pitwall.domain.timed_state import LapType, SessionClock, TimedSession

DriverNumber = NewType("DriverNumber", int)
START_OF_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class Phase(StrEnum):
    """The phase of the race. Source: live-timing topic `SessionStatus`."""

    INACTIVE = "inactive"  # before the start, and between a red flag and the restart
    STARTED = "started"
    ABORTED = "aborted"  # red flag
    FINISHED = "finished"
    FINALISED = "finalised"
    ENDS = "ends"

    @property
    def is_over(self) -> bool:
        """Whether the chequered flag has fallen."""
        return self in {Phase.FINISHED, Phase.FINALISED, Phase.ENDS}


class Inferred(StrEnum):
    """What of a race no topic has told, so that it was inferred."""

    SESSION = "session"  # its name, from the recording's path
    PHASE = "phase"  # from line crossings
    TRACK_STATUS = "track_status"  # from race control's messages
    LAP = "lap"  # from line crossings


class Compound(StrEnum):
    """Tyre compound as the feed names it; softest slick first."""

    HYPERSOFT = "HYPERSOFT"  # 2018
    ULTRASOFT = "ULTRASOFT"  # 2018
    SUPERSOFT = "SUPERSOFT"  # 2018
    SOFT = "SOFT"
    MEDIUM = "MEDIUM"
    HARD = "HARD"
    SUPERHARD = "SUPERHARD"  # 2018
    INTERMEDIATE = "INTERMEDIATE"
    WET = "WET"
    UNKNOWN = "UNKNOWN"

    @property
    def is_slick(self) -> bool:
        """Whether this is a dry-weather tyre; False when unknown."""
        return not self.is_for_wet and self is not Compound.UNKNOWN

    @property
    def is_for_wet(self) -> bool:
        """Whether this is an intermediate or a full wet-weather tyre."""
        return self in {Compound.INTERMEDIATE, Compound.WET}


@dataclass(frozen=True, slots=True)
class RaceInfo:
    """The identity of a race.

    Attributes:
        race_id: Pitwall's key, such as `2025-dutch-grand-prix-race`; "" before the feed has sent
            it.
        name, circuit: The name of the meeting, `Dutch Grand Prix`, and the short name of the
            circuit, `Zandvoort`.
        kind: `Race` or `Sprint`; other sessions have their own name: see `sessions.type_of`.
        year: Season; 0 before the feed has sent it.
        starts_at: The announced start. None when not known.
        utc_offset_s: How far the circuit's clocks are ahead of UTC. None when not known.
    """

    race_id: str = ""
    name: str = ""
    kind: str = ""
    circuit: str = ""
    year: int = 0
    starts_at: datetime | None = None
    utc_offset_s: int | None = None


@dataclass(frozen=True, slots=True)
class Driver:
    """The driver of a car. `team_colour` is RRGGBB without a hash; "" is unknown."""

    code: str = ""
    name: str = ""
    team: str = ""
    team_colour: str = ""


@dataclass(frozen=True, slots=True)
class Stint:
    """A stint: the laps on one set of tyres. Source: `TimingAppData` `Stints`.

    Attributes:
        stint_number: Counted from 1. Range: from 1.
        compound: UNKNOWN until the feed has sent it.
        fresh_tyre: Whether the set was new when fitted. None when unknown.
        tyre_life_laps: Laps on this set, earlier sessions included. None when unknown.
        start_laps: Laps the set had when fitted. None when unknown.
        from_lap: The first lap driven on it, 1 in the first stint. None where the feed told of it
            only together with a later one.
    """

    stint_number: int
    compound: Compound = Compound.UNKNOWN
    fresh_tyre: bool | None = None
    tyre_life_laps: int | None = None
    start_laps: int | None = None
    from_lap: int | None = None


@dataclass(frozen=True, slots=True)
class LapRecord:
    """One completed lap of one car.

    Attributes:
        completed_at: When the feed reported the line crossing, UTC.
        sectors_s: None where the feed told no time of that sector in this lap.
        speeds_kmh: By trap: `I1`, `I2`, `FL`, `ST`; missing ones are left out.
        pitted: Whether the car was in the pit lane at any time of this lap.
        track_clear: Whether the track status was clear throughout this lap.
        stale_traps: Traps of `speeds_kmh` that sent nothing in this lap: their speed is older.
        overtake_enabled: Whether DRS or Overtake Mode was enabled by then; None when unknown.
        driving: Sums of the car's own channels by sector, () without any; see `car_use`.
        lap_type, part: What kind of lap it was, and in which part of qualifying. None in a race.
        deleted: Whether race control deleted it, or the feed took it back.
    """

    lap_number: int
    completed_at: datetime
    lap_time_s: float | None = None
    sectors_s: tuple[float | None, float | None, float | None] = (None, None, None)
    speeds_kmh: Mapping[str, float] = field(default_factory=dict)
    pitted: bool = False
    track_clear: bool = True
    stale_traps: frozenset[str] = frozenset()
    overtake_enabled: bool | None = None
    driving: tuple[SectorUse, ...] = ()
    lap_type: LapType | None = None
    part: int | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class GapSample:
    """One reading of a car's gaps, in seconds, and its place at that time.

    Attributes:
        gap_to_leader_s: 0.0 for the leader, so that gaps can be subtracted; None where lapped or
            unknown.
        interval_s: To the car one place ahead; None where lapped or unknown. It means nothing
            where `position` is 1.
    """

    at: datetime
    gap_to_leader_s: float | None
    interval_s: float | None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class CarState:
    """One car at one instant.

    Attributes:
        position: Place in the running order, 1 leads; None before the first value.
        position_at: When `position` last changed.
        gap_to_leader, interval: As last sent; `interval` is to the car one place ahead.
        interval_at: When `interval` was last sent; None before that.
        laps_completed: Line crossings counted by the feed; in qualifying and practice, where the
            feed counts the laps begun, the laps that have ended.
        in_pit: True from pit entry until the feed reports that the car has left the lane.
        stints: In order; the last is the current one.
        trace: Gap readings of the last 330 s, oldest first.
        sectors_s: Of the current lap; of the finished one until the next first sector.
        speeds_kmh: Latest speed by trap.
        pitted_this_lap, unclear_this_lap, traps_this_lap: These go into the next `LapRecord`.
        left_pits_at: When the feed last said that the car had left the pit lane; None before that.
        out_lap: The lap on which it last left the pit lane after a stop; None before the first.
        stints_at_stop: How many stints the feed had told of when the car last came in.
        laps_before_restart: Laps of before a red flag whose numbers the feed gave again after it,
            in the order in which they were completed; none of them is compared with later ones.
        best_sectors_s: The best time of each sector so far; None before the first.
        segments: The mini-sectors of each sector by the feed's numbers, () where it shows none;
            `frames.TowerLine` says what they mean.
        sectors_this_lap: The sectors, from 0, of which the feed told a time in this lap.
    """

    number: DriverNumber
    driver: Driver = Driver()
    position: int | None = None
    position_at: datetime = START_OF_TIME
    grid_position: int | None = None
    gap_to_leader: Gap = NO_GAP
    interval: Gap = NO_GAP
    interval_at: datetime | None = None
    catching: bool = False
    laps_completed: int = 0
    in_pit: bool = False
    pit_out: bool = False
    pit_stops: int = 0
    retired: bool = False
    stopped: bool = False
    stints: tuple[Stint, ...] = ()
    laps: tuple[LapRecord, ...] = ()
    trace: tuple[GapSample, ...] = ()
    sectors_s: tuple[float | None, float | None, float | None] = (None, None, None)
    speeds_kmh: Mapping[str, float] = field(default_factory=dict)
    last_lap_s: float | None = None
    best_lap_s: float | None = None
    crossed_at: datetime | None = None
    pitted_this_lap: bool = False
    unclear_this_lap: bool = False
    traps_this_lap: frozenset[str] = frozenset()
    left_pits_at: datetime | None = None
    laps_before_restart: tuple[LapRecord, ...] = ()
    out_lap: int | None = None
    stints_at_stop: int = 0
    best_sectors_s: tuple[float | None, float | None, float | None] = (None, None, None)
    segments: tuple[tuple[int, ...], ...] = ()
    sectors_this_lap: frozenset[int] = frozenset()

    @property
    def stint(self) -> Stint | None:
        """The current stint; None before the feed has sent one."""
        return self.stints[-1] if self.stints else None

    @property
    def is_running(self) -> bool:
        """Whether the car is neither retired nor stopped; a stopped one may start again."""
        return not (self.retired or self.stopped)


@dataclass(frozen=True, slots=True)
class Weather:
    """Air and track in °C, humidity in %, pressure in hPa, wind in m/s and degrees."""

    air_c: float | None = None
    track_c: float | None = None
    humidity_pct: float | None = None
    pressure_hpa: float | None = None
    rainfall: bool | None = None
    wind_mps: float | None = None
    wind_direction_deg: float | None = None


@dataclass(frozen=True, slots=True)
class ControlMessage:
    """One message of race control. Source: `RaceControlMessages`.

    Attributes:
        at: When race control sent it.
        category: Such as `Flag`, `SafetyCar`, `CarEvent`, `Drs` or `Other`; "" where not told.
        message: Its text.
        flag: Such as `YELLOW`, `BLUE` or `CLEAR`. None where it shows none.
        scope: What the flag is for: `Track`, `Sector` or `Driver`. None without a flag.
        sector: The sector of the track, by race control's own numbers. None where not told.
        lap_number: The leader's lap. None where not told.
        driver_number: The car that it is about. None where not told.
    """

    at: datetime
    category: str
    message: str
    flag: str | None = None
    scope: str | None = None
    sector: int | None = None
    lap_number: int | None = None
    driver_number: DriverNumber | None = None


@dataclass(frozen=True, slots=True)
class NextSession:
    """What was told after the end of a session, which may be of the next: see `next_session`.

    Attributes:
        told_at: When the newest of it was told.
        cars, phase, track_status, lap, total_laps, weather, control, flags: As in `RaceState` and
            in `Told`.
        phase_at, track_at, weather_at, counts_laps: As in `Told`.
    """

    told_at: datetime
    cars: Mapping[DriverNumber, CarState] = field(default_factory=dict)
    phase: Phase = Phase.INACTIVE
    track_status: TrackStatus = TrackStatus.CLEAR
    lap: int = 0
    total_laps: int | None = None
    weather: Weather = Weather()
    control: tuple[ControlMessage, ...] = ()
    flags: ShownFlags = NO_FLAGS
    phase_at: datetime | None = None
    track_at: datetime | None = None
    weather_at: datetime | None = None
    counts_laps: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """Which topics have spoken, and what stands in for those that have not: see `inference`.

    Attributes:
        phase_at, track_at: When phase and track status were last told; None before that.
        counts_laps: Whether `LapCount` has told the leader's lap.
        crossings: Line crossings on a clear track since the phase was last told.
        flags: The flags by race control's messages.
        cars, cars_at: What was told of cars in the last moments, and when: the feed may describe
            the cars of the next race before it names that race.
        weather_at: When weather was last told by its own topic; None before that.
        part_at: When the part of qualifying was last told by the timing; None before that.
        repeats_control: Whether a topic that repeats race control's messages has told one.
        next: What was told since the end of the session that may be of the next one.
    """

    phase_at: datetime | None = None
    track_at: datetime | None = None
    counts_laps: bool = False
    crossings: int = 0
    flags: ShownFlags = NO_FLAGS
    cars: Mapping[DriverNumber, CarState] = field(default_factory=dict)
    cars_at: datetime | None = None
    weather_at: datetime | None = None
    part_at: datetime | None = None
    repeats_control: bool = False
    next: NextSession | None = None


@dataclass(frozen=True, slots=True)
class RaceState:
    """The whole field at one instant.

    Attributes:
        as_of: When the newest message in this state was sent, UTC.
        racing_since: When the cars last began to race, UTC: lights out, or the end of the last
            safety car, virtual safety car or red flag. Gaps measured before it say little.
        lap, total_laps: The leader's lap, from 1, and the announced distance; 0 and None before
            the feed has sent them.
        cars: By car number, every car the feed has named.
        samples, points: Each car's newest reading and location; kept apart from `cars` for speed.
        drives: Sums of the readings of each car's current lap.
        control: The latest race-control messages, oldest first, at most 1,000.
        overtake_enabled, low_grip: Whether race control enabled DRS (to 2025) or Overtake
            Mode, and whether it declared low grip (2026); None before a message about it.
        timed: What is special to qualifying and practice; None in a race.
        clock: The session's clock; None before the feed has told it.
        stopped_at: When the race was last stopped by a red flag; None if it never was.
        lap_at: When the feed last reported `lap`.
        told: Which topics have spoken.
        inferred: What was inferred because no topic tells it.
        neutral_since: When racing was last stopped by a safety car, a virtual one or a red flag.
        facts: What topics beside the timing have told.
    """

    as_of: datetime = START_OF_TIME
    info: RaceInfo = RaceInfo()
    phase: Phase = Phase.INACTIVE
    track_status: TrackStatus = TrackStatus.CLEAR
    track_status_at: datetime = START_OF_TIME
    lap: int = 0
    total_laps: int | None = None
    cars: Mapping[DriverNumber, CarState] = field(default_factory=dict)
    samples: Mapping[DriverNumber, CarSample] = field(default_factory=dict)
    points: Mapping[DriverNumber, TrackPoint] = field(default_factory=dict)
    drives: Mapping[DriverNumber, Drive] = field(default_factory=dict)
    weather: Weather = Weather()
    control: tuple[ControlMessage, ...] = ()
    overtake_enabled: bool | None = None
    low_grip: bool | None = None
    timed: TimedSession | None = None
    clock: SessionClock | None = None
    racing_since: datetime = START_OF_TIME
    stopped_at: datetime | None = None
    lap_at: datetime = START_OF_TIME
    told: Told = Told()
    inferred: frozenset[Inferred] = frozenset()
    neutral_since: datetime = START_OF_TIME
    facts: SessionFacts = NO_FACTS

    def in_order(self) -> list[CarState]:
        """Return the cars that have a position, first place first."""
        placed = [car for car in self.cars.values() if car.position is not None]
        return sorted(placed, key=lambda car: (car.position or 0, car.position_at))
