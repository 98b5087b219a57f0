"""Forecast hypothetical battles, which are described by their features alone.

Every feature has a range, the values that occurred in training. Outside of it a forecast would be
an unchecked extrapolation.
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
    """A feature that can be set for a hypothetical battle.

    Attributes:
        name, unit, meaning: Those of the model's column. Differences are attacker minus defender.
        lowest, highest: The range, both included.
    """

    name: str
    unit: str
    meaning: str
    lowest: float
    highest: float


class Explains(Protocol):
    """Forecasts rows of features with reasons; `MixturePredictor` implements it."""

    @property
    def version(self) -> str:
        """The trained model's name and content hash."""
        ...

    @property
    def ranges(self) -> Mapping[str, Range]:
        """The lowest and highest value of each feature in training, by name."""
        ...

    def explained(self, rows: Rows) -> list[Forecast]:
        """Return forecasts with reasons for rows of features, shape (n, n_features)."""
        ...


class MixtureWhatIf:
    """Forecasts battles that are described by their features alone, with the mixture.

    Features left out are missing, as unknown ones of a real battle are. The outcomes of earlier
    forecasts are unknown. A feature that never had a value in training cannot be set.
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
        """The trained model's name and content hash."""
        return self._predictor.version

    def forecast(self, values: Mapping[str, float]) -> Forecast:
        """Return the forecast of a battle with these values, by feature name."""
        row = np.full((1, len(FEATURES)), np.nan, dtype=np.float32)
        for name, value in values.items():
            row[0, self._places[name]] = value
        return self._predictor.explained(row)[0]
