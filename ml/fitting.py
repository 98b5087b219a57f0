"""From a table of battles to a fitted model: circuit rates, coefficients, calibration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression

from ml.scores import Array
from pitwall.prediction.circuits import CircuitRates, count_rates
from pitwall.prediction.features import FEATURES, feature_names
from pitwall.prediction.model_file import LogisticModel

CIRCUIT_COLUMN = "circuit_overtake_log_ratio"
LABEL = "y1"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is fitted.

    Attributes:
        strength: Inverse of the L2 penalty on standardised columns, scikit-learn's `C`.
        folds: Groups of whole races for the calibration.
        seed: Deals races into folds; nothing else is random.
    """

    name: str = "first-logistic"
    strength: float = 1.0
    folds: int = 5
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Line:
    """A fitted logit: standardisation, coefficients, intercept."""

    means: Array
    scales: Array
    coefficients: Array
    intercept: float

    def logits(self, matrix: Array) -> Array:
        """Return z of each row; missing values count as the mean."""
        deviations = (matrix - self.means) / self.scales
        z: Array = np.where(np.isnan(deviations), 0.0, deviations) @ self.coefficients
        return z + self.intercept


class NotMonotoneError(ValueError):
    """A fitted coefficient would make a closer attacker less likely to pass."""


def fit(table: pd.DataFrame, recipe: Recipe | None = None) -> LogisticModel:
    """Return a model fitted on all rows of a table made by `ml.dataset`.

    The calibration is fitted on logits of races that the fitted line had not seen, in
    `recipe.folds` groups of whole races.

    Raises:
        NotMonotoneError: Closer would be less likely by some column.
    """
    recipe = recipe or Recipe()
    table = in_time(table)
    matrix, y = training_matrix(table), labels(table)
    line = _fit_line(matrix, y, recipe.strength)
    _refuse_unless_monotone(line.coefficients)
    held_out = np.empty(len(y))
    for rows in race_folds(table.session_id.to_numpy(), recipe):
        held_out[rows] = _fit_line(matrix[~rows], y[~rows], recipe.strength).logits(matrix[rows])
    platt = LogisticRegression(C=1e9, max_iter=1000).fit(held_out.reshape(-1, 1), y)
    return LogisticModel(
        name=recipe.name,
        features=feature_names(),
        means=_plain(line.means),
        scales=_plain(line.scales),
        coefficients=_plain(line.coefficients),
        intercept=_settled(line.intercept),
        calibration_slope=_settled(float(platt.coef_[0, 0])),
        calibration_intercept=_settled(float(platt.intercept_[0])),
        rates=count_rates(zip(table.circuit, y.tolist(), strict=True)),
        trained_at=datetime.now(UTC).replace(microsecond=0),
        training=_described(table, y, recipe),
        scores={},
    )


def in_time(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in order of race date, then of time in the race."""
    order = ["race_order", "t_ms", "attacker"]
    return table.sort_values(order, kind="stable").reset_index(drop=True)


def labels(table: pd.DataFrame) -> Array:
    """Return y, shape (n,), 1.0 for a pass within the next lap."""
    return table[LABEL].to_numpy(dtype=np.float64)


def matrix_with(table: pd.DataFrame, rates: CircuitRates) -> Array:
    """Return X as served: the circuit column from a model's own table of rates."""
    ratio = {name: rates.log_ratio(str(name)) for name in table.circuit.unique()}
    return _matrix(table.assign(**{CIRCUIT_COLUMN: table.circuit.map(ratio)}))


def training_matrix(table: pd.DataFrame) -> Array:
    """Return X for fitting, rows in time: the circuit column counts earlier races only."""
    ratio: dict[int, float] = {}
    outcomes: list[tuple[str, float]] = []
    for race, rows in table.groupby("session_id", sort=False):
        circuit = str(rows.circuit.iloc[0])
        told_apart = 0 < sum(y for _, y in outcomes) < len(outcomes)
        ratio[int(str(race))] = count_rates(outcomes).log_ratio(circuit) if told_apart else 0.0
        outcomes += [(circuit, y) for y in labels(rows).tolist()]
    return _matrix(table.assign(**{CIRCUIT_COLUMN: table.session_id.map(ratio)}))


def race_folds(races: npt.NDArray[np.int64], recipe: Recipe) -> Iterator[npt.NDArray[np.bool_]]:
    """Yield for each fold which rows are held out; all rows of a race together."""
    shuffled = np.random.default_rng(recipe.seed).permutation(np.unique(races))
    for part in np.array_split(shuffled, min(recipe.folds, len(shuffled))):
        yield np.isin(races, part)


def _matrix(table: pd.DataFrame) -> Array:
    return table[list(feature_names())].to_numpy(dtype=np.float64)


def _fit_line(matrix: Array, y: Array, strength: float) -> _Line:
    means, scales = np.nanmean(matrix, axis=0), np.nanstd(matrix, axis=0)
    scales = np.where(scales > 0, scales, 1.0)
    deviations = (matrix - means) / scales
    filled = np.where(np.isnan(deviations), 0.0, deviations)
    model = LogisticRegression(C=strength, max_iter=2000, tol=1e-8).fit(filled, y)
    return _Line(means, scales, model.coef_[0], float(model.intercept_[0]))


def _refuse_unless_monotone(coefficients: Array) -> None:
    for spec, coefficient in zip(FEATURES, coefficients.tolist(), strict=True):
        if spec.with_interval * coefficient > 0:
            message = (
                f"the coefficient of {spec.name} is {coefficient:+.4f}: "
                "a closer attacker would be less likely to pass"
            )
            raise NotMonotoneError(message)


def _described(table: pd.DataFrame, y: Array, recipe: Recipe) -> dict[str, object]:
    return {
        "rows": len(table),
        "passes": int(y.sum()),
        "races": int(table.session_id.nunique()),
        "years": [int(table.year.min()), int(table.year.max())],
        "folds": recipe.folds,
        "seed": recipe.seed,
        "inverse_penalty": recipe.strength,
    }


def _plain(values: Array) -> tuple[float, ...]:
    return tuple(_settled(value) for value in values.tolist())


def _settled(value: float) -> float:
    """Round to nine digits, so that the last bits of a BLAS do not change the content hash."""
    return float(f"{value:.9g}")
