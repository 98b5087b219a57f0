"""The shapes of `/predict`, as OpenAPI documents them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pitwall.api.schemas import BattleOut, RaceOut, SourceName
from pitwall.domain.forecasts import ExpertOpinion, MixedForecast
from pitwall.domain.frames import BattleLine, FeedState, LiveFrame, TowerLine
from pitwall.prediction.what_if import WhatIfFeature


class ExpertOut(BaseModel):
    """One expert's view of a battle."""

    expert: str = Field(examples=["om", "boost", "aero"])
    p_overtake: float = Field(ge=0, le=1)
    weight: float = Field(description="His share in the mixture.", ge=0, le=1)
    is_estimated: bool = Field(
        description="Whether he rests on what no feed channel tells, such as a battery's charge."
    )

    @classmethod
    def of(cls, opinion: ExpertOpinion) -> ExpertOut:
        """Take an opinion as it is."""
        return cls(
            expert=opinion.expert,
            p_overtake=opinion.p_overtake,
            weight=opinion.weight,
            is_estimated=opinion.is_estimated,
        )


class MixtureOut(BaseModel):
    """What stands behind and beside one `p_overtake`."""

    p_overtake_3: float = Field(description="Of a pass within three laps.", ge=0, le=1)
    p_low: float = Field(description="Low end of a 90 % interval of `p_overtake`.", ge=0, le=1)
    p_high: float = Field(description="High end of it.", ge=0, le=1)
    experts: list[ExpertOut]
    p_pit: float = Field(description="That a pit stop interrupts the battle first.", ge=0, le=1)
    p_neutralised: float = Field(
        description="That a safety car or a flag interrupts it first.", ge=0, le=1
    )
    p_retired: float = Field(description="That a retirement interrupts it first.", ge=0, le=1)

    @classmethod
    def of(cls, mixed: MixedForecast) -> MixtureOut:
        """Take a mixture as it is."""
        return cls(
            p_overtake_3=mixed.p_overtake_3,
            p_low=mixed.p_low,
            p_high=mixed.p_high,
            experts=[ExpertOut.of(opinion) for opinion in mixed.experts],
            p_pit=mixed.p_pit,
            p_neutralised=mixed.p_neutralised,
            p_retired=mixed.p_retired,
        )


class PredictionOut(BattleOut):
    """One battle with everything that the model says of it."""

    mixture: MixtureOut | None = Field(
        description="The experts behind it; null where one model answers alone, or none."
    )

    @classmethod
    def of(cls, battle: BattleLine, cars: dict[int, TowerLine]) -> PredictionOut:
        """Join a battle with its cars and its mixture."""
        basis = BattleOut.of(battle, cars).model_dump()
        return cls(**basis, mixture=MixtureOut.of(battle.mixed) if battle.mixed else None)


class PredictOut(BaseModel):
    """Forecasts of one moment, front of the field first."""

    source: SourceName = Field(description="What kind of data this is; `simulated` is no race.")
    feed: str = Field(examples=["simulated:1"])
    feed_state: FeedState
    computed: Literal["now", "frame", "stored"] = Field(
        description="`now`: the model ran for this answer. `frame`: in the newest frame, at most "
        "a second of race time before it. `stored`: now, on a stored race."
    )
    sequence: int = Field(description="Of the newest frame; 0 on a stored race.")
    as_of: datetime | None = Field(description="When the newest message was sent, race's clock.")
    answered_at: datetime = Field(description="When the forecast, or the frame, was made, UTC.")
    data_age_s: float | None = Field(
        description="Seconds from the arrival of the newest message to `answered_at`; null on a "
        "stored race."
    )
    race: RaceOut
    model_version: str
    rules_version: str | None = Field(
        description="Of the sporting rules that the model rests on; null where on none."
    )
    battles: list[PredictionOut]

    @classmethod
    def of(
        cls,
        frame: LiveFrame,
        computed: Literal["now", "frame", "stored"],
        rules_version: str,
        battles: list[BattleLine],
    ) -> PredictOut:
        """Take some battles of a frame."""
        cars = {int(line.number): line for line in frame.tower}
        return cls(
            source=frame.header.source,  # type: ignore[arg-type]  # one of SourceName by Source
            feed=frame.header.feed,
            feed_state=frame.header.feed_state,
            computed=computed,
            sequence=frame.sequence,
            as_of=frame.header.as_of,
            answered_at=frame.published_at,
            data_age_s=frame.data_age_s,
            race=RaceOut.of(frame.header),
            model_version=frame.model_version,
            rules_version=rules_version or None,
            battles=[PredictionOut.of(battle, cars) for battle in battles],
        )


class WhatIfIn(BaseModel):
    """A made-up battle."""

    model_config = ConfigDict(extra="forbid")

    features: dict[str, Annotated[float, Field(strict=True)]] = Field(
        description="What is known of the battle; leave out what is not. `GET /predict/features` "
        "explains each.",
        examples=[{"interval_s": 0.6, "tyre_life_diff_laps": -12}],
    )


class WhatIfOut(BaseModel):
    """The forecast of a made-up battle."""

    p_overtake: float | None = Field(
        description="That the attacker is ahead a lap from now, if neither pits and the track "
        "stays clear. Null without a forecast.",
        ge=0,
        le=1,
    )
    no_forecast_because: str | None
    reasons: list[str] = Field(description="What moved the forecast most, in logits and words.")
    mixture: MixtureOut | None
    model_version: str
    rules_version: str | None
    unknown: list[str] = Field(description="Features that were left out.")


class FeatureOut(BaseModel):
    """One thing that can be said of a made-up battle."""

    name: str = Field(examples=["interval_s"])
    unit: str = Field(examples=["s"])
    meaning: str = Field(description="Differences are attacker minus defender.")
    lowest: float
    highest: float

    @classmethod
    def of(cls, feature: WhatIfFeature) -> FeatureOut:
        """Take a feature as it is."""
        return cls(
            name=feature.name,
            unit=feature.unit,
            meaning=feature.meaning,
            lowest=feature.lowest,
            highest=feature.highest,
        )
