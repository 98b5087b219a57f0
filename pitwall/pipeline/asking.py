"""Ask the model about battles so that what it cannot answer costs that battle alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pitwall.domain.battles import Battle
from pitwall.domain.race import RaceState
from pitwall.ports import Predictor
from pitwall.prediction.forecast import Answers, Forecast
from pitwall.prediction.memory import Memory

_FAILED = Forecast(None, no_forecast_because="an internal error")


def ask(
    predictor: Predictor, race: RaceState, battles: Sequence[Battle], memory: Memory
) -> tuple[Answers, Exception | None]:
    """Return a forecast of each battle, and the error that cost some of them theirs.

    All are asked about at once. Where that fails each is asked about alone; what the failed
    attempt may have left half done in the feature book is thrown away, and read anew.
    """
    try:
        return predictor.forecast(race, battles, memory), None
    except Exception as error:  # noqa: BLE001  one car must not cost the field its forecasts
        first = error
    memory = replace(memory, book=None)
    forecasts: list[Forecast] = []
    for battle in battles if len(battles) > 1 else ():
        try:
            answers = predictor.forecast(race, [battle], memory)
        except Exception:  # noqa: BLE001  counted, and logged once
            memory = replace(memory, book=None)
            forecasts.append(_FAILED)
        else:
            memory = answers.memory
            forecasts += answers.forecasts
    return Answers(forecasts or [_FAILED] * len(battles), memory), first
