"""The shapes of the live answers, as OpenAPI documents them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from pitwall.domain.frames import BattleLine, FeedState, FrameHeader, LiveFrame, TowerLine
from pitwall.domain.race import Compound, Phase, TrackStatus

SourceName = Literal["live", "recorded", "reconstructed", "simulated"]
Status = Literal["ok", "degraded", "waiting", "dead"]


class RaceOut(BaseModel):
    """Which race this is, and where it stands."""

    race_id: str = Field(examples=["2025-dutch-grand-prix-race"])
    name: str = Field(examples=["Dutch Grand Prix"])
    kind: str = Field(examples=["Race", "Sprint"])
    circuit: str = Field(examples=["Zandvoort"])
    year: int | None = Field(description="Season; null before the feed has told.")
    phase: Phase
    track_status: TrackStatus
    lap: int | None = Field(description="The leader's lap; null before the feed has told.")
    total_laps: int | None
    overtake_enabled: bool | None = Field(
        description="DRS (to 2025) or Overtake Mode (2026) enabled by race control; null if untold."
    )

    @classmethod
    def of(cls, header: FrameHeader) -> RaceOut:
        """Take the race's part of a frame header."""
        return cls(
            race_id=header.race_id,
            name=header.name,
            kind=header.kind,
            circuit=header.circuit,
            year=header.year or None,
            phase=header.phase,
            track_status=header.track_status,
            lap=header.lap,
            total_laps=header.total_laps,
            overtake_enabled=header.overtake_enabled,
        )


class CarOut(BaseModel):
    """One car of a battle."""

    number: int = Field(examples=[81])
    code: str = Field(examples=["PIA"])
    name: str
    team: str
    compound: Compound
    tyre_life_laps: int | None = Field(description="Laps on this set; null when not told.")
    pit_stops: int

    @classmethod
    def of(cls, line: TowerLine) -> CarOut:
        """Take what a battle shows of a car."""
        return cls(
            number=line.number,
            code=line.code,
            name=line.name,
            team=line.team,
            compound=line.compound,
            tyre_life_laps=line.tyre_life_laps,
            pit_stops=line.pit_stops,
        )


class BattleOut(BaseModel):
    """One battle under way and its forecast."""

    attacker: CarOut = Field(description="The car behind.")
    defender: CarOut = Field(description="The car directly ahead.")
    position: int = Field(description="The place at stake; 1 is the lead.", ge=1)
    interval_s: float = Field(description="Seconds between the two, newest known.", ge=0)
    interval_age_s: float = Field(description="Age of that interval, race seconds.", ge=0)
    trend_s_per_lap: float | None = Field(
        description="Change of the interval over the last lap; negative is closing. Null at first."
    )
    opened_at: datetime = Field(description="When the battle opened, UTC on the race's clock.")
    laps: int = Field(description="Laps of battle so far.", ge=0)
    p_overtake: float | None = Field(
        description="Estimated probability that the attacker is ahead a lap from now, if neither "
        "pits and the track stays clear. Null without a forecast.",
        ge=0,
        le=1,
    )
    no_forecast_because: str | None
    reasons: list[str] = Field(description="What moved the forecast most, in logits and words.")

    @classmethod
    def of(cls, battle: BattleLine, cars: dict[int, TowerLine]) -> BattleOut:
        """Join a battle with its two cars."""
        return cls(
            attacker=CarOut.of(cars[battle.attacker]),
            defender=CarOut.of(cars[battle.defender]),
            position=battle.position,
            interval_s=battle.interval_s,
            interval_age_s=battle.interval_age_s,
            trend_s_per_lap=battle.trend_s_per_lap,
            opened_at=battle.opened_at,
            laps=battle.laps,
            p_overtake=battle.p_overtake,
            no_forecast_because=battle.no_forecast_because or None,
            reasons=list(battle.reasons),
        )


class BattlesOut(BaseModel):
    """All battles of under two seconds at one instant, front of the field first."""

    source: SourceName = Field(description="What kind of data this is; `simulated` is no race.")
    feed: str = Field(examples=["simulated:1"])
    feed_state: FeedState
    sequence: int = Field(description="Rises by one with every frame.")
    as_of: datetime | None = Field(description="When the newest message was sent, race's clock.")
    published_at: datetime = Field(description="When this frame was made, UTC.")
    data_age_s: float | None = Field(
        description="Seconds since the newest message arrived, when this frame was made."
    )
    race: RaceOut
    model_version: str
    battles: list[BattleOut]

    @classmethod
    def of(cls, frame: LiveFrame, below_s: float, min_p: float) -> BattlesOut:
        """Take the battles of a frame below `below_s` and with `p_overtake` from `min_p` up."""
        cars = {int(line.number): line for line in frame.tower}
        wanted = [
            battle
            for battle in frame.battles
            if battle.interval_s < below_s and (battle.p_overtake or 0.0) >= min_p
        ]
        return cls(
            source=frame.header.source,  # type: ignore[arg-type]  # one of SourceName by Source
            feed=frame.header.feed,
            feed_state=frame.header.feed_state,
            sequence=frame.sequence,
            as_of=frame.header.as_of,
            published_at=frame.published_at,
            data_age_s=frame.data_age_s,
            race=RaceOut.of(frame.header),
            model_version=frame.model_version,
            battles=[BattleOut.of(battle, cars) for battle in wanted],
        )


class ModelOut(BaseModel):
    """Which model forecasts."""

    version: str
    trained_at: datetime | None


class BuildOut(BaseModel):
    """Which program this is."""

    version: str
    revision: str | None = Field(description="Source revision; null outside a checkout.")
    started_at: datetime


class HealthOut(BaseModel):
    """Whether the dashboard can be trusted now."""

    status: Status = Field(
        description="`ok`; `degraded` when the picture is right but something behind it is "
        "missing, such as the shared cache; `waiting` before the first frame; `dead` when the feed "
        "has stopped while a race is on, or cannot be opened (answered with 503)."
    )
    detail: str
    source: SourceName | None
    feed: str | None
    feed_state: FeedState | None
    race_on: bool
    last_message_age_s: float | None = Field(
        description="Wall seconds since the newest message arrived."
    )
    frame_age_s: float | None = Field(description="Wall seconds since the newest frame.")
    sequence: int | None
    malformed: int = Field(description="Parts of messages skipped because they broke the format.")
    model: ModelOut | None
    build: BuildOut
