"""`/predict`: the model asked now, of the race on show, of a stored one, or of a made-up battle."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from pitwall.api import story
from pitwall.api.guards import REFUSALS, CurrentServices, Reader
from pitwall.api.mixed import MixedOut
from pitwall.api.moments import Moment
from pitwall.api.predict_schemas import (
    FeatureOut,
    PredictOut,
    WhatIfIn,
    WhatIfOut,
)
from pitwall.api.problems import BODY_REFUSED, Responses, invalid_response, problem_response
from pitwall.domain.frames import BattleLine, LiveFrame
from pitwall.errors import (
    NothingLiveError,
    NotThereError,
    RaceNotFoundError,
    RefusedFieldError,
)
from pitwall.prediction.what_if import MixtureWhatIf
from pitwall.services import Services

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
_UNANSWERED = "The model that is loaded here answers no made-up battles."
_NO_MODEL: Responses = {
    404: problem_response("The loaded model answers no made-up battles.", _UNANSWERED)
}

Computed = Literal["now", "frame", "stored"]
_SAID = "Number or three-letter code."
Attacker = Annotated[str | None, Query(pattern=_CAR, description=_SAID, examples=["NOR", "4"])]
Defender = Annotated[str | None, Query(pattern=_CAR, description=_SAID, examples=["PIA", "81"])]


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
            description="A stored race in place of the one on show; needs `at`.",
            examples=[story.RACE_ID],
        ),
    ] = None,
    at: Annotated[
        Moment | None,
        Query(
            description="The moment of the stored race, with its offset from UTC.",
            examples=[story.AT],
        ),
    ] = None,
) -> PredictOut:
    """Run the model on the newest state of the race, and list what it says of each battle.

    With `attacker` or `defender` only their battles are listed; none, if they fight none.
    """
    frame, computed = await _frame(services, race_id, at)
    sides = (_number(frame, attacker), _number(frame, defender))
    battles = [battle for battle in frame.battles if _is_asked(battle, *sides)]
    return PredictOut.of(frame, computed, services.about.rules_version, battles)


@router.get(
    "/predict/features",
    summary="What can be said of a made-up battle",
    responses={**REFUSALS, **_NO_MODEL},
)
async def features(services: CurrentServices, _reader: Reader) -> list[FeatureOut]:
    """List the features that `POST /predict` takes, with units and ranges."""
    return [FeatureOut.of(feature) for feature in _what_if(services).features]


@router.post(
    "/predict",
    summary="Forecast a made-up battle",
    responses={**REFUSALS, **BODY_REFUSED, **_NO_MODEL},
)
async def what_if(battle: WhatIfIn, services: CurrentServices, _reader: Reader) -> WhatIfOut:
    """Say what the model would say of a battle of which these features are known."""
    model = _what_if(services)
    _check(battle.features, model)
    forecast = await asyncio.to_thread(model.forecast, battle.features)
    return WhatIfOut(
        p_overtake=forecast.p_overtake,
        no_forecast_because=forecast.no_forecast_because or None,
        reasons=[str(reason) for reason in forecast.reasons],
        mixed=MixedOut.of(forecast.mixed) if forecast.mixed else None,
        model_version=model.version,
        rules_version=services.about.rules_version or None,
        unknown=[each.name for each in model.features if each.name not in battle.features],
    )


async def _frame(
    services: Services, race_id: str | None, at: datetime | None
) -> tuple[LiveFrame, Computed]:
    if (race_id is None) != (at is None):
        field, reason = ("at", "`race_id` and `at` go together.")
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
    """Return the number of a car that was asked for; None when none was.

    Raises:
        NotThereError: No such car is in this race.
    """
    if car is None:
        return None
    for line in frame.tower:
        if car == str(line.number) or car.upper() == line.code:
            return int(line.number)
    message = f"There is no car {car} in this race."
    raise NotThereError(message)


def _is_asked(battle: BattleLine, attacker: int | None, defender: int | None) -> bool:
    return attacker in {None, battle.attacker} and defender in {None, battle.defender}


def _what_if(services: Services) -> MixtureWhatIf:
    if services.what_if is None:
        raise NotThereError(_UNANSWERED)
    return services.what_if


def _check(values: dict[str, float], model: MixtureWhatIf) -> None:
    """Refuse features that the model does not know, or outside of their range.

    Raises:
        RefusedFieldError: Says which, and what could be.
    """
    known = {feature.name: feature for feature in model.features}
    for name, value in values.items():
        feature = known.get(name)
        if feature is None:
            reason = f"There is no feature {name[:60]!r}: see GET /predict/features."
            raise RefusedFieldError("features", reason)
        if not feature.lowest <= value <= feature.highest:
            reason = f"{name} is from {feature.lowest:g} to {feature.highest:g} {feature.unit}."
            raise RefusedFieldError(f"features.{name}", reason)
