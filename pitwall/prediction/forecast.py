"""Define a predictor's forecasts of the battles of one instant."""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.forecasts import Condition, MixedForecast, Reason
from pitwall.prediction.memory import Memory


@dataclass(frozen=True, slots=True)
class Forecast:
    """A predictor's forecast of one battle.

    Attributes:
        p_overtake: In [0, 1]; None when the predictor gives no forecast.
        reasons: What moved the forecast, largest first.
        no_forecast_because: A few words when `p_overtake` is None, else "".
        mixed: The rest of the forecast; None where a single model, or none, answers.
        condition: The condition in which the battle is fought.
        condition_words: It as a few words for readers, such as `yellow in sector 11: passing is
            forbidden there`; "" for a clean battle.
    """

    p_overtake: float | None
    reasons: tuple[Reason, ...] = ()
    no_forecast_because: str = ""
    mixed: MixedForecast | None = None
    condition: Condition = Condition.CLEAN
    condition_words: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """A predictor's forecasts of the battles of one instant.

    Attributes:
        forecasts: One for each battle, in the order of the battles.
        memory: To be passed in at the next instant of the same race.
    """

    forecasts: list[Forecast]
    memory: Memory
