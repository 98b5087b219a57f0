"""Define the rows in which a race is stored: one NamedTuple for each table.

Field names are column names and contain the unit. `seq` is the number within the race, from 0, of
the message that a row comes from; `at` is when the feed sent that message.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pitwall.domain.race import RaceInfo


class TimingRecord(NamedTuple):
    """One car's timing line after a message with its place or a gap.

    Seconds and whole laps exclude each other; both are None when unknown. `is_leader` is true
    where the feed sent a lap number in place of a gap.
    """

    at: datetime
    seq: int
    car: int
    position: int | None
    gap_laps: int | None
    interval_laps: int | None
    is_leader: bool
    gap_s: float | None
    interval_s: float | None


class LapRow(NamedTuple):
    """One completed lap; the speeds of traps I1, I2, FL and ST are None where it had no new one.

    `lap_type` and `part` are None in a race.
    """

    car: int
    lap: int
    completed_at: datetime
    lap_time_s: float | None
    sector_1_s: float | None
    sector_2_s: float | None
    sector_3_s: float | None
    i1_kmh: float | None
    i2_kmh: float | None
    fl_kmh: float | None
    st_kmh: float | None
    pitted: bool
    track_clear: bool
    lap_type: str | None = None
    part: int | None = None
    deleted: bool = False


class StandingRecord(NamedTuple):
    """The newest standing of one car in qualifying or practice; see the table `standings`."""

    car: int
    position: int
    best_lap_s: float | None
    best_lap: int | None
    part_1_s: float | None
    part_2_s: float | None
    part_3_s: float | None
    overall_best_s: float | None
    gap_to_best_s: float | None
    laps: int
    deleted_laps: int
    out_in: int | None


class StintRecord(NamedTuple):
    """The newest data of one stint; `from_lap` is the first lap driven on it."""

    car: int
    stint: int
    from_lap: int
    compound: str
    fresh_tyre: bool | None
    start_laps: int | None
    tyre_life_laps: int | None


class ControlRecord(NamedTuple):
    """One race-control message; `nth` is its index, from 0, within its raw message."""

    at: datetime
    seq: int
    nth: int
    stamped_at: datetime
    category: str
    message: str
    flag: str | None
    scope: str | None
    sector: int | None
    lap: int | None
    car: int | None


class StatusRecord(NamedTuple):
    """A change of status; `kind` is `track`, `phase`, `lap_count` or `part`."""

    at: datetime
    seq: int
    kind: str
    value: str


class WeatherRecord(NamedTuple):
    """One weather reading."""

    at: datetime
    seq: int
    air_c: float | None
    track_c: float | None
    humidity_pct: float | None
    pressure_hpa: float | None
    rainfall: bool | None
    wind_mps: float | None
    wind_direction_deg: float | None


class SampleRecord(NamedTuple):
    """One reading of a car's channels; `at` is when it was taken."""

    at: datetime
    car: int
    speed_kmh: float | None
    rpm: float | None
    throttle_pct: float | None
    brake_pct: float | None
    gear: int | None
    drs: int | None


class PredictionRecord(NamedTuple):
    """One forecast of one battle, by car numbers, as in the table `predictions`."""

    attacker: int
    defender: int
    lap: int
    made_at: datetime
    position: int
    interval_s: float
    p_overtake: float
    model_version: str
    p_overtake_3: float | None = None
    p_low: float | None = None
    p_high: float | None = None
    p_om: float | None = None
    w_om: float | None = None
    p_boost: float | None = None
    w_boost: float | None = None
    p_aero: float | None = None
    w_aero: float | None = None
    p_pit: float | None = None
    p_neutralised: float | None = None
    p_retired: float | None = None
    outcome: str | None = None
    settled_at: datetime | None = None
    # Last, because files of waiting batches hold rows without names.
    c_base: float | None = None
    c_om: float | None = None
    c_boost: float | None = None
    c_aero: float | None = None
    p_kept: float | None = None
    condition: str | None = None


