"""Define the members of the mixture: what each learns, from which columns, and how to fit it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np

from ml.metrics import Array
from pitwall.prediction.columns.spec import EVERYTHING, Column, Rows, positions
from pitwall.prediction.columns.topics import SITUATION
from pitwall.prediction.experts import Expert, read_expert
from pitwall.prediction.gate import GAP

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
        after: Members whose margins it starts from, so that it learns what they leave open.
    """

    name: str
    view: str
    label: Literal["y1", "y3", "kept", "outcome"] = "y1"
    library: Literal["lightgbm", "xgboost"] = "lightgbm"
    rounds: int = 550
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_monotone: bool = True
    after: tuple[str, ...] = ()


MEMBERS: Final = (
    # The situation is kept coarse, so that the experts have something left to learn.
    Member(SITUATION, SITUATION, rounds=200, seed=5, settings={"num_leaves": 12}),
    Member("om", "om", rounds=320, seed=2, after=(SITUATION,)),
    Member("boost", "boost", library="xgboost", rounds=230, seed=3, after=(SITUATION,)),
    Member("aero", "aero", rounds=320, seed=4, after=(SITUATION,), settings={"num_leaves": 12}),
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
        start: Raw logits to start from, shape (n,); None to start from nothing.
    """

    rows: Rows
    labels: Array
    columns: Sequence[Column]
    weights: Array
    start: Array | None = None


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
    """Return a member fitted on all rows given, as it is stored."""
    began = time.perf_counter()
    seen = positions(training.columns, member.view)
    names = [training.columns[i].name for i in seen.tolist()]
    signs = [-1 if member.is_monotone and name == GAP else 0 for name in names]
    matrix = np.ascontiguousarray(training.rows[:, seen])
    fit = _fit_lightgbm if member.library == "lightgbm" else _fit_xgboost
    extra = {"monotone_constraints": signs, "seed": member.seed + 100 * seed}
    data = _Data(matrix, training.labels, names, training.weights, training.start)
    blob = fit(member, data, extra | {"threads": threads})
    log.info("%-12s %6d rows %5.1f s", member.name, len(matrix), time.perf_counter() - began)
    return blob


@dataclass(frozen=True, slots=True)
class _Data:
    """What a library fits: as `Training`, with the columns of one view."""

    matrix: Rows
    labels: Array
    names: list[str]
    weights: Array
    start: Array | None


def _fit_lightgbm(member: Member, data: _Data, extra: Mapping[str, Any]) -> bytes:
    import lightgbm

    settings = {**_LIGHTGBM, **member.settings, **extra}
    settings["num_threads"] = settings.pop("threads")
    if not any(settings["monotone_constraints"]):
        del settings["monotone_constraints"]
    rows = lightgbm.Dataset(
        data.matrix,
        data.labels,
        feature_name=data.names,
        weight=data.weights,
        init_score=data.start,
        params={"max_bin": settings["max_bin"]},
    )
    text: str = lightgbm.train(settings, rows, member.rounds).model_to_string()
    head, _, _ = text.partition("\nparameters:")  # a forecast needs nothing after this
    return (head + "\n").encode()


def _fit_xgboost(member: Member, data: _Data, extra: Mapping[str, Any]) -> bytes:
    import xgboost

    settings = {**_XGBOOST, **member.settings, **extra}
    settings["nthread"] = settings.pop("threads")
    settings["monotone_constraints"] = tuple(settings["monotone_constraints"])
    if data.start is not None:
        settings["base_score"] = 0.5  # a logit of 0: what it starts from is in the margins
    rows = xgboost.DMatrix(
        data.matrix,
        data.labels,
        feature_names=data.names,
        weight=data.weights,
        base_margin=data.start,
        nthread=settings["nthread"],
    )
    booster = xgboost.train(settings, rows, member.rounds)
    return bytes(booster.save_raw("ubj"))
