"""Fit members on whole races, and collect their opinions on races that they have not seen."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from ml.members import MEMBERS, FittedMember, Member, Training, fit_blob
from ml.metrics import Array
from ml.mixture_table import BattleTable
from ml.races import with_progress
from pitwall.prediction.experts import read_expert

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MixtureRecipe:
    """The settings with which the mixture is trained.

    Attributes:
        folds: Groups of whole races.
        seed: Assigns races to folds and seeds the learners; nothing else is random.
        jobs: Number of fits at once, each on one thread; the result does not depend on it.
        recency: Weight of a season's rows against those of the season after it.
    """

    members: tuple[Member, ...] = MEMBERS
    folds: int = 4
    seed: int = 0
    jobs: int = 2
    recency: float = 0.85

    def weights(self, years: npt.NDArray[np.int64]) -> Array:
        """Return the weights of rows of these seasons, 1 for the newest."""
        answer: Array = self.recency ** (years.max() - years).astype(np.float64)
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

    A member that starts from others starts from their held-out margins, so that it learns what
    they leave open in races that they have not seen. The models that gave these margins for the
    other folds had seen the races of this one: a trace of a held-out race reaches an expert's
    start, never its rows or labels. To shut it out would take the square of the fits. Test seasons
    are not affected.

    Every fit is one job for joblib, on one thread, and so runs wherever joblib
    is set to send it; see `ml.cluster`.
    """
    groups = list(race_groups(table.races, recipe.folds, recipe.seed))
    everything = np.ones(len(table), dtype=bool)
    chosen = [*(~held_out for held_out in groups), everything]
    undecided = np.isnan(table.y1) & (table.outcome >= 0)
    fitted = OutOfFold({}, {}, {}, undecided)
    for members in _stages(recipe.members):
        work = [(member, rows) for member in members for rows in chosen]
        fits = Parallel(n_jobs=recipe.jobs, return_as="generator", prefer="threads")(
            delayed(fit_rows)(member, table, rows, recipe, fitted.margins) for member, rows in work
        )
        blobs = with_progress(fits, len(work), "fits")
        for member in members:
            *parts, refit = [_fitted(member, table, next(blobs)) for _ in chosen]
            fitted.margins[member.name] = _held_out_margins(table, groups, parts)
            if member.label == "y1":
                asked = table.rows[undecided]
                fitted.by_fold[member.name] = np.stack(
                    [part.expert.margins(asked) for part in parts]
                )
            fitted.refits[member.name] = refit
            log.info("%s fitted %d times", member.name, len(chosen))
    return fitted


def _stages(members: Sequence[Member]) -> Iterator[list[Member]]:
    """Yield the members in groups, each after the groups that it starts from."""
    done: set[str] = set()
    while waiting := [member for member in members if member.name not in done]:
        ready = [member for member in waiting if done.issuperset(member.after)]
        if not ready:
            message = f"members start from each other: {[member.name for member in waiting]}"
            raise ValueError(message)
        yield ready
        done |= {member.name for member in ready}


def fit_rows(
    member: Member,
    table: BattleTable,
    chosen: npt.NDArray[np.bool_],
    recipe: MixtureRecipe,
    margins: Mapping[str, Array],
) -> bytes:
    """Return a member fitted on those chosen rows that train and have its label.

    Args:
        member: The learner.
        table: All rows.
        chosen: Which of them may be used, shape (n,).
        recipe: Gives weights and seed.
        margins: By name, held-out margins of all rows, for a member that starts from some.
    """
    labels = table.label(member.label)
    rows = chosen & np.isfinite(labels) & table.trains
    start = sum((margins[name][rows] for name in member.after), np.zeros(int(rows.sum())))
    weights = recipe.weights(table.years)[rows]
    training = Training(
        table.rows[rows], labels[rows], table.columns, weights, start if member.after else None
    )
    return fit_blob(member, training, recipe.seed, threads=1)


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
