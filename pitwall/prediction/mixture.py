"""Compute forecasts from rows of features with the mixture of experts, all rows at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pitwall.domain.forecasts import points_of
from pitwall.prediction.columns.spec import EXPERTS, Column, Rows
from pitwall.prediction.columns.topics import SITUATION
from pitwall.prediction.experts import Expert, Logits
from pitwall.prediction.forest import Leaves
from pitwall.prediction.gate import Interruption, context_at, places_of
from pitwall.prediction.stacker import LogitParts, Platt, Spread, Stacker, ThreeLapStacker, sigmoid

PARTS: Final = (SITUATION, *map(str, EXPERTS))
"""The models whose margins the stacker adds up, in order."""

ALONE: Final = ("three", "kept", "pooled")
"""The models beside them: a pass within three laps, a pass that stands, and the yardstick."""

CALIBRATED: Final = ("kept", "pooled")
"""Those whose forecasts are a line on their own logits; the stackers calibrate the others."""


@dataclass(frozen=True, slots=True)
class MixtureParts:
    """Everything that was learned in training.

    Attributes:
        columns: The columns of the whole matrix, in order.
        experts: By name: `PARTS`, then `three` (a pass within three laps), `kept` (a pass made now
            still stands two laps later) and `pooled` (the yardstick: one model that sees
            everything).
        platts: Calibrations by name, of `kept` and `pooled`.
        seasons: By year, how the passes of the season's training races differed from what was
            forecast of them, as a running residual.
    """

    columns: tuple[Column, ...]
    experts: Mapping[str, Expert]
    platts: Mapping[str, Platt]
    stacker: Stacker
    three_laps: ThreeLapStacker
    spread: Spread
    interruption: Interruption
    seasons: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Opinions:
    """The mixture's forecasts of n battles; shape (n,) unless noted.

    Attributes:
        p_overtake: Probability of a pass by the end of the next lap, if nothing interrupts the
            battle.
        p_overtake_3: The same within three laps; never below `p_overtake`.
        low, high: The 90 % interval of `p_overtake`; `Spread` explains what it covers.
        base: The situation's logit.
        contributions: What each expert adds to it, logits, shape (n, 3), in order of `EXPERTS`.
        points: What each expert moves `p_overtake` by, shape (n, 3).
        p_experts: The probability from the situation and each expert alone, shape (n, 3).
        shares: Each expert's share of the moved logit without signs, shape (n, 3), adding up to 1.
        p_outcomes: Probabilities of `gate.OUTCOMES` by the end of the next lap, shape (n, 4).
        p_kept: Probability that a pass made now still stands two laps later.
        p_plain: Sigmoid of the sum of the margins, before the stacker, as `memory.Record` needs it.
    """

    p_overtake: Logits
    p_overtake_3: Logits
    low: Logits
    high: Logits
    base: Logits
    contributions: Logits
    points: Logits
    p_experts: Logits
    shares: Logits
    p_outcomes: Logits
    p_kept: Logits
    p_plain: Logits


@dataclass(frozen=True, slots=True)
class Stacked:
    """The margins of n battles, added up by the stacker.

    Attributes:
        margins: Raw logits of the situation and each expert, shape (n, 4).
        context: The gate's terms, shape (n, n_terms).
        moves: What each part adds to the logit.
        leaves: The leaf that each row reached in each part's trees, (n, trees) for each part; empty
            where no reasons are needed.
    """

    margins: Logits
    context: Logits
    moves: LogitParts
    leaves: tuple[Leaves, ...] = ()


class Mixture:
    """Forecasts with a situation, three experts and a stacker; pure functions of the rows."""

    def __init__(self, parts: MixtureParts) -> None:
        self._parts = parts
        self._places = places_of(parts.columns)

    @property
    def parts(self) -> MixtureParts:
        """The learned parts it was made from."""
        return self._parts

    def opinions(self, rows: Rows, residuals: Logits, stacked: Stacked | None = None) -> Opinions:
        """Return the forecasts of rows (n, n_columns) with running residuals (n, n_residuals).

        Args:
            rows: Rows of the whole matrix.
            residuals: Running residuals, in the order of `memory.RESIDUALS`.
            stacked: The result of `stacked` for them, if already computed.
        """
        parts = self._parts
        stacked = self.stacked(rows, residuals) if stacked is None else stacked
        margins, moves = stacked.margins, stacked.moves
        three = parts.three_laps.logits(parts.experts["three"].margins(rows), margins, residuals)
        design = parts.stacker.design_of(moves.experts, margins, stacked.context, residuals)
        logits = moves.logits
        low, high = parts.spread.interval(logits, stacked.context, design)
        p_overtake = sigmoid(logits)
        return Opinions(
            p_overtake=p_overtake,
            p_overtake_3=np.maximum(sigmoid(three), p_overtake),
            low=low,
            high=high,
            base=moves.base,
            contributions=moves.experts,
            points=np.array(
                [
                    points_of(base, moved)
                    for base, moved in zip(moves.base.tolist(), moves.experts.tolist(), strict=True)
                ]
            ).reshape(moves.experts.shape),
            p_experts=sigmoid(moves.base[:, None] + moves.experts),
            shares=shares_of(moves.experts),
            p_outcomes=parts.interruption.chances(rows),
            p_kept=parts.platts["kept"].chances(parts.experts["kept"].margins(rows)),
            p_plain=sigmoid(margins.sum(axis=1)),
        )

    def plain_logits(self, rows: Rows) -> Logits:
        """Return the sum of the margins, shape (n,), which the residuals need."""
        margins: Logits = self._margins(rows).sum(axis=1)
        return margins

    def pooled(self, rows: Rows) -> Logits:
        """Return the probabilities of the pooled model, the yardstick, shape (n,)."""
        return self._parts.platts["pooled"].chances(self._parts.experts["pooled"].margins(rows))

    def stacked(self, rows: Rows, residuals: Logits) -> Stacked:
        """Return the margins of all parts, added up and calibrated."""
        return self._stacked(rows, residuals, self._margins(rows))

    def walked(self, rows: Rows, residuals: Logits) -> Stacked:
        """Return the same as `stacked`, with the leaves that an explanation needs."""
        walks = [self._parts.experts[name].walk(rows) for name in PARTS]
        margins = np.concatenate([walk.margins for walk in walks], axis=1)
        stacked = self._stacked(rows, residuals, margins)
        return replace(stacked, leaves=tuple(walk.leaves for walk in walks))

    def _margins(self, rows: Rows) -> Logits:
        return np.stack([self._parts.experts[name].margins(rows) for name in PARTS], axis=1)

    def _stacked(self, rows: Rows, residuals: Logits, margins: Logits) -> Stacked:
        stacker = self._parts.stacker
        context = context_at(rows, self._places, stacker.gate.terms)
        return Stacked(margins, context, stacker.moves(margins, context, residuals))


def shares_of(contributions: Logits) -> Logits:
    """Return each expert's share of what all move without signs; equal where nothing moves."""
    sizes = np.abs(contributions)
    total = sizes.sum(axis=1, keepdims=True)
    count = contributions.shape[1]
    shares: Logits = np.where(total > 0, sizes / np.where(total > 0, total, 1.0), 1.0 / count)
    return shares
