"""Define what the server answers, as frozen values; `docs/dictionary.md` explains every field.

Fields that a newer server adds are left out. Names, units and nulls are those of the API.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredRace:
    """A stored race, sprint, qualifying or practice; times are UTC."""

    race_id: str
    name: str
    kind: str
    session_type: str
    year: int
    circuit_id: str | None
    circuit: str | None
    starts_at: datetime | None
    first_at: datetime | None
    last_at: datetime | None
    source: str
    state: str
    laps: int
    total_laps: int | None
    messages: int
    model_version: str


@dataclass(frozen=True, slots=True)
class CarCode:
    """A car of a race, and its driver's three letters."""

    car: int
    code: str


@dataclass(frozen=True, slots=True)
class TrackSpan:
    """A period in which the track was not clear, or the race was stopped."""

    what: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class LapBegun:
    """The beginning of one of the leader's laps."""

    lap: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PitLap:
    """A lap in which a car was in the pit lane."""

    at: datetime
    car: int
    lap: int


@dataclass(frozen=True, slots=True)
class FoughtBattle:
    """A battle, for as long as it was forecast without a pause; cars by their numbers."""

    attacker: int
    defender: int
    since: datetime
    until: datetime
    most_p: float
    p_before_pass: float | None
    is_false_alarm: bool


@dataclass(frozen=True, slots=True)
class StoredPass:
    """A pass on the track that ended a battle, and stood; cars by their numbers."""

    at: datetime
    attacker: int
    defender: int
    position: int
    p_before: float | None


@dataclass(frozen=True, slots=True)
class RaceDigest:
    """How many passes there were, how many were called, and how many calls failed."""

    passes: int
    called: int
    missed: int
    failed: int


@dataclass(frozen=True, slots=True)
class RaceTimeline:
    """A whole race at a glance; every list is in order of time."""

    race: StoredRace
    begins: datetime
    ends: datetime
    started: datetime | None
    drivers: tuple[CarCode, ...]
    flags: tuple[TrackSpan, ...]
    laps: tuple[LapBegun, ...]
    stops: tuple[PitLap, ...]
    battles: tuple[FoughtBattle, ...]
    passes: tuple[StoredPass, ...]
    digest: RaceDigest


@dataclass(frozen=True, slots=True)
class RaceNow:
    """The session on show and its state."""

    race_id: str
    name: str
    kind: str
    session_type: str
    circuit: str
    year: int | None
    phase: str
    track_status: str
    lap: int | None
    total_laps: int | None
    overtake_enabled: bool | None
    inferred: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CarInBattle:
    """One of the two cars of a battle."""

    number: int
    code: str
    name: str
    team: str
    compound: str
    tyre_life_laps: int | None
    pit_stops: int


@dataclass(frozen=True, slots=True)
class WhatMoved:
    """One thing that moved a forecast: by which part of the model, by how many logits, in words."""

    expert: str | None
    contribution: float
    words: str


@dataclass(frozen=True, slots=True)
class ExpertSays:
    """What one expert adds to a forecast; `points` of 0.01 are one percentage point."""

    expert: str
    p_overtake: float
    weight: float
    contribution: float | None
    points: float | None
    is_estimated: bool


@dataclass(frozen=True, slots=True)
class ForecastParts:
    """The rest of a forecast: interval, three laps, interruptions and experts."""

    p_overtake_3: float
    p_low: float
    p_high: float
    base: float | None
    p_situation: float | None
    p_kept: float | None
    experts: tuple[ExpertSays, ...]
    p_interrupted: float
    p_pit: float
    p_neutralised: float
    p_retired: float


@dataclass(frozen=True, slots=True)
class BattleNow:
    """A battle under way, with its forecast; `p_overtake` is None without one."""

    attacker: CarInBattle
    defender: CarInBattle
    position: int
    interval_s: float
    interval_age_s: float
    gap_at_line_s: float | None
    trend_s_per_lap: float | None
    opened_at: datetime
    laps: int
    p_overtake: float | None
    no_forecast_because: str | None
    condition: str
    condition_words: str | None
    reasons: tuple[str, ...]
    explanation: tuple[WhatMoved, ...]
    fading: bool
    mixed: ForecastParts | None

    @property
    def pair(self) -> str:
        """Both drivers, the attacker first.

        Example: `NOR-PIA`.
        """
        return f"{self.attacker.code}-{self.defender.code}"


