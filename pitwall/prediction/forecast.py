"""What a predictor says of battles."""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.forecasts import MixedForecast, Reason
from pitwall.prediction.memory import Memory


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a predictor says of one battle.

    Attributes:
        p_overtake: In [0, 1]; None when this predictor does not answer here.
        reasons: What moved it, largest first.
        no_forecast_because: A few words when `p_overtake` is None, else "".
        mixed: What stands behind it; None where one model answers alone, or none.
    """

    p_overtake: float | None
    reasons: tuple[Reason, ...] = ()
    no_forecast_because: str = ""
    mixed: MixedForecast | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What a predictor says of the battles of one instant.

    Attributes:
        forecasts: One for each battle, in the order in which they were asked about.
        memory: To be given back at the next instant of the same race.
    """

    forecasts: list[Forecast]
    memory: Memory
