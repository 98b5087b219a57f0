"""Define the members of the mixture: what each learns, from which columns, and how to fit it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from ml.metrics import Array
from pitwall.prediction.columns.spec import EVERYTHING, Column, Rows, positions
from pitwall.prediction.columns.topics import SITUATION
from pitwall.prediction.experts import Expert, read_expert
from pitwall.prediction.gate import GAP

if TYPE_CHECKING:
    import lightgbm
    import xgboost

log = logging.getLogger(__name__)

# Extremely randomised trees of many columns each were found better than greedy ones of few: on
# the clean moments of 2025 one model on all columns has .1193 against .1208.
_LIGHTGBM: Final[Mapping[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 16,
    "min_data_in_leaf": 200,
    "extra_trees": True,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "lambda_l2": 10,
    "max_bin": 63,
    "verbose": -1,
    "deterministic": True,
    "force_col_wise": True,
}
_XGBOOST: Final[Mapping[str, Any]] = {
    "objective": "binary:logistic",
    "eta": 0.05,
    "max_depth": 4,
    "min_child_weight": 40,
    "subsample": 0.6,
    "colsample_bynode": 0.3,
    "reg_lambda": 20,
    "tree_method": "hist",
    "max_bin": 64,
}


@dataclass(frozen=True, slots=True)
class Member:
    """One learner of the recipe.

    Attributes:
        view: Which columns it sees: `situation`, an expert's name, or `everything`.
        label: `y1`, `y3`, `kept` or `outcome` (an index in `gate.OUTCOMES`).
        rounds: Number of trees (for each class).
        settings: On top of the library's usual ones above.
        is_monotone: Whether a smaller gap may never lower the forecast.
        head_start: Number of its trees that come before the turns with the other parts begin.
    """

    name: str
    view: str
    label: Literal["y1", "y3", "kept", "outcome"] = "y1"
    library: Literal["lightgbm", "xgboost"] = "lightgbm"
    rounds: int = 550
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_monotone: bool = True
    head_start: int = 1


# The parts see few columns each and are fitted together, in small steps: on 2024 that was worth
# .002 against parts that start from the situation's finished forecast.
_STEADY: Final[Mapping[str, Any]] = {
    "learning_rate": 0.02,
    "num_leaves": 20,
    "min_data_in_leaf": 400,
    "lambda_l2": 20,
}
_STEADY_XGBOOST: Final[Mapping[str, Any]] = {
    "eta": 0.02,
    "min_child_weight": 60,
    "reg_lambda": 30,
}

MEMBERS: Final = (
    # The situation is kept coarse, so that the experts have something left to learn.
    Member(
        SITUATION,
        SITUATION,
        rounds=550,
        seed=5,
        settings={**_STEADY, "num_leaves": 12},
        head_start=150,
    ),
    # On 2024 and 2025, and out of fold before them, OM was worth more than small steps let it say.
    Member(
        "om",
        "om",
        rounds=400,
        seed=2,
        settings={
            **_STEADY,
            "learning_rate": 0.03,
            "num_leaves": 24,
            "min_data_in_leaf": 300,
        },
    ),
    Member("boost", "boost", library="xgboost", rounds=400, seed=3, settings=_STEADY_XGBOOST),
    Member("aero", "aero", rounds=400, seed=4, settings=_STEADY),
    Member(
        "three", EVERYTHING, label="y3", rounds=260, seed=6, settings={"feature_fraction": 0.25}
    ),
    Member(
        "kept",
        EVERYTHING,
        label="kept",
        rounds=60,
        seed=8,
        settings={"num_leaves": 6, "feature_fraction": 0.1, "min_data_in_leaf": 60},
        is_monotone=False,
    ),
    Member(
        "pooled",
        EVERYTHING,
        rounds=350,
        seed=1,
        settings={"num_leaves": 24, "feature_fraction": 0.25},
    ),
    Member(
        "interruption",
        EVERYTHING,
        label="outcome",
        rounds=60,
        seed=7,
        settings={
            "objective": "multiclass",
            "num_class": 4,
            "num_leaves": 8,
            "learning_rate": 0.08,
            "feature_fraction": 0.1,
            "extra_trees": False,
        },
        is_monotone=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Training:
    """The rows and labels that a member is fitted on.

    Attributes:
        rows: Shape (n, n_columns).
        labels: Shape (n,), none missing.
        columns: Names and views of the columns.
        weights: Of the rows, shape (n,).
    """

    rows: Rows
    labels: Array
    columns: Sequence[Column]
    weights: Array


@dataclass(frozen=True, slots=True)
class FittedMember:
    """A member after training: its stored form, and the expert read back from it."""

    member: Member
    blob: bytes
    expert: Expert


def fit_member(member: Member, training: Training, seed: int, threads: int) -> FittedMember:
    """Return a member fitted on all rows given, read back from its stored form."""
    blob = fit_blob(member, training, seed, threads)
    return FittedMember(
        member, blob, read_expert(member.library, blob, training.columns, member.view)
    )


def fit_blob(member: Member, training: Training, seed: int, threads: int) -> bytes:
    """Return a member fitted alone on all rows given, as it is stored."""
    began = time.perf_counter()
    data = data_of(member, training)
    settings = settings_of(member, data.names, seed, threads)
    fit = _fit_lightgbm if member.library == "lightgbm" else _fit_xgboost
    blob = fit(member, data, settings)
    log.info("%-12s %6d rows %5.1f s", member.name, len(data.matrix), time.perf_counter() - began)
    return blob


@dataclass(frozen=True, slots=True)
class MemberData:
    """What a library fits: as `Training`, with the columns of one view."""

    matrix: Rows
    labels: Array
    names: list[str]
    weights: Array


def data_of(member: Member, training: Training) -> MemberData:
    """Return the part of the training that a member sees."""
    seen = positions(training.columns, member.view)
    return MemberData(
        np.ascontiguousarray(training.rows[:, seen]),
        training.labels,
        [training.columns[i].name for i in seen.tolist()],
        training.weights,
    )


def settings_of(member: Member, names: Sequence[str], seed: int, threads: int) -> dict[str, Any]:
    """Return the settings with which a member's library fits it on the columns named."""
    signs = [-1 if member.is_monotone and name == GAP else 0 for name in names]
    own = {"seed": member.seed + 100 * seed, "monotone_constraints": tuple(signs)}
    if member.library == "xgboost":
        return {**_XGBOOST, **member.settings, **own, "nthread": threads}
    if not any(signs):
        del own["monotone_constraints"]
    return {**_LIGHTGBM, **member.settings, **own, "num_threads": threads}


