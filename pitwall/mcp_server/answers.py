"""Define what the tools answer: the API's own words, less what only charts and programs need."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, RootModel


class McpCar(BaseModel):
    """One car of a battle."""

    number: int
    code: str = Field(description="The driver's three letters.")
    name: str
    team: str
    compound: str = Field(description="The tyre compound.")
    tyre_life_laps: int | None


class McpRaceState(BaseModel):
    """The race that is on show, and how it stands."""

    race_id: str
    name: str
    kind: str
    circuit: str
    year: int | None
    phase: str = Field(
        description="`started` while cars race; `finished` after the chequered flag."
    )
    track_status: str
    lap: int | None = Field(description="The leader's.")
    total_laps: int | None


class McpBattle(BaseModel):
    """One battle under way, and its forecast."""

    attacker: McpCar = Field(description="The car behind.")
    defender: McpCar = Field(description="The car directly ahead.")
    position: int = Field(description="The place at stake; 1 is the lead.")
    interval_s: float = Field(description="Seconds between the two.")
    trend_s_per_lap: float | None = Field(description="Change of it a lap; negative is closing.")
    laps: int = Field(description="Laps of battle so far.")
    p_overtake: float | None = Field(
        description="Estimated probability that the attacker is ahead a lap from now, if neither "
        "pits and the track stays clear. Null without a forecast."
    )
    no_forecast_because: str | None
    condition: str
    reasons: list[str] = Field(description="What moved the forecast most: logits and words.")


class LiveBattlesAnswer(BaseModel):
    """The battles of one moment, front of the field first."""

    source: str = Field(
        description="`live`, `recorded`, `reconstructed` or `simulated`. A simulated race is no "
        "real one: say so."
    )
    feed_state: str = Field(description="`flowing` while data arrives; `stale` when it is silent.")
    as_of: datetime | None = Field(description="The moment that is shown, on the race's clock.")
    data_age_s: float | None
    race: McpRaceState
    model_version: str
    battles: list[McpBattle]


class McpStoredRace(BaseModel):
    """A stored session."""

    race_id: str
    name: str
    kind: str = Field(description="`Race`, `Sprint`, `Qualifying`, `Practice 1` and so on.")
    year: int
    circuit: str | None
    starts_at: datetime | None
    source: str
    state: str = Field(description="`running`, `finished` or `abandoned`.")
    laps: int
    total_laps: int | None


class RacesAnswer(BaseModel):
    """Stored sessions, the newest first."""

    races: list[McpStoredRace]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page.")


class McpRow(BaseModel):
    """One row of a table."""

    table: str
    row: dict[str, Any]


class TableAnswer(BaseModel):
    """One page of rows, in order of time."""

    race: McpStoredRace
    rows: list[McpRow]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page.")


class McpSpan(BaseModel):
    """A period in which the track was not clear, or the race was stopped."""

    what: str
    since: datetime
    until: datetime


class McpDigest(BaseModel):
    """How the forecasts of a race compare with what happened."""

    passes: int = Field(description="Passes on the track that ended a battle.")
    called: int = Field(
        description="Those forecast with .5 or more at some second of the lap before."
    )
    missed: int = Field(description="The other passes.")
    failed: int = Field(description="Battles in which a pass was called and none came.")


class McpDriver(BaseModel):
    """A car of the race."""

    car: int
    code: str


class McpLapStart(BaseModel):
    """The beginning of one of the leader's laps."""

    lap: int
    at: datetime


class McpStop(BaseModel):
    """A pit stop."""

    at: datetime
    car: int
    lap: int


class McpFight(BaseModel):
    """A battle of a stored race, as the API tells it."""

    attacker: int
    defender: int
    since: datetime
    until: datetime
    most_p: float
    p_before_pass: float | None
    is_false_alarm: bool


class McpPass(BaseModel):
    """A pass of a stored race, as the API tells it."""

    at: datetime
    attacker: int
    defender: int
    position: int
    p_before: float | None


class McpTimeline(BaseModel):
    """A stored race at a glance, as the API tells it."""

    race: McpStoredRace
    started: datetime | None
    drivers: list[McpDriver]
    flags: list[McpSpan]
    laps: list[McpLapStart]
    stops: list[McpStop]
    battles: list[McpFight]
    passes: list[McpPass]
    digest: McpDigest