@dataclass(frozen=True, slots=True)
class BattlesAt:
    """The race and its battles at one moment, front of the field first."""

    source: str
    feed: str
    feed_state: str
    sequence: int
    as_of: datetime | None
    data_age_s: float | None
    race: RaceNow
    model_version: str
    battles: tuple[BattleNow, ...]


@dataclass(frozen=True, slots=True)
class BattlesNow(BattlesAt):
    """The newest frame, made at `published_at`."""

    published_at: datetime


@dataclass(frozen=True, slots=True)
class Forecasts(BattlesAt):
    """Forecasts that were computed on request, `now`, of a `frame`, or of a `stored` race."""

    computed: str
    answered_at: datetime
    rules_version: str | None


@dataclass(frozen=True, slots=True)
class CarNow:
    """One car of the session on show; gaps are None outside of races."""

    number: int
    position: int
    code: str
    name: str
    team: str
    laps: int
    last_lap_s: float | None
    best_lap_s: float | None
    gap_to_leader_s: float | None
    interval_s: float | None
    compound: str
    tyre_life_laps: int | None
    in_pit: bool
    stopped: bool
    retired: bool


@dataclass(frozen=True, slots=True)
class SessionNow:
    """The session on show, of whatever kind, with all its cars, first place first."""

    source: str
    feed: str
    feed_state: str
    sequence: int
    as_of: datetime | None
    published_at: datetime
    data_age_s: float | None
    race: RaceNow
    cars: tuple[CarNow, ...]


@dataclass(frozen=True, slots=True)
class MadeUpForecast:
    """The forecast of a made-up battle; `unknown` lists the features that were left out."""

    p_overtake: float | None
    no_forecast_because: str | None
    reasons: tuple[str, ...]
    explanation: tuple[WhatMoved, ...]
    mixed: ForecastParts | None
    model_version: str
    rules_version: str | None
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MadeUpFeature:
    """One feature of a made-up battle, its unit and its range."""

    name: str
    unit: str
    meaning: str
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class LedgerScore:
    """Mean scores of decided forecasts; those from the gap alone begin with `gap_`."""

    name: str
    forecasts: int
    came_true: int
    races: int
    log_loss: float
    gap_log_loss: float
    brier: float
    gap_brier: float


@dataclass(frozen=True, slots=True)
class LedgerRaceScore(LedgerScore):
    """The scores of one race."""

    race_id: str
    year: int
    circuit: str
    first_at: datetime
    model_version: str
    can_be_replayed: bool


@dataclass(frozen=True, slots=True)
class ReliabilityGroup:
    """Forecasts of about the same probability, and which share of them came true."""

    low: float
    high: float
    forecasts: int
    laps: int
    said: float
    came: float
    came_low: float
    came_high: float


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """How all forecasts of one kind came out, according to the ledger."""

    made: str
    simulated: bool
    forecasts: int
    undecided: dict[str, int]
    overall: LedgerScore | None
    reliability: tuple[ReliabilityGroup, ...]
    races: tuple[LedgerRaceScore, ...]
    seasons: tuple[LedgerScore, ...]
    circuits: tuple[LedgerScore, ...]


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """The state of the server: `ok`, `degraded`, `waiting` or `dead`, and why."""

    status: str
    detail: str
    source: str | None
    feed: str | None
    feed_state: str | None
    feed_detail: str
    race_on: bool
    last_message_age_s: float | None
    frame_age_s: float | None
    sequence: int | None
    malformed: int


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """The account that asks; its role is `api` where an API key asks."""

    user_id: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class RacesPage:
    """One page of stored races."""

    races: tuple[StoredRace, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class RaceHead:
    """The part of `GET /history/{race_id}` that is about the race."""

    race: StoredRace
