"""Forecast of a battle that is described by its features alone: what if?

Every feature has a range: what the model's training showed. Outside of it an answer would be an
extrapolation that nobody has checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pitwall.prediction.columns.spec import Rows
from pitwall.prediction.features import FEATURES
from pitwall.prediction.forecast import Forecast

Range = tuple[float, float]


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


class Explains(Protocol):
    """What a forecaster of rows brings; `MixturePredictor` does."""

    @property
    def version(self) -> str:
        """Which trained model answers."""
        ...

    @property
    def ranges(self) -> Mapping[str, Range]:
        """Of the features that training saw, by name."""
        ...

    def explained(self, rows: Rows) -> list[Forecast]:
        """Return the forecasts, with reasons, of rows of features, shape (n, n_features)."""
        ...


class MixtureWhatIf:
    """Forecasts a battle that is described by its features alone, with the mixture.

    What is left out is missing, as it is for a battle of which it is not known; nothing is known
    of how earlier forecasts of such a race came out. A feature that training never saw cannot be
    asked about.
    """

    def __init__(self, predictor: Explains) -> None:
        self._predictor = predictor
        ranges = predictor.ranges
        self.features = tuple(
            WhatIfFeature(spec.name, spec.unit, spec.meaning, *ranges[spec.name])
            for spec in FEATURES
            if spec.name in ranges
        )
        self._places = {spec.name: place for place, spec in enumerate(FEATURES)}

    @property
    def version(self) -> str:
        """Which trained model answers."""
        return self._predictor.version

    def forecast(self, values: Mapping[str, float]) -> Forecast:
        """Return the forecast of a battle of which `values` are known, by feature name."""
        row = np.full((1, len(FEATURES)), np.nan, dtype=np.float32)
        for name, value in values.items():
            row[0, self._places[name]] = value
        return self._predictor.explained(row)[0]
