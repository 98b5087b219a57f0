"""The shapes of `/predict`, as OpenAPI documents them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pitwall.api import story
from pitwall.api.mixed import MixedOut
from pitwall.api.schemas import BattleOut, RaceOut
from pitwall.domain.frames import BattleLine, FeedState, LiveFrame
from pitwall.domain.sources import Source
from pitwall.prediction.what_if import WhatIfFeature


class PredictOut(BaseModel):
    """Forecasts of one moment, front of the field first."""

    source: Source = Field(
        description="What kind of data this is; `simulated` is no race.", examples=[story.SOURCE]
    )
    feed: str = Field(examples=[story.FEED])
    feed_state: FeedState = Field(examples=["paused"])
    computed: Literal["now", "frame", "stored"] = Field(
        description="`now`: the model ran for this answer. `frame`: in the newest frame, at most "
        "a second of race time before it. `stored`: now, on a stored race.",
        examples=["stored"],
    )
    sequence: int = Field(
        description="Of the newest frame; on a stored race, its messages up to `at`.",
        examples=[15040],
    )
    as_of: datetime | None = Field(
        description="When the newest message was sent, race's clock.", examples=[story.AS_OF]
    )
    answered_at: datetime = Field(
        description="When the forecast, or the frame, was made, UTC.", examples=[story.ASKED_AT]
    )
    data_age_s: float | None = Field(
        description="Seconds from the arrival of the newest message to `answered_at`; on a stored "
        "race, from its sending to `at`.",
        examples=[0.193],
    )
    race: RaceOut
    model_version: str = Field(examples=[story.MODEL_VERSION])
    rules_version: str | None = Field(
        description="Of the sporting rules that the model rests on; null where on none.",
        examples=[story.RULES_VERSION],
    )
    battles: list[BattleOut]

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
            source=Source(frame.header.source),
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
            battles=[BattleOut.of(battle, cars) for battle in battles],
        )


class WhatIfIn(BaseModel):
    """A made-up battle."""

    model_config = ConfigDict(extra="forbid")

    features: dict[str, Annotated[float, Field(strict=True)]] = Field(
        description="What is known of the battle; leave out what is not. `GET /predict/features` "
        "explains each.",
        examples=[story.WHAT_IF],
    )


class WhatIfOut(BaseModel):
    """The forecast of a made-up battle."""

    p_overtake: float | None = Field(
        description="That the attacker is ahead a lap from now, if neither pits and the track "
        "stays clear. Null without a forecast.",
        ge=0,
        le=1,
        examples=[story.WHAT_IF_P_OVERTAKE],
    )
    no_forecast_because: str | None = Field(
        description="Why there is none; null with a forecast.", examples=[None]
    )
    reasons: list[str] = Field(
        description="What moved the forecast most, in logits and words.",
        examples=[story.WHAT_IF_REASONS],
    )
    mixed: MixedOut | None = Field(examples=[story.WHAT_IF_MIXED])
    model_version: str = Field(examples=[story.MODEL_VERSION])
    rules_version: str | None = Field(examples=[story.RULES_VERSION])
    unknown: list[str] = Field(
        description="Features that were left out.",
        examples=[["gap_pair_1lap_s", "lap_diff_0lap_s", "race_share"]],
    )


class FeatureOut(BaseModel):
    """One thing that can be said of a made-up battle."""

    name: str = Field(examples=["interval_s"])
    unit: str = Field(examples=["s"])
    meaning: str = Field(
        description="Differences are attacker minus defender.",
        examples=["attacker behind defender, now"],
    )
    lowest: float = Field(examples=[0.001])
    highest: float = Field(examples=[1.999])

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
