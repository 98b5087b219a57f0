"""Compute forecasts from rows of features with the mixture of experts, all rows at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pitwall.prediction.columns.spec import EXPERTS, Column, Rows
from pitwall.prediction.experts import Expert, Logits
from pitwall.prediction.forest import Leaves
from pitwall.prediction.gate import Gate, Interruption, Roles
from pitwall.prediction.stacker import (
    Platt,
    Spread,
    Stacker,
    ThreeLapStacker,
    sigmoid,
)


@dataclass(frozen=True, slots=True)
class MixtureParts:
    """Everything that was learned in training.

    Attributes:
        columns: The columns of the whole matrix, in order.
        roles: The columns that the gate reads.
        experts: By name: `EXPERTS`, then `three` (a pass within three laps) and `pooled` (the
            yardstick: one model that sees everything).
        platts: Calibrations by name, for `EXPERTS` and `pooled`.
    """

    columns: tuple[Column, ...]
    roles: Roles
    experts: Mapping[str, Expert]
    platts: Mapping[str, Platt]
    gate: Gate
    stacker: Stacker
    three_laps: ThreeLapStacker
    spread: Spread
    interruption: Interruption


@dataclass(frozen=True, slots=True)
class Opinions:
    """The mixture's forecasts of n battles; shape (n,) unless noted.

    Attributes:
        p_overtake: Probability of a pass by the end of the next lap, if nothing interrupts the
            battle.
        p_overtake_3: The same within three laps; never below `p_overtake`.
        low, high: The 90 % interval of `p_overtake`; `Spread` explains what it covers.
        p_experts: Each expert's own calibrated probability, shape (n, 3), in order of `EXPERTS`.
        shares: Each expert's weight, shape (n, 3), adding up to one.
        p_outcomes: Probabilities of `gate.OUTCOMES` by the end of the next lap, shape (n, 4).
        p_plain: Sigmoid of the experts' mean logit, before gate and stacker, as `memory.Record`
            needs it.
    """

    p_overtake: Logits
    p_overtake_3: Logits
    low: Logits
    high: Logits
    p_experts: Logits
    shares: Logits
    p_outcomes: Logits
    p_plain: Logits


@dataclass(frozen=True, slots=True)
class Gated:
    """The experts' raw logits of n battles, combined by gate and stacker.

    Attributes:
        margins: Raw logits of each expert, shape (n, 3).
        shares: Each expert's weight, shape (n, 3), adding up to one.
        opinion: The weighted mean of the margins, shape (n,).
        logits: Calibrated logits of `p_overtake`, shape (n,).
        leaves: The leaf that each row reached in each expert's trees, (n, trees) for each expert;
            empty where no reasons are needed.
    """

    margins: Logits
    shares: Logits
    opinion: Logits
    logits: Logits
    leaves: tuple[Leaves, ...] = ()


class Mixture:
    """Forecasts with three experts, a gate and a stacker; pure functions of the rows."""

    def __init__(self, parts: MixtureParts) -> None:
        self._parts = parts

    @property
    def parts(self) -> MixtureParts:
        """The learned parts it was made from."""
        return self._parts

    def opinions(self, rows: Rows, residuals: Logits, gated: Gated | None = None) -> Opinions:
        """Return the forecasts of rows (n, n_columns) with running residuals (n, 3).

        Args:
            rows: Rows of the whole matrix.
            residuals: Running residuals of the race, the attacker and the defender.
            gated: The result of `gated` for them, if already computed.
        """
        parts = self._parts
        gated = self.gated(rows, residuals) if gated is None else gated
        three = parts.three_laps.logits(
            parts.experts["three"].margins(rows), gated.margins, residuals
        )
        low, high = parts.spread.interval(gated.logits, Stacker.design(gated.opinion, residuals))
        p_overtake = sigmoid(gated.logits)
        return Opinions(
            p_overtake=p_overtake,
            p_overtake_3=np.maximum(sigmoid(three), p_overtake),
            low=low,
            high=high,
            p_experts=np.stack(
                [
                    parts.platts[name].chances(z)
                    for name, z in zip(EXPERTS, gated.margins.T, strict=True)
                ],
                axis=1,
            ),
            shares=gated.shares,
            p_outcomes=parts.interruption.chances(rows),
            p_plain=sigmoid(gated.margins.mean(axis=1)),
        )

    def plain_logits(self, rows: Rows) -> Logits:
        """Return the mean logit of the experts, shape (n,), which the residuals need."""
        margins: Logits = self._margins(rows).mean(axis=1)
        return margins

    def pooled(self, rows: Rows) -> Logits:
        """Return the probabilities of the pooled model, the yardstick, shape (n,)."""
        return self._parts.platts["pooled"].chances(self._parts.experts["pooled"].margins(rows))

    def _margins(self, rows: Rows) -> Logits:
        return np.stack([self._parts.experts[name].margins(rows) for name in EXPERTS], axis=1)

    def gated(self, rows: Rows, residuals: Logits) -> Gated:
        """Return the experts' margins, weighted and calibrated."""
        return self._gated(rows, residuals, self._margins(rows))

    def walked(self, rows: Rows, residuals: Logits) -> Gated:
        """Return the same as `gated`, with the leaves that an explanation needs."""
        walks = [self._parts.experts[name].walk(rows) for name in EXPERTS]
        margins = np.concatenate([walk.margins for walk in walks], axis=1)
        gated = self._gated(rows, residuals, margins)
        return replace(gated, leaves=tuple(walk.leaves for walk in walks))

    def _gated(self, rows: Rows, residuals: Logits, margins: Logits) -> Gated:
        parts = self._parts
        shares = parts.gate.shares(parts.roles.situations(rows, parts.columns, residuals))
        opinion = (shares * margins).sum(axis=1)
        return Gated(margins, shares, opinion, parts.stacker.logits(opinion, residuals))
