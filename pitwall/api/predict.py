"""Serve `/predict`: forecasts for the current race, a stored race or a made-up battle."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from pitwall.api import examples
from pitwall.api.guards import REFUSALS, CurrentServices, Reader
from pitwall.api.instants import Moment
from pitwall.api.live_schemas import MixedOut, MomentOut, ReasonOut
from pitwall.api.problems import BODY_REFUSED, Responses, invalid_response, problem_response
from pitwall.domain.frames import BattleLine, LiveFrame
from pitwall.errors import NotFoundError, NothingLiveError, RaceNotFoundError, RefusedFieldError
from pitwall.prediction.what_if import MixtureWhatIf, WhatIfFeature
from pitwall.services import Services

Computed = Literal["now", "frame", "stored"]


class PredictOut(MomentOut):
    """Forecasts of one moment, front of the field first."""

    computed: Computed = Field(
        description="`now`: computed for this answer. `frame`: from the newest frame, at most "
        "a second of race time old. `stored`: computed now, on a stored race.",
        examples=["stored"],
    )
    sequence: int = Field(
        description="Number of the newest frame; on a stored race, of its messages up to `at`.",
        examples=[15040],
    )
    answered_at: datetime = Field(
        description="When the forecast, or the frame, was made, UTC.", examples=[examples.ASKED_AT]
    )
    data_age_s: float | None = Field(
        description="Seconds from the arrival of the newest message to `answered_at`; on a stored "
        "race, from its sending to `at`.",
        examples=[0.193],
    )
    rules_version: str | None = Field(
        description="Version of the sporting rules that the model uses; null where it uses none.",
        examples=[examples.RULES_VERSION],
    )

    @classmethod
    def of(
        cls, frame: LiveFrame, computed: Computed, rules_version: str, battles: list[BattleLine]
    ) -> PredictOut:
        """Convert some battles of a frame."""
        return cls._of(
            frame,
            battles,
            computed=computed,
            answered_at=frame.published_at,
            rules_version=rules_version or None,
        )


class WhatIfIn(BaseModel):
    """A made-up battle, described by its features."""

    model_config = ConfigDict(extra="forbid")

    features: dict[str, Annotated[float, Field(strict=True)]] = Field(
        description="The known features of the battle; leave out all others. "
        "`GET /predict/features` explains each.",
        examples=[examples.WHAT_IF],
    )


class WhatIfOut(BaseModel):
    """The forecast of a made-up battle."""

    p_overtake: float | None = Field(
        description="Probability that the attacker is ahead a lap from now, if neither pits "
        "and the track stays clear. Null without a forecast.",
        ge=0,
        le=1,
        examples=[examples.WHAT_IF_P_OVERTAKE],
    )
    no_forecast_because: str | None = Field(
        description="Why there is no forecast; null with a forecast.", examples=[None]
    )
    reasons: list[str] = Field(
        description="What moved the forecast most: logits and words.",
        examples=[examples.WHAT_IF_REASONS],
    )
    explanation: list[ReasonOut] = Field(
        description="The same reasons, each with the part of the forecast that it moved.",
        examples=[examples.WHAT_IF_EXPLANATION],
    )
    mixed: MixedOut | None = Field(examples=[examples.WHAT_IF_MIXED])
    model_version: str = Field(examples=[examples.MODEL_VERSION])
    rules_version: str | None = Field(examples=[examples.RULES_VERSION])
    unknown: list[str] = Field(
        description="Features that were left out.",
        examples=[["gap_pair_1lap_s", "lap_diff_0lap_s", "race_share"]],
    )


class FeatureOut(BaseModel):
    """One feature of a made-up battle."""

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
        """Convert a feature."""
        return cls(
            name=feature.name,
            unit=feature.unit,
            meaning=feature.meaning,
            lowest=feature.lowest,
            highest=feature.highest,
        )


router = APIRouter(tags=["forecasts"])

_CAR = r"^([A-Za-z]{3}|[1-9][0-9]?)$"

_INVALID: Responses = {
    422: invalid_response(
        "A parameter or feature is not valid.",
        "query.attacker",
        f"String should match pattern '{_CAR}'",
    )
}

_NO_CAR: Responses = {
    404: problem_response(
        "No such car is in this race, or no such race.", "There is no car 99 in this race."
    )
}

_UNANSWERED = "The model loaded here cannot forecast made-up battles."

_NO_MODEL: Responses = {
    404: problem_response("The loaded model cannot forecast made-up battles.", _UNANSWERED)
}

_CAR_HELP = "Number or three-letter code."

Attacker = Annotated[str | None, Query(pattern=_CAR, description=_CAR_HELP, examples=["NOR", "4"])]

Defender = Annotated[str | None, Query(pattern=_CAR, description=_CAR_HELP, examples=["PIA", "81"])]


@router.get(
    "/predict",
    summary="Forecast the battles now",
    responses={**REFUSALS, **_INVALID, **_NO_CAR},
)
async def predict(
    services: CurrentServices,
    _reader: Reader,
    attacker: Attacker = None,
    defender: Defender = None,
    race_id: Annotated[
        str | None,
        Query(
            pattern=r"^[a-z0-9][a-z0-9-]{0,127}$",
            description="A stored race instead of the one on show; needs `at`.",
            examples=[examples.RACE_ID],
        ),
    ] = None,
    at: Annotated[
        Moment | None,
        Query(
            description="A moment of the stored race; with an offset from UTC.",
            examples=[examples.AT],
        ),
    ] = None,
) -> PredictOut:
    """Run the model on the newest state of the race, and return its forecast of each battle.

    `attacker` and `defender` select the battles of a car. Without such a battle the list is empty.
    """
    frame, computed = await _frame(services, race_id, at)
    sides = (_number(frame, attacker), _number(frame, defender))
    battles = [battle for battle in frame.battles if _is_asked(battle, *sides)]
    return PredictOut.of(frame, computed, services.about.rules_version, battles)


@router.get(
    "/predict/features",
    summary="List the features of a made-up battle",
    responses={**REFUSALS, **_NO_MODEL},
)
async def features(services: CurrentServices, _reader: Reader) -> list[FeatureOut]:
    """List the features that `POST /predict` accepts, with units and ranges."""
    return [FeatureOut.of(feature) for feature in _what_if(services).features]


@router.post(
    "/predict",
    summary="Forecast a made-up battle",
    responses={**REFUSALS, **BODY_REFUSED, **_NO_MODEL},
)
async def what_if(battle: WhatIfIn, services: CurrentServices, _reader: Reader) -> WhatIfOut:
    """Return the model's forecast of a battle with these features."""
    model = _what_if(services)
    _check(battle.features, model)
    forecast = await asyncio.to_thread(model.forecast, battle.features)
    return WhatIfOut(
        p_overtake=forecast.p_overtake,
        no_forecast_because=forecast.no_forecast_because or None,
        reasons=[str(reason) for reason in forecast.reasons],
        explanation=[ReasonOut.of(reason) for reason in forecast.reasons],
        mixed=MixedOut.of(forecast.mixed) if forecast.mixed else None,
        model_version=model.version,
        rules_version=services.about.rules_version or None,
        unknown=[each.name for each in model.features if each.name not in battle.features],
    )