class OutcomeRecord(NamedTuple):
    """The outcome of a forecast that is already stored."""

    outcome: str
    settled_at: datetime
    made_at: datetime
    attacker: int
    defender: int


class EndingRecord(NamedTuple):
    """The end of one battle, as the page and `/live-battles` tell it; `reason` is an `EndReason`.

    Where it is taken back, `reason` is the newer one.
    """

    ended_at: datetime
    attacker: int
    defender: int
    opened_at: datetime
    position: int
    reason: str
    taken_back: bool
    p_overtake: float | None


class MessageRecord(NamedTuple):
    """One raw message and its number within the race."""

    seq: int
    sent_at: datetime
    topic: str
    body: bytes


class KeyframeRecord(NamedTuple):
    """The engine's state after `seq` messages, encoded."""

    seq: int
    at: datetime
    body: bytes


class KeyframePlace(NamedTuple):
    """The place of a keyframe: after `seq` messages, the last of them sent at `at`."""

    seq: int
    at: datetime


class EntryRecord(NamedTuple):
    """One car of the race and its driver."""

    car: int
    driver_id: str
    code: str
    name: str
    team: str
    team_colour: str
    grid_position: int | None


@dataclass(slots=True)
class Batch:
    """The new rows of one part of a race, written whole or not at all.

    Attributes:
        info: Which race; without a `race_id` until the feed has sent it.
        entries, laps, stints, standings: The newest row of each key; later data replace earlier.
        samples: Each with the `seq` of its message.
        predictions: By made_at, attacker and defender.
        endings: The newest judgement of each battle that ended, by ended_at, attacker and defender.
        messages_through: How many messages the race has up to the end of this batch.
        last_at: When the newest message was sent; None in a batch without messages.
        lap, total_laps: The leader's lap and the announced distance at the end.
        dropped: Messages left out before this batch because nothing could be written.
        is_imported: Whether the race was over long before this playback.
    """

    info: RaceInfo = field(default_factory=RaceInfo)
    messages: list[MessageRecord] = field(default_factory=list)
    keyframes: list[KeyframeRecord] = field(default_factory=list)
    entries: dict[int, EntryRecord] = field(default_factory=dict)
    timing: list[TimingRecord] = field(default_factory=list)
    laps: dict[tuple[int, int], LapRow] = field(default_factory=dict)
    stints: dict[tuple[int, int], StintRecord] = field(default_factory=dict)
    standings: dict[int, StandingRecord] = field(default_factory=dict)
    control: list[ControlRecord] = field(default_factory=list)
    statuses: list[StatusRecord] = field(default_factory=list)
    weather: list[WeatherRecord] = field(default_factory=list)
    samples: list[tuple[int, SampleRecord]] = field(default_factory=list)
    predictions: dict[tuple[datetime, int, int], PredictionRecord] = field(default_factory=dict)
    outcomes: list[OutcomeRecord] = field(default_factory=list)
    messages_through: int = 0
    last_at: datetime | None = None
    lap: int = 0
    total_laps: int | None = None
    dropped: int = 0
    is_imported: bool = False
    endings: dict[tuple[datetime, int, int], EndingRecord] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        rows = self.messages or self.predictions or self.outcomes or self.endings
        return not (rows or self.dropped)


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rows that the database refused because of their content.

    Attributes:
        file: The name of the file in the data folder that holds them; "" where there are none.
        rows: How many rows are in it.
        lost: How many more rows were refused when the file was full.
        reason: Which table refused the newest one since the server started, and why.
    """

    file: str = ""
    rows: int = 0
    lost: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RaceMark:
    """How far a race has been stored.

    Attributes:
        number: The race's small number in the database.
        messages: How many messages are stored; writing continues after them.
        last_at: When the newest stored message was sent; None before the first.
        state: `running`, `finished` or `abandoned`.
        feed: The name of the feed it was first stored from.
    """

    info: RaceInfo
    source: str
    number: int
    messages: int
    last_at: datetime | None
    state: str
    feed: str
