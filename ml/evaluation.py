"""Judge the recipe on races that it has not seen: fixed splits, baselines and slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression

from ml.fitting import Recipe, fit, in_time, labels, matrix_with
from ml.scores import Array, ReliabilityBin, Scores, gain_interval, reliability, score
from pitwall.prediction.model_file import LogisticModel
from pitwall.prediction.predictor import LogisticPredictor

BASE_RATE, GAP_ONLY = "base rate", "gap only"


@dataclass(frozen=True, slots=True)
class Split:
    """Train on all years before, test on one year."""

    test_year: int

    @property
    def name(self) -> str:
        """How tables call it."""
        return f"train < {self.test_year}, test {self.test_year}"


SPLITS = (Split(2025), Split(2026))


@dataclass(frozen=True, slots=True)
class Slice:
    """Part of the test rows: how often passes were forecast and how often they came."""

    name: str
    rows: int
    passes: int
    forecast: float
    observed: float


@dataclass(frozen=True, slots=True)
class Result:
    """One split, judged.

    Attributes:
        scores: By forecast: the baselines, then the model.
        gains: Log-loss gain of the model over each baseline with its 95 % interval over races.
    """

    split: Split
    train_rows: int
    rows: int
    races: int
    passes: int
    scores: Mapping[str, Scores]
    gains: Mapping[str, tuple[float, float, float]]
    bins: list[ReliabilityBin]
    slices: list[Slice]

    def document(self) -> dict[str, Any]:
        """Return what a model file keeps of it."""
        return {
            "train_rows": self.train_rows,
            "rows": self.rows,
            "races": self.races,
            "passes": self.passes,
            "forecasts": {name: scores.rounded() for name, scores in self.scores.items()},
            "log_loss_gain": {
                name: [round(value, 4) for value in gain] for name, gain in self.gains.items()
            },
        }


def usable(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of races whose running order can be trusted, races in time."""
    return in_time(table[table.quality == "good"])


def judge(table: pd.DataFrame, split: Split, recipe: Recipe | None = None) -> Result:
    """Fit on the years before the test year, forecast the test year, and score it."""
    recipe = recipe or Recipe()
    train, test = table[table.year < split.test_year], table[table.year == split.test_year]
    y, races = labels(test), test.session_id.to_numpy()
    p = forecast(fit(train, recipe), test)
    forecasts = {**_baselines(train, test), recipe.name: p}
    return Result(
        split=split,
        train_rows=len(train),
        rows=len(test),
        races=len(np.unique(races)),
        passes=int(y.sum()),
        scores={name: score(y, chances) for name, chances in forecasts.items()},
        gains={
            name: gain_interval(y, p, chances, races)
            for name, chances in forecasts.items()
            if name != recipe.name
        },
        bins=reliability(y, p),
        slices=_slices(test, y, p),
    )


def forecast(model: LogisticModel, table: pd.DataFrame) -> Array:
    """Return p of each row, shape (n,), as the served predictor gives it."""
    return LogisticPredictor(model).probabilities(matrix_with(table, model.rates))


def _baselines(train: pd.DataFrame, test: pd.DataFrame) -> dict[str, Array]:
    """Return what two simpler forecasts say: the rate of the training, and the gap alone."""
    y = labels(train)
    line = LogisticRegression(C=1e3, max_iter=1000).fit(_gap_columns(train), y)
    return {
        BASE_RATE: np.full(len(test), y.mean()),
        GAP_ONLY: line.predict_proba(_gap_columns(test))[:, 1],
    }


def _gap_columns(table: pd.DataFrame) -> Array:
    gap_s = table.gap_ms.to_numpy(dtype=np.float64) / 1000
    return np.column_stack([gap_s, np.log(gap_s)])


Chooser = Callable[[pd.DataFrame], "pd.Series[bool]"]

_SLICES: Mapping[str, Chooser] = {
    "gap below 0.25 s": lambda t: t.gap_ms < 250,
    "gap 0.25 to 0.5 s": lambda t: t.gap_ms.between(250, 499),
    "gap 0.5 to 1 s": lambda t: t.gap_ms.between(500, 999),
    "gap 1 to 2 s": lambda t: t.gap_ms >= 1000,
    "attacker was ahead within the last lap": lambda t: t.attacker_ahead_1lap_share > 0,
    "caught up: no earlier line within 2 s": lambda t: t.lines_within_2s_7lap == 0,
    "stuck: five lines within 1 s": lambda t: t.lines_within_1s_5lap == 5,
    "defender himself within 1 s": lambda t: t.defender_within_1s == 1,
    "tyres ten laps fresher or more": lambda t: t.tyre_life_diff_laps <= -10,
    "softer compound": lambda t: t.compound_softness_diff > 0,
    "laps 2 to 4": lambda t: t.lap <= 4,
    "sprint": lambda t: t.race_id.str.endswith("-sprint"),
    "Monaco": lambda t: t.circuit.str.startswith(("Monte Carlo", "Monaco")),
}


def _slices(test: pd.DataFrame, y: Array, p: Array) -> list[Slice]:
    found = []
    for name, choose in _SLICES.items():
        rows: npt.NDArray[np.bool_] = choose(test).to_numpy(dtype=bool)
        if rows.any():
            part = Slice(
                name,
                int(rows.sum()),
                int(y[rows].sum()),
                float(p[rows].mean()),
                float(y[rows].mean()),
            )
            found.append(part)
    return found
