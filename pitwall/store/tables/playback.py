"""Define the tables of a race's raw messages, and of the rows read from them.

The raw messages are authoritative: a replay runs the same engine over them. The other tables hold
the same as rows, for history and export. All are keyed by the race's small number and, where rows
of one message share an instant, by the message's place in the race, `seq`, from 0.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import REAL, LargeBinary, SmallInteger, false
from sqlmodel import Field, SQLModel

from pitwall.store.instants import Instant

# SQLite then stores the rows in the order of their key, and the key only once.
_CLUSTERED = {"sqlite_with_rowid": False}


class RawChunk(SQLModel, table=True):
    """Consecutive raw messages, compressed: a minute of them, or less at the race's open end.

    Source: the feed.

    Attributes:
        race_number: The race. Source: `races.number`.
        first_seq: Place in the race of its first message, from 0.
        messages: How many messages it holds.
        first_at: When its first message was sent.
        last_at: When its last message was sent.
        body: The messages as the feed sent them, zlib.
    """

    __tablename__ = "raw_chunks"

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    first_seq: int = Field(primary_key=True)
    messages: int
    first_at: datetime = Field(sa_type=Instant)
    last_at: datetime = Field(sa_type=Instant)
    body: bytes = Field(sa_type=LargeBinary)


class Keyframe(SQLModel, table=True):
    """The engine's complete state after `seq` messages, from which a replay may begin.

    Source: the race engine.

    Attributes:
        race_number: The race. Source: `races.number`.
        seq: How many messages the state has taken.
        at: When the last of these messages was sent. Source: the feed.
        body: The state, encoded.
    """

    __tablename__ = "keyframes"

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    body: bytes = Field(sa_type=LargeBinary)


class TimingRow(SQLModel, table=True):
    """One car's timing after a message that changed its place or a gap. Source: `TimingData`.

    Attributes:
        race_number: The race. Source: `races.number`.
        at: When the message was sent.
        seq: Place of the message in the race, from 0.
        car: The car's number.
        position: Place in the running order; 1 leads. None before the first is known.
            Source: `TimingData` `Position`.
        gap_laps: Whole laps behind the leader. None where not lapped or unknown.
            Source: `TimingData` `GapToLeader`.
        interval_laps: Whole laps behind the car ahead. None where not lapped or unknown.
            Source: `TimingData` `IntervalToPositionAhead`.
        is_leader: Whether the feed showed a lap number in place of a gap.
            Source: `TimingData` `GapToLeader`.
        gap_s: Behind the leader. None for the leader, where lapped, or unknown.
            Source: `TimingData` `GapToLeader`.
        interval_s: Behind the car ahead. None for the leader, where lapped, or unknown.
            Source: `TimingData` `IntervalToPositionAhead`.
    """

    __tablename__ = "timing"
    __table_args__ = _CLUSTERED

    race_number: int = Field(primary_key=True)  # a foreign key costs more than the row
    at: datetime = Field(primary_key=True, sa_type=Instant)
    seq: int = Field(primary_key=True)
    car: int = Field(primary_key=True, sa_type=SmallInteger)
    position: int | None = Field(default=None, sa_type=SmallInteger)
    gap_laps: int | None = Field(default=None, sa_type=SmallInteger)
    interval_laps: int | None = Field(default=None, sa_type=SmallInteger)
    is_leader: bool = False
    gap_s: float | None = None
    interval_s: float | None = None


class Lap(SQLModel, table=True):
    """One completed lap of one car. Source: `TimingData`.

    Attributes:
        race_number: The race. Source: `races.number`.
        car: The car's number.
        lap: Which lap of the car, from 1; in qualifying and practice with out- and in-laps.
            Source: `TimingData` `NumberOfLaps`.
        completed_at: When the feed reported the line crossing.
        lap_time_s: The lap time. None where the feed gave none. Source: `TimingData` `LastLapTime`.
        sector_1_s: Time of sector 1. None where not given. Source: `TimingData` `Sectors`.
        sector_2_s: Time of sector 2. None where not given. Source: `TimingData` `Sectors`.
        sector_3_s: Time of sector 3. None where not given. Source: `TimingData` `Sectors`.
        i1_kmh: Speed at the end of sector 1. None where not given in this lap.
            Source: `TimingData` `Speeds.I1`.
        i2_kmh: Speed at the end of sector 2. None where not given in this lap.
            Source: `TimingData` `Speeds.I2`.
        fl_kmh: Speed at the finish line. None where not given in this lap.
            Source: `TimingData` `Speeds.FL`.
        st_kmh: Speed on the longest straight. None where not given in this lap.
            Source: `TimingData` `Speeds.ST`.
        pitted: Whether the car was in the pit lane at any time of this lap.
            Source: `TimingData` `InPit`.
        track_clear: Whether the track was clear throughout this lap. Source: `TrackStatus`.
        lap_type: What kind of lap it was. Range: `out`, `in`, `flying` or `slow`. None in a race.
            Source: `TimingData` `InPit`, `PitOut` and `LastLapTime`.
        part: In which part of qualifying it was driven, from 1. None in other sessions.
            Source: `TimingData` `SessionPart`.
        deleted: Whether race control deleted it, or the feed took it back; in a race, whether it
            was driven before a red flag after which laps were counted anew, and not again.
            Source: `RaceControlMessages` and `TimingData` `NumberOfLaps`.
    """

    __tablename__ = "laps"
    __table_args__ = _CLUSTERED

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    car: int = Field(primary_key=True, sa_type=SmallInteger)
    lap: int = Field(primary_key=True, sa_type=SmallInteger)
    completed_at: datetime = Field(sa_type=Instant)
    lap_time_s: float | None = None
    sector_1_s: float | None = None
    sector_2_s: float | None = None
    sector_3_s: float | None = None
    i1_kmh: float | None = None
    i2_kmh: float | None = None
    fl_kmh: float | None = None
    st_kmh: float | None = None
    pitted: bool = False
    track_clear: bool = True
    lap_type: str | None = Field(default=None, max_length=8)
    part: int | None = Field(default=None, sa_type=SmallInteger)
    deleted: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class StandingRow(SQLModel, table=True):
    """One car's standing in qualifying or practice as last computed; races have none.

    Attributes:
        race_number: The session. Source: `races.number`.
        car: The car's number. Source: `DriverList`.
        position: Its place. Range: from 1. Source: `TimingData` `Position`.
        best_lap_s: Best lap of the part that decides its place; in practice of the session. None
            without one. Source: `TimingData` `BestLapTimes` and `BestLapTime`.
        best_lap: Which of its laps that was, as in `laps`. None where not known.
            Source: `TimingData` `NumberOfLaps`.
        part_1_s: Best lap of Q1 or SQ1. None without one. Source: `TimingData` `BestLapTimes`.
        part_2_s: Best lap of Q2 or SQ2. None without one. Source: `TimingData` `BestLapTimes`.
        part_3_s: Best lap of Q3 or SQ3. None without one. Source: `TimingData` `BestLapTimes`.
        overall_best_s: Best lap of all parts. None without one. Source: `TimingData`.
        gap_to_best_s: Behind the best lap of the cars in the same part. None without a lap.
            Source: `best_lap_s` of both.
        laps: How many laps it completed, out- and in-laps included. Range: from 0.
            Source: `TimingData` `NumberOfLaps` and `LastLapTime`.
        deleted_laps: How many of them race control deleted. Range: from 0.
            Source: `RaceControlMessages`.
        out_in: The part after which it was out. None where it took part to the end.
            Source: `TimingData` `KnockedOut`.
    """

    __tablename__ = "standings"
    __table_args__ = _CLUSTERED

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    car: int = Field(primary_key=True, sa_type=SmallInteger)
    position: int = Field(sa_type=SmallInteger)
    best_lap_s: float | None = None
    best_lap: int | None = Field(default=None, sa_type=SmallInteger)
    part_1_s: float | None = None
    part_2_s: float | None = None
    part_3_s: float | None = None
    overall_best_s: float | None = None
    gap_to_best_s: float | None = None
    laps: int = Field(default=0, sa_type=SmallInteger)
    deleted_laps: int = Field(default=0, sa_type=SmallInteger)
    out_in: int | None = Field(default=None, sa_type=SmallInteger)


class StintRow(SQLModel, table=True):
    """One stint of one car as last reported. Source: `TimingAppData` `Stints`.

    Attributes:
        race_number: The race. Source: `races.number`.
        car: The car's number.
        stint: Which stint of the car, from 1.
        from_lap: The first lap driven on it: 1, and then the lap that began in the pit lane.
            Source: `TimingData` `NumberOfLaps` and `InPit`.
        compound: The tyre compound. Range: `SOFT`, `MEDIUM`, `HARD`, `INTERMEDIATE`, `WET`, a name
            of before 2019, or `UNKNOWN` until it is known.
        fresh_tyre: Whether the set was new when fitted. None when not given.
        start_laps: Laps the set had when fitted. None when not given.
        tyre_life_laps: Laps on this set, earlier sessions included. None when not given.
    """

    __tablename__ = "stints"
    __table_args__ = _CLUSTERED

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    car: int = Field(primary_key=True, sa_type=SmallInteger)
    stint: int = Field(primary_key=True, sa_type=SmallInteger)
    from_lap: int = Field(sa_type=SmallInteger)
    compound: str = Field(max_length=16)
    fresh_tyre: bool | None = None
    start_laps: int | None = Field(default=None, sa_type=SmallInteger)
    tyre_life_laps: int | None = Field(default=None, sa_type=SmallInteger)


class EndingRow(SQLModel, table=True):
    """The end of one battle, judged with the hindsight of some seconds, as it was told.

    This is the one record of passes: the timeline and the story of a battle read it. Source: the
    race engine.

    Attributes:
        race_number: The race. Source: `races.number`.
        ended_at: When it ended, on the race's clock.
        attacker: The number of the car behind.
        defender: The number of the car ahead.
        opened_at: When the battle began.
        position: The place at stake; 1 is the lead.
        reason: Why it ended. Range: an `EndReason`, such as `passed` or `pitted`.
        taken_back: Whether it was first told as a pass.
        p_overtake: The last forecast before. None without one.
    """

    __tablename__ = "endings"
    __table_args__ = _CLUSTERED

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    ended_at: datetime = Field(primary_key=True, sa_type=Instant)
    attacker: int = Field(primary_key=True, sa_type=SmallInteger)
    defender: int = Field(primary_key=True, sa_type=SmallInteger)
    opened_at: datetime = Field(sa_type=Instant)
    position: int = Field(sa_type=SmallInteger)
    reason: str = Field(max_length=16)
    taken_back: bool = False
    p_overtake: float | None = None


class ControlRow(SQLModel, table=True):
    """One message of race control; `nth` counts those of one raw message.

    Source: `RaceControlMessages`.

    Attributes:
        race_number: The race. Source: `races.number`.
        at: When the feed sent it.
        seq: Place of the raw message in the race, from 0.
        nth: Place within the raw message, from 0.
        stamped_at: When race control dated it, to the second.
        category: What it is about, such as `Flag` or `SafetyCar`.
        message: The message as it was shown.
        flag: Which flag. None where it is about none.
        scope: For whom the flag is. Range: `Track`, `Sector` or `Driver`. None without a flag.
        sector: Which marshal sector, from 1. None where it is not about one.
        lap: The lap that race control named. None where it named none.
        car: The number of the car it is about. None where it is about none.
    """

    __tablename__ = "race_control"
    __table_args__ = _CLUSTERED

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    at: datetime = Field(primary_key=True, sa_type=Instant)
    seq: int = Field(primary_key=True)
    nth: int = Field(primary_key=True, sa_type=SmallInteger)
    stamped_at: datetime = Field(sa_type=Instant)
    category: str = Field(max_length=40)
    message: str = Field(max_length=1000)
    flag: str | None = Field(default=None, max_length=40)
    scope: str | None = Field(default=None, max_length=40)
    sector: int | None = Field(default=None, sa_type=SmallInteger)
    lap: int | None = Field(default=None, sa_type=SmallInteger)
    car: int | None = Field(default=None, sa_type=SmallInteger)


class StatusRow(SQLModel, table=True):
    """A change of the track's status, of the session's phase, of the lap or of the part.

    Attributes:
        race_number: The race. Source: `races.number`.
        at: When the message was sent. Source: the feed.
        seq: Place of the message in the race, from 0. Source: the feed.
        kind: What changed. Range: `track`, `phase`, `lap_count` or `part`. Source: the topic.
        value: What it is since then; a lap or a part of qualifying as its number.
            Source: `TrackStatus`, `SessionStatus`, `LapCount` or `TimingData` `SessionPart`.
    """

    __tablename__ = "statuses"
    __table_args__ = _CLUSTERED

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    at: datetime = Field(primary_key=True, sa_type=Instant)
    seq: int = Field(primary_key=True)
    kind: str = Field(primary_key=True, max_length=12)
    value: str = Field(max_length=24)


class WeatherRow(SQLModel, table=True):
    """One weather reading, about once a minute. Source: `WeatherData`.

    Attributes:
        race_number: The race. Source: `races.number`.
        at: When the message was sent.
        seq: Place of the message in the race, from 0.
        air_c: Temperature of the air. None where not given.
        track_c: Temperature of the track. None where not given.
        humidity_pct: Relative humidity. None where not given.
        pressure_hpa: Air pressure. None where not given.
        rainfall: Whether it rains. None where not given.
        wind_mps: Speed of the wind. None where not given.
        wind_direction_deg: Where the wind comes from, clockwise from north. None where not given.
    """

    __tablename__ = "weather"
    __table_args__ = _CLUSTERED

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    at: datetime = Field(primary_key=True, sa_type=Instant)
    seq: int = Field(primary_key=True)
    air_c: float | None = None
    track_c: float | None = None
    humidity_pct: float | None = None
    pressure_hpa: float | None = None
    rainfall: bool | None = None
    wind_mps: float | None = None
    wind_direction_deg: float | None = None


class CarSampleRow(SQLModel, table=True):
    """One reading of a car's own channels, about four a second. Source: `CarData.z`.

    Attributes:
        race_number: The race. Source: `races.number`.
        at: When the car was read.
        car: The car's number.
        speed_kmh: Speed. None where missing. Source: `CarData.z` channel 2.
        rpm: Engine revolutions a minute. None where missing. Source: `CarData.z` channel 0.
        throttle_pct: Throttle. Range: 0 to 100. None where missing. Source: `CarData.z` channel 4.
        brake_pct: Brake; most feeds have on and off only. Range: 0 or 100. None where missing.
            Source: `CarData.z` channel 5.
        gear: Gear. Range: 0 to 8. None where missing. Source: `CarData.z` channel 3.
        drs: State of the rear wing as the feed codes it; 10, 12 and 14 are open. None where
            missing. Source: `CarData.z` channel 45.
    """

    __tablename__ = "car_samples"
    __table_args__ = _CLUSTERED

    race_number: int = Field(primary_key=True)  # a foreign key costs more than the row
    at: datetime = Field(primary_key=True, sa_type=Instant)
    car: int = Field(primary_key=True, sa_type=SmallInteger)
    speed_kmh: float | None = Field(default=None, sa_type=REAL)
    rpm: float | None = Field(default=None, sa_type=REAL)
    throttle_pct: float | None = Field(default=None, sa_type=REAL)
    brake_pct: float | None = Field(default=None, sa_type=REAL)
    gear: int | None = Field(default=None, sa_type=SmallInteger)
    drs: int | None = Field(default=None, sa_type=SmallInteger)
