"""Forecast of a battle that is described by its features alone: what if?

Every feature has a range: what the model's training can have shown, or little more. Outside of it
an answer would be an extrapolation that nobody has checked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from pitwall.prediction.features import FEATURES
from pitwall.prediction.forecast import Forecast
from pitwall.prediction.predictor import LogisticPredictor


@dataclass(frozen=True, slots=True)
class WhatIfFeature:
    """One thing that can be said of a made-up battle.

    Attributes:
        name, unit, meaning: As of the model's column. Differences are attacker minus defender.
        lowest, highest: The range, both included.
    """

    name: str
    unit: str
    meaning: str
    lowest: float
    highest: float


_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "interval_s": (0.0, 2.5),
    "interval_below_1s_s": (0.0, 1.0),
    "interval_change_1lap_s": (-1.0, 1.0),
    "closest_1lap_log_s": (round(math.log(0.1), 4), round(math.log(5.0), 4)),
    "attacker_ahead_1lap_share": (0.0, 1.0),
    "lines_within_1s_5lap": (0.0, 5.0),
    "lines_within_2s_7lap": (0.0, 7.0),
    "pace_diff_5lap_s": (-1.0, 1.0),
    "speed_trap_diff_kmh": (-25.0, 25.0),
    "defender_interval_s": (0.0, 2.0),
    "defender_within_1s": (0.0, 1.0),
    "tyre_life_diff_laps": (-25.0, 25.0),
    "compound_softness_diff": (-2.0, 2.0),
    "circuit_overtake_log_ratio": (-3.0, 3.0),
}


class LogisticWhatIf:
    """Implements `pitwall.ports.WhatIf` with the logistic model.

    What is left out counts as it does for a battle of which it is not known: as the average of
    the training. `interval_below_1s_s` follows from the interval where it is left out.
    """

    features: tuple[WhatIfFeature, ...] = tuple(
        WhatIfFeature(spec.name, spec.unit, spec.meaning, *_RANGES[spec.name]) for spec in FEATURES
    )

    def __init__(self, predictor: LogisticPredictor) -> None:
        self._predictor = predictor

    @property
    def version(self) -> str:
        """Which trained model answers."""
        return self._predictor.version

    def forecast(self, values: Mapping[str, float]) -> Forecast:
        """Return the forecast of a battle of which `values` are known, by feature name."""
        known = dict(values)
        interval_s = known.get("interval_s")
        if interval_s is not None:
            known.setdefault("interval_below_1s_s", max(0.0, 1.0 - interval_s))
        row = [known.get(feature.name, math.nan) for feature in self.features]
        return self._predictor.explained(np.array([row]))[0]
