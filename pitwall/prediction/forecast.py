"""What a predictor says of one battle."""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.forecasts import MixedForecast


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a predictor says of one battle.

    Attributes:
        p_overtake: In [0, 1]; None when this predictor does not answer here.
        reasons: Contributions to the logit in words, largest first.
        no_forecast_because: A few words when `p_overtake` is None, else "".
        mixed: What stands behind it; None where one model answers alone, or none.
    """

    p_overtake: float | None
    reasons: tuple[str, ...] = ()
    no_forecast_because: str = ""
    mixed: MixedForecast | None = None
