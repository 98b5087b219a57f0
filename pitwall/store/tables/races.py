"""Define the tables of circuits, drivers, races, and the entries of races."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, SmallInteger
from sqlmodel import Field, SQLModel

from pitwall.store.instants import Instant, utc_now


class CircuitRow(SQLModel, table=True):
    """A circuit. Source: `SessionInfo`.

    Attributes:
        id: Its short name in small letters, such as `zandvoort`.
        name: Its short name as the feed writes it.
    """

    __tablename__ = "circuits"

    id: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=80)


class DriverRow(SQLModel, table=True):
    """A driver over all seasons; number and team belong to a race: see `entries`.

    Source: `DriverList`.

    Attributes:
        id: The name in small letters, such as `max-verstappen`.
        code: Three letters, such as `VER`; "" when not given.
        name: First name and surname; "" when not given.
        number: Stands for `id` in the table of forecasts. Source: counted up.
    """

    __tablename__ = "drivers"
    __table_args__ = (Index("drivers_number", "number", unique=True),)

    id: str = Field(primary_key=True, max_length=80)
    code: str = Field(default="", max_length=8)
    name: str = Field(default="", max_length=80)
    number: int


class RaceRow(SQLModel, table=True):
    """A session: a race or a sprint, qualifying or practice.

    Attributes:
        id: Such as `2025-dutch-grand-prix-race`. Source: `SessionInfo`.
        number: Stands for `id` in the tables with many rows, where 30 letters a row would weigh
            more than the row itself. Source: counted up.
        circuit_id: Where it is held. None when not given. Source: `circuits.id`.
        name: As the feed names the meeting. Source: `SessionInfo`.
        kind: As the feed names the session, such as `Race`, `Sprint Qualifying` or `Practice 1`.
            Source: `SessionInfo`.
        year: The season; 0 when not given. Source: `SessionInfo`.
        starts_at: The announced start. None when not given. Source: `SessionInfo`.
        first_at: When its first message was sent. None before the first. Source: the feed.
        last_at: When its newest message was sent. None before the first. Source: the feed.
        source: What kind of data it is. Range: `live`, `recorded`, `reconstructed` or `simulated`.
            Source: the feed.
        feed: The name of its feed, as shown to people. Source: the setting or import.
        state: The state of the recording: `running` while it goes on, `finished` when its feed
            had ended, `abandoned` when another race began first. Range: `running`, `finished` or
            `abandoned`. Source: the recorder.
        laps: The leader's lap when it was last written; 0 in qualifying and practice.
            Source: `LapCount`, or line crossings.
        total_laps: The announced distance. None when not given. Source: `LapCount`.
        messages: Raw messages stored so far: where writing goes on after a restart. Source: the
            recorder.
        revision: Rises whenever anything of the race is written. Source: the recorder.
        model_version: Model of its newest predictions; "" without any. Source: the model bundle.
        created_at: When its first row was written. Source: the server's clock.
        updated_at: When anything of it was last written. Source: the server's clock.
    """

    __tablename__ = "races"

    id: str = Field(primary_key=True, max_length=96)
    number: int = Field(unique=True)
    circuit_id: str | None = Field(default=None, foreign_key="circuits.id", max_length=64)
    name: str = Field(default="", max_length=120)
    kind: str = Field(default="", max_length=40)
    year: int = Field(default=0, index=True, sa_type=SmallInteger)
    starts_at: datetime | None = Field(default=None, sa_type=Instant)
    first_at: datetime | None = Field(default=None, sa_type=Instant)
    last_at: datetime | None = Field(default=None, sa_type=Instant)
    source: str = Field(max_length=16)
    feed: str = Field(default="", max_length=200)
    state: str = Field(default="running", max_length=16)
    laps: int = Field(default=0, sa_type=SmallInteger)
    total_laps: int | None = Field(default=None, sa_type=SmallInteger)
    messages: int = Field(default=0)
    revision: int = Field(default=0)
    model_version: str = Field(default="", max_length=80)
    created_at: datetime = Field(default_factory=utc_now, sa_type=Instant)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=Instant)


class EntryRow(SQLModel, table=True):
    """One car in one race, and who drove it. Source: `DriverList`.

    Attributes:
        race_number: The race. Source: `races.number`.
        car: The car's number.
        driver_id: Who drives it. Source: `drivers.id`.
        team: The team's name; "" when not given.
        team_colour: Six hexadecimal digits; "" when not given.
        grid_position: Place on the grid. None when not given. Source: `TimingAppData` `GridPos`.
    """

    __tablename__ = "entries"

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    car: int = Field(primary_key=True, sa_type=SmallInteger)
    driver_id: str = Field(foreign_key="drivers.id", max_length=80, index=True)
    team: str = Field(default="", max_length=80)
    team_colour: str = Field(default="", max_length=6)
    grid_position: int | None = Field(default=None, sa_type=SmallInteger)