class OverviewAnswer(BaseModel):
    """What happened in a stored race, without its battles and passes."""

    race: McpStoredRace
    started: datetime | None = Field(description="Lights out; null where not known.")
    drivers: list[McpDriver]
    flags: list[McpSpan]
    stops: list[McpStop]
    battles: int
    digest: McpDigest


class McpBattleOfRace(BaseModel):
    """A battle of a stored race, for as long as it was forecast without a pause."""

    attacker: str = Field(description="The driver behind: three letters, or the car's number.")
    defender: str = Field(description="The driver ahead.")
    since: datetime
    until: datetime
    lap: int | None = Field(description="The leader's lap when it began.")
    most_p: float = Field(description="The highest forecast.")
    p_before_pass: float | None = Field(
        description="The highest forecast within the lap before a pass; null where none came true."
    )
    is_false_alarm: bool = Field(
        description="Whether .5 or more was forecast, and no pass came of it."
    )


class BattlesOfRaceAnswer(BaseModel):
    """A page of a race's battles, in order of time."""

    race: McpStoredRace
    battles: list[McpBattleOfRace]
    total: int = Field(description="How many fulfil the filters.")
    next_offset: int | None = Field(description="Give it as `offset` for the next page.")


class McpPassOfRace(BaseModel):
    """A pass on the track that ended a battle, and stood."""

    at: datetime
    lap: int | None = Field(description="The leader's.")
    attacker: str = Field(description="Who passed: three letters, or the car's number.")
    defender: str = Field(description="Who was passed.")
    position: int = Field(description="The place won.")
    p_before: float | None = Field(
        description="The highest forecast within the lap before; null where none was settled."
    )


class PassesOfRaceAnswer(BaseModel):
    """A page of a race's passes, in order of time."""

    race: McpStoredRace
    passes: list[McpPassOfRace]
    total: int = Field(description="How many fulfil the filters.")
    next_offset: int | None = Field(description="Give it as `offset` for the next page.")


class PredictAnswer(BaseModel):
    """Forecasts of one moment."""

    computed: str = Field(
        description="`now`: computed for this answer; `frame`: from the newest frame; `stored`: on "
        "a stored race."
    )
    source: str
    as_of: datetime | None
    race: McpRaceState
    model_version: str
    battles: list[McpBattle]


class McpMixed(BaseModel):
    """What is known beside the probability itself."""

    p_overtake_3: float = Field(description="The probability within three laps.")
    p_low: float = Field(description="Lower end of the 90 % interval.")
    p_high: float = Field(description="Upper end of it.")
    p_interrupted: float = Field(
        description="Probability that a stop, a neutralisation or a retirement comes first."
    )


class WhatIfAnswer(BaseModel):
    """The forecast of a made-up battle."""

    p_overtake: float | None
    no_forecast_because: str | None
    reasons: list[str]
    mixed: McpMixed | None
    model_version: str
    unknown: list[str] = Field(description="Features that were left out.")


class McpFeature(BaseModel):
    """A feature that can be set for a made-up battle."""

    name: str
    unit: str
    meaning: str
    lowest: float
    highest: float


class McpFeatures(RootModel[list[McpFeature]]):
    """The features of made-up battles, as the API lists them."""


class FeaturesAnswer(BaseModel):
    """The features of made-up battles."""

    features: list[McpFeature]


class McpScore(BaseModel):
    """Mean scores of forecasts; lower is better. `gap_` is a forecast from the gap alone."""

    name: str
    forecasts: int
    came_true: int
    races: int
    log_loss: float
    gap_log_loss: float
    brier: float
    gap_brier: float


class McpReliability(BaseModel):
    """Forecasts of about the same probability, and how many of them came true."""

    low: float
    high: float
    forecasts: int
    said: float = Field(description="Mean forecast.")
    came: float = Field(description="Share that came true.")


class McpRaceScore(McpScore):
    """The scores of one race."""

    race_id: str
    year: int


class LedgerAnswer(BaseModel):
    """How the forecasts came out, as the tamper-evident ledger has them."""

    made: str = Field(
        description="`live`: written down before the outcome; `import`: computed afterwards."
    )
    simulated: bool
    forecasts: int
    undecided: dict[str, int] = Field(description="Forecasts that were interrupted, by reason.")
    overall: McpScore | None = Field(description="Null while nothing is decided.")
    gain: tuple[float, float] | None = Field(
        description="95 % interval of the log-loss gained over the gap alone; null below five "
        "races."
    )
    reliability: list[McpReliability]
    seasons: list[McpScore]
    races: list[McpRaceScore]
