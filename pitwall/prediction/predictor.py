"""Forecasts of battles by one logistic model: one matrix product a tick."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pitwall.domain.battles import Battle
from pitwall.domain.race import CarState, Compound, RaceState, TrackStatus
from pitwall.prediction.features import FEATURES, Matrix, feature_matrix, feature_names
from pitwall.prediction.forecast import Forecast
from pitwall.prediction.logits import sigmoid
from pitwall.prediction.model_file import SHIPPED, LogisticModel, load_model
from pitwall.prediction.reasons import in_words

FIRST_LAPS = 2  # the model has seen no battle before both cars had completed two laps


class LogisticPredictor:
    """Implements `pitwall.ports.Predictor` with a `LogisticModel`.

    It answers only where it was trained, and says why where it was not: track not clear,
    wet-weather tyres, a pit visit on this lap or the last, the first two laps, and after the
    last lap.
    """

    def __init__(self, model: LogisticModel) -> None:
        self._model = model
        self._means = np.array(model.means)
        self._weights = (
            model.calibration_slope * np.array(model.coefficients) / np.array(model.scales)
        )
        self._start = model.calibration_slope * model.intercept + model.calibration_intercept
        self._names = feature_names()
        self._topics = list(dict.fromkeys(spec.topic for spec in FEATURES))
        self._to_topics = np.array(
            [[float(spec.topic == topic) for topic in self._topics] for spec in FEATURES]
        )

    @classmethod
    def load(cls, path: Path = SHIPPED) -> LogisticPredictor:
        """Return the predictor of a model file.

        Raises:
            ModelError: The file is missing, damaged, or made for other features.
        """
        return cls(load_model(path))

    @property
    def version(self) -> str:
        """Which trained model answers: name and content hash."""
        return self._model.version

    @property
    def trained_at(self) -> datetime | None:
        """When the model was trained, UTC."""
        return self._model.trained_at

    @property
    def model(self) -> LogisticModel:
        """The model itself, for its training and its scores."""
        return self._model

    def forecast(self, race: RaceState, battles: Sequence[Battle]) -> list[Forecast]:
        """Return one forecast for each battle, in the same order."""
        refusals = [why_no_forecast(race, battle) for battle in battles]
        asked = [battle for battle, why in zip(battles, refusals, strict=True) if not why]
        answers = iter(self._answers(race, asked) if asked else ())
        return [Forecast(None, (), why) if why else next(answers) for why in refusals]

    def probabilities(self, matrix: Matrix) -> npt.NDArray[np.float64]:
        """Return p, shape (n,), in (0, 1), of rows of features, shape (n, n_features)."""
        logits: npt.NDArray[np.float64] = self._start + self._deviations(matrix) @ self._weights
        return sigmoid(logits)

    def _answers(self, race: RaceState, battles: Sequence[Battle]) -> list[Forecast]:
        return self.explained(feature_matrix(race, battles, self._model.rates))

    def explained(self, matrix: Matrix) -> list[Forecast]:
        """Return the forecasts, with reasons, of rows of features, shape (n, n_features)."""
        by_topic = (self._deviations(matrix) * self._weights) @ self._to_topics
        chances = sigmoid(self._start + by_topic.sum(axis=1))
        return [
            Forecast(
                p,
                in_words(
                    dict(zip(self._topics, amounts, strict=True)),
                    dict(zip(self._names, values, strict=True)),
                ),
            )
            for p, amounts, values in zip(
                chances.tolist(), by_topic.tolist(), matrix.tolist(), strict=True
            )
        ]

    def _deviations(self, matrix: Matrix) -> Matrix:
        """Return how far each value is from the training mean; 0 where missing."""
        deviations = matrix - self._means
        return np.where(np.isnan(deviations), 0.0, deviations)


def why_no_forecast(race: RaceState, battle: Battle) -> str:
    """Return why the model has no answer for this battle, or ""."""
    attacker, defender = race.cars.get(battle.attacker), race.cars.get(battle.defender)
    if attacker is None or defender is None:
        return "car unknown"
    if race.phase.is_over or _has_finished(race, attacker):
        return "race over"
    if race.track_status is not TrackStatus.CLEAR:
        return "track not clear"
    if min(attacker.laps_completed, defender.laps_completed) < FIRST_LAPS:
        return "first laps"
    if _on_wets(attacker) or _on_wets(defender):
        return "wet-weather tyres"
    return "fresh from the pits" if _pitted(attacker) or _pitted(defender) else ""


def _has_finished(race: RaceState, car: CarState) -> bool:
    return race.total_laps is not None and car.laps_completed >= race.total_laps


def _on_wets(car: CarState) -> bool:
    return car.stint is not None and car.stint.compound in {Compound.INTERMEDIATE, Compound.WET}


def _pitted(car: CarState) -> bool:
    return car.in_pit or car.pitted_this_lap or bool(car.laps and car.laps[-1].pitted)
