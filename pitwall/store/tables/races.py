"""Tables of races: circuits, drivers, races, and who drove in which."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import SmallInteger
from sqlmodel import Field, SQLModel

from pitwall.store.instants import Instant, utc_now


class Circuit(SQLModel, table=True):
    """A circuit; `id` is its short name in small letters, such as `zandvoort`."""

    __tablename__ = "circuits"

    id: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=80)


class DriverRow(SQLModel, table=True):
    """A driver over all seasons; `id` is the name in small letters, such as `max-verstappen`.

    Number and team belong to a race: see `Entry`.
    """

    __tablename__ = "drivers"

    id: str = Field(primary_key=True, max_length=80)
    code: str = Field(default="", max_length=8)
    name: str = Field(default="", max_length=80)


class Race(SQLModel, table=True):
    """A race or a sprint.

    Attributes:
        id: Such as `2025-dutch-grand-prix-race`.
        number: Stands for `id` in the tables with many rows, where 30 letters a row would
            weigh more than the row itself.
        name, kind, year: As the feed described it.
        starts_at: As announced; None when not told.
        first_at, last_at: When its first and newest message were sent; None before the first.
        source: `live`, `recorded`, `reconstructed` or `simulated`.
        feed: What people are shown of the feed it came from.
        state: `running` while it is being written, `finished` when its feed had ended,
            `abandoned` when another race began first.
        laps: The leader's lap when it was last written.
        messages: Raw messages kept so far: where writing goes on after a restart.
        model_version: Of its newest predictions; "" without any.
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
    model_version: str = Field(default="", max_length=80)
    created_at: datetime = Field(default_factory=utc_now, sa_type=Instant)


class Entry(SQLModel, table=True):
    """One car in one race, and who drove it."""

    __tablename__ = "entries"

    race_number: int = Field(primary_key=True, foreign_key="races.number", ondelete="CASCADE")
    car: int = Field(primary_key=True, sa_type=SmallInteger)
    driver_id: str = Field(foreign_key="drivers.id", max_length=80, index=True)
    team: str = Field(default="", max_length=80)
    team_colour: str = Field(default="", max_length=6)
    grid_position: int | None = Field(default=None, sa_type=SmallInteger)
