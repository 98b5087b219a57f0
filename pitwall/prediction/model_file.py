"""The file of a trained logistic model: plain JSON, verified when it is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pitwall.errors import ModelError
from pitwall.prediction.circuits import CircuitRates
from pitwall.prediction.features import feature_hash, feature_names
from pitwall.prediction.sealed import content_hash, read_sealed, well_formed

SCHEMA: Final = 1
SHIPPED: Final = Path(__file__).parent / "models" / "first.json"


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """A fitted logistic model and what it needs to answer.

    The logit of a row x is `calibration_slope * z + calibration_intercept` with
    `z = intercept + sum(coefficients * (x - means) / scales)`, missing values at their mean.

    Attributes:
        name: Such as `first-logistic`.
        features: Column names, in order.
        means, scales, coefficients: One number for each column.
        rates: Counted circuit rates of the races that it was trained on.
        trained_at: UTC.
        training: What it was trained on: years, races, rows, passes, and the seed.
        scores: Scores of the same recipe on races it had not seen, by split, then by forecast.
    """

    name: str
    features: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    calibration_slope: float
    calibration_intercept: float
    rates: CircuitRates
    trained_at: datetime
    training: Mapping[str, Any]
    scores: Mapping[str, Any]
    content_hash: str = ""

    @property
    def version(self) -> str:
        """Name and the first twelve digits of the content hash."""
        return f"{self.name}-{self.content_hash[:12]}"


def to_document(model: LogisticModel) -> dict[str, Any]:
    """Return the JSON document of a model, with its content hash."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "name": model.name,
        "features": list(model.features),
        "feature_hash": feature_hash(),
        "means": list(model.means),
        "scales": list(model.scales),
        "coefficients": list(model.coefficients),
        "intercept": model.intercept,
        "calibration": {
            "slope": model.calibration_slope,
            "intercept": model.calibration_intercept,
        },
        "circuit_rates": {"base": model.rates.base, "by_circuit": dict(model.rates.by_circuit)},
        "trained_at": model.trained_at.isoformat(),
        "training": dict(model.training),
        "scores": dict(model.scores),
    }
    return document | {"content_hash": content_hash(document)}


def load_model(path: Path = SHIPPED) -> LogisticModel:
    """Return the model of a file.

    Raises:
        ModelError: The file is missing, damaged, of another schema, or made for other features.
    """
    name = f"the model file {path.name}"
    document = read_sealed(path, SCHEMA, name)
    _verify_features(document, path.name)
    with well_formed(name):
        return _from_document(document)


def _verify_features(document: Mapping[str, Any], file: str) -> None:
    """Refuse a model of other features than this version computes."""
    names = document.get("features")
    if names != list(feature_names()) or document.get("feature_hash") != feature_hash():
        message = (
            f"{file} was trained for other features: {names} (hash "
            f"{document.get('feature_hash')}), this version computes {list(feature_names())} "
            f"(hash {feature_hash()})"
        )
        raise ModelError(message)


def _from_document(document: Mapping[str, Any]) -> LogisticModel:
    columns = len(document["features"])
    rates = document["circuit_rates"]
    model = LogisticModel(
        name=str(document["name"]),
        features=tuple(document["features"]),
        means=_numbers(document, "means", columns),
        scales=_numbers(document, "scales", columns),
        coefficients=_numbers(document, "coefficients", columns),
        intercept=float(document["intercept"]),
        calibration_slope=float(document["calibration"]["slope"]),
        calibration_intercept=float(document["calibration"]["intercept"]),
        rates=CircuitRates(
            float(rates["base"]), {str(k): float(v) for k, v in rates["by_circuit"].items()}
        ),
        trained_at=datetime.fromisoformat(document["trained_at"]),
        training=dict(document["training"]),
        scores=dict(document["scores"]),
        content_hash=str(document["content_hash"]),
    )
    if model.trained_at.tzinfo is None:
        message = "trained_at has no time zone"
        raise ValueError(message)
    if any(scale <= 0 for scale in model.scales):
        message = "a scale is not positive"
        raise ValueError(message)
    if not all(0 < rate < 1 for rate in (model.rates.base, *model.rates.by_circuit.values())):
        message = "a circuit rate is not within (0, 1)"
        raise ValueError(message)
    return model


def _numbers(document: Mapping[str, Any], key: str, length: int) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in document[key])
    if len(numbers) != length or not all(math.isfinite(number) for number in numbers):
        message = f"{key} must be {length} finite numbers"
        raise ValueError(message)
    return numbers
