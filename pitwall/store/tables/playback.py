"""Tables of what a race consisted of: its raw messages, and what was read from them.

The raw messages are the truth: a replay runs the same engine over them. The other tables
say the same in rows, for history and export. All are keyed by the race's small number and,
where rows of one message share an instant, by the message's place in the race, `seq`, from 0.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import REAL, LargeBinary, SmallInteger
from sqlmodel import Field, SQLModel

from pitwall.store.instants import Instant

# SQLite then stores the rows in the order of their key, and the key only once.
_CLUSTERED = {"sqlite_with_rowid": False}


class RawChunk(SQLModel, table=True):
    """Consecutive raw messages, compressed: a minute of them, or less at the race's open end."""

    __tablename__ = "raw_chunks"

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    first_seq: int = Field(primary_key=True)
    messages: int
    first_at: datetime = Field(sa_type=Instant)
    last_at: datetime = Field(sa_type=Instant)
    body: bytes = Field(sa_type=LargeBinary)


class Keyframe(SQLModel, table=True):
    """The engine's whole state after `seq` messages, from which a replay may begin."""

    __tablename__ = "keyframes"

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    body: bytes = Field(sa_type=LargeBinary)


class TimingRow(SQLModel, table=True):
    """One car's line after a message that changed its place or a gap.

    Attributes:
        gap_s, gap_laps: To the leader: seconds, or whole laps down; both None when unknown.
        interval_s, interval_laps: To the car ahead, alike.
        is_leader: Whether the feed showed a lap number in place of a gap.
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
    """One completed lap of one car; speeds at the traps I1, I2, FL and ST in km/h."""

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


class StintRow(SQLModel, table=True):
    """One stint of one car as last told; `from_lap` is the first lap driven on it."""

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


class ControlRow(SQLModel, table=True):
    """One message of race control; `nth` counts those of one raw message."""

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
    """A change of the track's status, of the race's phase or of the lap; `kind` says of which."""

    __tablename__ = "statuses"
    __table_args__ = _CLUSTERED

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    at: datetime = Field(primary_key=True, sa_type=Instant)
    seq: int = Field(primary_key=True)
    kind: str = Field(primary_key=True, max_length=12)
    value: str = Field(max_length=24)


class WeatherRow(SQLModel, table=True):
    """One weather reading, in the units of the names."""

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
    """One reading of a car's own channels, about four a second; None is missing, never 0."""

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
