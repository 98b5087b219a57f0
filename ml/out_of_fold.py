"""Fit members on whole races, and collect their opinions on races that they have not seen."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from ml.members import MEMBERS, FittedMember, Member, Training, fit_blob
from ml.metrics import Array
from ml.mixture_table import BattleTable
from ml.races import with_progress
from ml.turns import fit_in_turns
from pitwall.prediction.experts import read_expert
from pitwall.prediction.mixture import PARTS

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MixtureRecipe:
    """The settings with which the mixture is trained.

    Attributes:
        folds: Groups of whole races.
        seed: Assigns races to folds and seeds the learners; nothing else is random.
        jobs: Number of fits at once, each on one thread; the result does not depend on it.
        recency: Weight of a season's rows against those of the season after it.
        line_weight: Weight of a row at the line against a moment: a battle has one such row a lap,
            and several moments that tell almost the same.
    """

    members: tuple[Member, ...] = MEMBERS
    folds: int = 4
    seed: int = 0
    jobs: int = 2
    recency: float = 0.85
    line_weight: float = 1.5

    def weights(self, table: BattleTable) -> Array:
        """Return the weights of a table's rows, 1 for moments of its newest season."""
        ages = (table.years.max() - table.years).astype(np.float64)
        answer: Array = self.recency**ages * np.where(table.at_line, self.line_weight, 1.0)
        return answer


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """The opinions of a recipe's members on a table.

    Attributes:
        refits: By name, each fitted on all rows that have its label.
        margins: By name: raw logits of each row by the model that had not seen its race;
            shape (n,), or (n, n_classes).
        by_fold: By name: raw logits of the rows `undecided`, by each fold's model, shape
            (folds, m). No member was fitted on them, so they show how far forecasts change
            with the races of the training.
        undecided: Which rows could be forecast, but have no `y1` as the battle was
            interrupted, shape (n,).
    """

    refits: dict[str, FittedMember]
    margins: dict[str, Array]
    by_fold: dict[str, Array]
    undecided: npt.NDArray[np.bool_]


def race_groups(
    races: npt.NDArray[np.int64], folds: int, seed: int
) -> Iterator[npt.NDArray[np.bool_]]:
    """Yield for each fold which rows are held out; the rows of a race stay together."""
    shuffled = np.random.default_rng(seed).permutation(np.unique(races))
    for part in np.array_split(shuffled, min(folds, len(shuffled))):
        yield np.isin(races, part)


def out_of_fold(table: BattleTable, recipe: MixtureRecipe) -> OutOfFold:
    """Fit every member without each fold, and once on everything.

    Every fit is one job for joblib, on one thread, and so runs wherever joblib is set to send it;
    see `ml.cluster`. The parts of the mixture are one fit, as they grow in turns.
    """
    groups = list(race_groups(table.races, recipe.folds, recipe.seed))
    everything = np.ones(len(table), dtype=bool)
    chosen = [*(~held_out for held_out in groups), everything]
    undecided = np.isnan(table.y1) & (table.outcome >= 0)
    fitted = OutOfFold({}, {}, {}, undecided)
    together = fitted_together(recipe.members)
    work = [(members, rows) for members in together for rows in chosen]
    fits = Parallel(n_jobs=recipe.jobs, return_as="generator", prefer="threads")(
        delayed(fit_rows)(members, table, rows, recipe) for members, rows in work
    )
    blobs = with_progress(fits, len(work), "fits")
    for members in together:
        answers = [next(blobs) for _ in chosen]
        for member, of_member in zip(members, zip(*answers, strict=True), strict=True):
            *parts, refit = [_fitted(member, table, blob) for blob in of_member]
            fitted.margins[member.name] = _held_out_margins(table, groups, parts)
            if member.label == "y1":
                asked = table.rows[undecided]
                fitted.by_fold[member.name] = np.stack(
                    [part.expert.margins(asked) for part in parts]
                )
            fitted.refits[member.name] = refit
            log.info("%s fitted %d times", member.name, len(chosen))
    return fitted


def fitted_together(members: Sequence[Member]) -> list[list[Member]]:
    """Return the members in groups: the parts of the mixture, in order, and each other alone."""
    by_name = {member.name: member for member in members}
    parts = [by_name[name] for name in PARTS if name in by_name]
    alone = [[member] for member in members if member not in parts]
    return [parts, *alone] if parts else alone


def fit_rows(
    members: Sequence[Member],
    table: BattleTable,
    chosen: npt.NDArray[np.bool_],
    recipe: MixtureRecipe,
) -> list[bytes]:
    """Return members fitted on those chosen rows that train and have their label, as stored.

    Args:
        members: One, or those that are fitted together.
        table: All rows.
        chosen: Which of them may be used, shape (n,).
        recipe: Gives weights and seed.
    """
    first = members[0]
    labels = table.label(first.label)
    rows = chosen & np.isfinite(labels) & table.trains
    training = Training(table.rows[rows], labels[rows], table.columns, recipe.weights(table)[rows])
    if first.name in PARTS:
        return fit_in_turns(members, training, recipe.seed)
    return [fit_blob(first, training, recipe.seed, threads=1)]


def _fitted(member: Member, table: BattleTable, blob: bytes) -> FittedMember:
    return FittedMember(member, blob, read_expert(member.library, blob, table.columns, member.view))


def _held_out_margins(
    table: BattleTable, groups: Sequence[npt.NDArray[np.bool_]], parts: Sequence[FittedMember]
) -> Array:
    answers = [
        part.expert.margins(table.rows[rows]) for part, rows in zip(parts, groups, strict=True)
    ]
    margins = np.full((len(table), *answers[0].shape[1:]), np.nan)
    for rows, answer in zip(groups, answers, strict=True):
        margins[rows] = answer
    return margins
