"""What a predictor says of one battle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a predictor says of one battle.

    Attributes:
        p_overtake: In [0, 1]; None when this predictor does not answer here.
        reasons: Contributions to the logit in words, largest first.
        no_forecast_because: A few words when `p_overtake` is None, else "".
    """

    p_overtake: float | None
    reasons: tuple[str, ...] = ()
    no_forecast_because: str = ""