def lightgbm_rows(data: MemberData, settings: Mapping[str, Any]) -> lightgbm.Dataset:
    """Return rows as LightGBM reads them."""
    import lightgbm

    return lightgbm.Dataset(
        data.matrix,
        data.labels,
        feature_name=data.names,
        weight=data.weights,
        params={"max_bin": settings["max_bin"]},
    )


def lightgbm_blob(booster: lightgbm.Booster) -> bytes:
    """Return a LightGBM model as it is stored."""
    text: str = booster.model_to_string()
    head, _, _ = text.partition("\nparameters:")  # a forecast needs nothing after this
    return (head + "\n").encode()


def _fit_lightgbm(member: Member, data: MemberData, settings: dict[str, Any]) -> bytes:
    import lightgbm

    return lightgbm_blob(lightgbm.train(settings, lightgbm_rows(data, settings), member.rounds))


def xgboost_rows(data: MemberData, settings: Mapping[str, Any]) -> xgboost.DMatrix:
    """Return rows as XGBoost reads them."""
    import xgboost

    return xgboost.DMatrix(
        data.matrix,
        data.labels,
        feature_names=data.names,
        weight=data.weights,
        nthread=settings["nthread"],
    )


def _fit_xgboost(member: Member, data: MemberData, settings: dict[str, Any]) -> bytes:
    import xgboost

    booster = xgboost.train(settings, xgboost_rows(data, settings), member.rounds)
    return bytes(booster.save_raw("ubj"))
