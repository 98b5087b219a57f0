"""Train the mixture of experts: its members out of fold, then the parts that combine them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.members import FittedMember
from ml.metrics import Array
from ml.mixture_table import BattleTable
from ml.out_of_fold import MixtureRecipe, OutOfFold, out_of_fold
from ml.stacking import (
    fit_classes,
    fit_gate,
    fit_platt,
    fit_spread,
    fit_three_laps,
    residuals_of,
    sandwich,
)
from pitwall.prediction.bundle import Bundle, StoredExpert, write_bundle
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.columns.spec import EXPERTS
from pitwall.prediction.gate import MONOTONE_TERMS, Gate, Interruption
from pitwall.prediction.mixture import MixtureParts
from pitwall.prediction.stacker import Spread, Stacker, sigmoid

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained mixture, and its files to write."""

    parts: MixtureParts
    stored: tuple[StoredExpert, ...]
    training: Mapping[str, Any]
    ranges: Mapping[str, tuple[float, float]]


def train(table: BattleTable, recipe: MixtureRecipe | None = None) -> Trained:
    """Return the mixture trained on all rows of a table."""
    recipe = recipe or MixtureRecipe()
    return combine(table, out_of_fold(table, recipe), recipe)


def combine(
    table: BattleTable,
    opinions: OutOfFold,
    recipe: MixtureRecipe,
    terms: tuple[str, ...] = MONOTONE_TERMS,
) -> Trained:
    """Fit all parts that combine the members, on their out-of-fold margins."""
    margins = expert_margins(opinions.margins)
    residuals = residuals_of(table, sigmoid(margins.mean(axis=1)))
    known, known_3 = np.isfinite(table.y1), np.isfinite(table.y3)
    situations = table.roles.situations(table.rows[known], table.columns, residuals[known])
    gate, stacker = fit_gate(margins[known], situations, terms, table.y1[known])
    log.info("slopes %s, residuals %s", stacker.slopes.round(3), stacker.residual_weights.round(3))
    asked = table.outcome >= 0
    slope, offsets = fit_classes(opinions.margins["interruption"][asked], table.outcome[asked])
    parts = MixtureParts(
        columns=table.columns,
        roles=table.roles,
        experts={k: v.expert for k, v in opinions.refits.items() if k != "interruption"},
        platts={
            name: fit_platt(opinions.margins[name][known], table.y1[known])
            for name in (*EXPERTS, "pooled")
        },
        gate=gate,
        stacker=stacker,
        three_laps=fit_three_laps(
            opinions.margins["three"][known_3],
            margins[known_3],
            residuals[known_3],
            table.y3[known_3],
        ),
        spread=_spread(table, opinions, (gate, stacker), residuals),
        interruption=Interruption(opinions.refits["interruption"].expert, slope, offsets),
    )
    stored = tuple(_stored(fitted) for fitted in opinions.refits.values())
    return Trained(parts, stored, _described(table, recipe), ranges_of(table))


def expert_margins(margins: Mapping[str, Array]) -> Array:
    """Return the margins of the three experts side by side, shape (n, 3)."""
    return np.stack([margins[name] for name in EXPERTS], axis=1)


def save(trained: Trained, knowledge: Knowledge, directory: Path) -> Bundle:
    """Write a bundle without scores, and return it as read back."""
    bundle = Bundle(
        name="mixture",
        parts=trained.parts,
        knowledge=knowledge,
        ranges=trained.ranges,
        trained_at=datetime.now(UTC).replace(microsecond=0),
        training=trained.training,
        versions={name: _version(name) for name in ("lightgbm", "xgboost", "numpy", "scipy")},
        scores={},
    )
    return write_bundle(bundle, trained.stored, directory)


def _spread(
    table: BattleTable, opinions: OutOfFold, fitted: tuple[Gate, Stacker], residuals: Array
) -> Spread:
    gate, stacker = fitted
    known, unknown = np.isfinite(table.y1), opinions.undecided

    def shares(rows: npt.NDArray[np.bool_]) -> Array:
        seen = table.roles.situations(table.rows[rows], table.columns, residuals[rows])
        return gate.shares(seen)

    opinion = (shares(known) * expert_margins(opinions.margins)[known]).sum(axis=1)
    design = Stacker.design(opinion, residuals[known])
    p = sigmoid(stacker.logits(opinion, residuals[known]))
    covariance = sandwich(design, table.y1[known], p, table.races[known])
    weights = shares(unknown)
    by_fold = np.stack([opinions.by_fold[name] for name in EXPERTS], axis=2)
    moved = np.stack([stacker.gated((weights * part).sum(axis=1)) for part in by_fold])
    return fit_spread(moved, covariance)


def _stored(fitted: FittedMember) -> StoredExpert:
    member = fitted.member
    return StoredExpert(member.name, member.library, member.view, fitted.blob)


def _described(table: BattleTable, recipe: MixtureRecipe) -> dict[str, Any]:
    known = np.isfinite(table.y1)
    return {
        "rows": int(known.sum()),
        "passes": int(table.y1[known].sum()),
        "races": len(np.unique(table.races[known])),
        "years": [int(table.years.min()), int(table.years.max())],
        "folds": recipe.folds,
        "seed": recipe.seed,
        "trees": {member.name: member.rounds for member in recipe.members},
        "libraries": {member.name: member.library for member in recipe.members},
    }


def ranges_of(table: BattleTable) -> dict[str, tuple[float, float]]:
    """Return the smallest and the largest value of each column in the table."""
    return {
        column.name: (float(f"{np.nanmin(values):.7g}"), float(f"{np.nanmax(values):.7g}"))
        for column, values in zip(table.columns, table.rows.T, strict=True)
        if np.isfinite(values).any()
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except ModuleNotFoundError:  # the same library without its GPU part
        return version(f"{package}-cpu")
