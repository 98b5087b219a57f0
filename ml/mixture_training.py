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

from ml.members import FittedMember
from ml.metrics import Array
from ml.mixture_table import BattleTable
from ml.out_of_fold import MixtureRecipe, OutOfFold, out_of_fold
from ml.stacking import (
    fit_classes,
    fit_platt,
    fit_spread,
    fit_stacker,
    fit_three_laps,
    residuals_of,
    sandwich,
    seasons_of,
)
from pitwall.prediction.bundle import Bundle, StoredExpert, write_bundle
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.gate import GAP, TERMS, Interruption, context_of
from pitwall.prediction.mixture import PARTS, MixtureParts
from pitwall.prediction.stacker import Platt, Spread, Stacker, sigmoid

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
    terms: tuple[str, ...] = tuple(TERMS),
) -> Trained:
    """Fit all parts that combine the members, on their out-of-fold margins."""
    margins = part_margins(opinions.margins)
    plain = sigmoid(margins.sum(axis=1))
    residuals = residuals_of(table, plain)
    known, known_3 = np.isfinite(table.y1) & table.trains, np.isfinite(table.y3) & table.trains
    context = context_of(table.rows, table.columns, terms)
    stacker = fit_stacker(margins[known], context[known], residuals[known], terms, table.y1[known])
    log.info("slopes %s, residuals %s", stacker.slopes.round(3), stacker.residual_weights.round(3))
    asked = (table.outcome >= 0) & table.trains
    slope, offsets = fit_classes(opinions.margins["interruption"][asked], table.outcome[asked])
    parts = MixtureParts(
        columns=table.columns,
        experts={k: v.expert for k, v in opinions.refits.items() if k != "interruption"},
        platts={
            "pooled": fit_platt(opinions.margins["pooled"][known], table.y1[known]),
            "kept": _fit_kept(table, opinions.margins["kept"]),
        },
        stacker=stacker,
        three_laps=fit_three_laps(
            opinions.margins["three"][known_3],
            margins[known_3],
            residuals[known_3],
            table.y3[known_3],
        ),
        spread=_spread(table, opinions, stacker, (context, residuals)),
        interruption=Interruption(opinions.refits["interruption"].expert, slope, offsets),
        seasons=seasons_of(table, plain),
    )
    stored = tuple(_stored(fitted) for fitted in opinions.refits.values())
    return Trained(parts, stored, _described(table, recipe), ranges_of(table))


def _fit_kept(table: BattleTable, margins: Array) -> Platt:
    known = np.isfinite(table.kept) & table.trains
    return fit_platt(margins[known], table.kept[known])


def part_margins(margins: Mapping[str, Array]) -> Array:
    """Return the margins of situation and experts side by side, shape (n, 4)."""
    return np.stack([margins[name] for name in PARTS], axis=1)


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
    table: BattleTable, opinions: OutOfFold, stacker: Stacker, seen: tuple[Array, Array]
) -> Spread:
    context, residuals = seen
    known, unknown = np.isfinite(table.y1) & table.trains, opinions.undecided
    margins = part_margins(opinions.margins)[known]
    design = stacker.design(margins, context[known], residuals[known])
    p = sigmoid(stacker.moves(margins, context[known], residuals[known]).logits)
    covariance = sandwich(design, table.y1[known], p, table.races[known])
    by_fold = np.stack([opinions.by_fold[name] for name in PARTS], axis=2)
    moved = np.stack(
        [stacker.moves(part, context[unknown], residuals[unknown]).logits for part in by_fold]
    )
    return fit_spread(moved, context[unknown], covariance)


def _stored(fitted: FittedMember) -> StoredExpert:
    member = fitted.member
    return StoredExpert(member.name, member.library, member.view, fitted.blob)


def _described(table: BattleTable, recipe: MixtureRecipe) -> dict[str, Any]:
    known = np.isfinite(table.y1) & table.trains
    line = known & table.at_line
    return {
        "rows": int(known.sum()),
        "passes": int(table.y1[known].sum()),
        "rows_at_line": int(line.sum()),
        "passes_at_line": int(table.y1[line].sum()),
        "recency": recipe.recency,
        "line_weight": recipe.line_weight,
        "races": len(np.unique(table.races[known])),
        "years": [int(table.years.min()), int(table.years.max())],
        "folds": recipe.folds,
        "seed": recipe.seed,
        "trees": {member.name: member.rounds for member in recipe.members},
        "libraries": {member.name: member.library for member in recipe.members},
    }


def ranges_of(table: BattleTable) -> dict[str, tuple[float, float]]:
    """Return the smallest and the largest value of each column in the table."""
    found = {
        column.name: (float(f"{np.nanmin(values):.7g}"), float(f"{np.nanmax(values):.7g}"))
        for column, values in zip(table.columns, table.rows.T, strict=True)
        if np.isfinite(values).any()
    }
    # At a restart the gap at the line can be older, and wider, than that of the battle.
    gaps = table.rows[table.at_line, [column.name for column in table.columns].index(GAP)]
    found[GAP] = (found[GAP][0], float(f"{np.nanmax(gaps):.7g}"))
    return found


def _version(package: str) -> str:
    try:
        return version(package)
    except ModuleNotFoundError:  # the same library without its GPU part
        return version(f"{package}-cpu")