async def _frame(
    services: Services, race_id: str | None, at: datetime | None
) -> tuple[LiveFrame, Computed]:
    if (race_id is None) != (at is None):
        field, reason = ("at", "Send `race_id` and `at` together.")
        raise RefusedFieldError(field, reason)
    if race_id is not None and at is not None:
        if services.stored_forecasts is None:
            message = f"No race {race_id} is stored here."
            raise RaceNotFoundError(message)
        return await services.stored_forecasts.forecast_at(race_id, at), "stored"
    frame = await services.forecasts.forecast_now() if services.forecasts else None
    if frame is not None:
        return frame, "now"
    frame = await services.live.latest()
    if frame is None:
        raise NothingLiveError
    return frame, "frame"


def _number(frame: LiveFrame, car: str | None) -> int | None:
    """Return the number of the requested car; None when none was requested.

    Raises:
        NotFoundError: No such car is in this race.
    """
    if car is None:
        return None
    for line in frame.tower:
        if car == str(line.number) or car.upper() == line.code:
            return int(line.number)
    message = f"There is no car {car} in this race."
    raise NotFoundError(message)


def _is_asked(battle: BattleLine, attacker: int | None, defender: int | None) -> bool:
    return attacker in {None, battle.attacker} and defender in {None, battle.defender}


def _what_if(services: Services) -> MixtureWhatIf:
    if services.what_if is None:
        raise NotFoundError(_UNANSWERED)
    return services.what_if


def _check(values: dict[str, float], model: MixtureWhatIf) -> None:
    """Refuse features that the model does not know, and values outside of their range.

    Raises:
        RefusedFieldError: Its message names the feature and what is allowed.
    """
    known = {feature.name: feature for feature in model.features}
    for name, value in values.items():
        feature = known.get(name)
        if feature is None:
            reason = f"There is no feature {name[:60]!r}: see GET /predict/features."
            raise RefusedFieldError("features", reason)
        if not feature.lowest <= value <= feature.highest:
            reason = f"{name} must be {feature.lowest:g} to {feature.highest:g} {feature.unit}."
            raise RefusedFieldError(f"features.{name}", reason)
