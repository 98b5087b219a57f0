"""The shape of what stands behind a forecast, as OpenAPI documents it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from pitwall.api import story
from pitwall.domain.forecasts import ExpertName, ExpertOpinion, MixedForecast


class ExpertOut(BaseModel):
    """One expert's opinion, and its share in the forecast. Source: `ExpertOpinion`."""

    expert: ExpertName = Field(
        description="`om`: DRS or Overtake Mode; `boost`: electric power; `aero`: the wake.",
        examples=["boost"],
    )
    p_overtake: float = Field(
        description="Its own calibrated probability.", ge=0, le=1, examples=[0.0368]
    )
    weight: float = Field(
        description="Its share; the shares of all experts add up to one.",
        ge=0,
        le=1,
        examples=[0.3645],
    )
    is_estimated: bool = Field(
        description="Whether it rests on what no feed channel tells, such as a battery's charge.",
        examples=[True],
    )

    @classmethod
    def of(cls, opinion: ExpertOpinion) -> ExpertOut:
        """Take an expert's opinion as it is."""
        return cls(
            expert=opinion.expert,
            p_overtake=opinion.p_overtake,
            weight=opinion.weight,
            is_estimated=opinion.is_estimated,
        )


class MixedOut(BaseModel):
    """What stands behind and beside `p_overtake`. Source: `MixedForecast`."""

    p_overtake_3: float = Field(
        description="Estimated probability that the attacker is ahead within three laps, never "
        "below `p_overtake`; likewise if neither pits and the track stays clear.",
        ge=0,
        le=1,
        examples=[0.0854],
    )
    p_low: float = Field(
        description="Lower end of a 90 % interval of `p_overtake`: had the model learned from "
        "other races.",
        ge=0,
        le=1,
        examples=[0.0213],
    )
    p_high: float = Field(description="Its upper end.", ge=0, le=1, examples=[0.0834])
    experts: list[ExpertOut] = Field(
        description="In the order om, boost, aero.", examples=[story.EXPERTS]
    )
    p_interrupted: float = Field(
        description="Probability that a pit stop, a neutralisation or a retirement interrupts the "
        "battle before a lap from now and before it is decided: the sum of the next three. "
        "`p_overtake` is given that none does.",
        ge=0,
        le=1,
        examples=[0.0457],
    )
    p_pit: float = Field(
        description="That one of the two pits first.", ge=0, le=1, examples=[0.0127]
    )
    p_neutralised: float = Field(
        description="That the race is neutralised first.", ge=0, le=1, examples=[0.0322]
    )
    p_retired: float = Field(
        description="That one of the two retires first.", ge=0, le=1, examples=[0.0009]
    )

    @classmethod
    def of(cls, mixed: MixedForecast) -> MixedOut:
        """Take a mixed forecast as it is."""
        return cls(
            p_overtake_3=mixed.p_overtake_3,
            p_low=mixed.p_low,
            p_high=mixed.p_high,
            experts=[ExpertOut.of(opinion) for opinion in mixed.experts],
            # A sum of three may exceed one by a rounding error.
            p_interrupted=min(1.0, mixed.p_interrupted),
            p_pit=mixed.p_pit,
            p_neutralised=mixed.p_neutralised,
            p_retired=mixed.p_retired,
        )
