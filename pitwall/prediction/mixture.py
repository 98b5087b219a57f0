"""The mixture of experts at work: all battles of a tick at once, from rows of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pitwall.prediction.experts import EXPERTS, Column, Expert, Logits, Rows
from pitwall.prediction.gate import Gate, Roles
from pitwall.prediction.interruption import Interruption
from pitwall.prediction.logits import sigmoid
from pitwall.prediction.stacker import (
    Platt,
    Spread,
    Stacker,
    ThreeLapStacker,
)


@dataclass(frozen=True, slots=True)
class MixtureParts:
    """Everything that was learned.

    Attributes:
        columns: Of the whole matrix, in order.
        roles: The columns that the gate reads.
        experts: By name: `EXPERTS`, then `three` (a pass within three laps) and `pooled` (the
            yardstick: one model that sees everything).
        platts: By name, for `EXPERTS` and `pooled`.
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
    """What the mixture says of n battles; shape (n,) but where said.

    Attributes:
        p_overtake: Passed by the end of the next lap, given that nothing interrupts the battle.
        p_overtake_3: The same within three laps; never below `p_overtake`.
        low, high: A 90 % interval of `p_overtake`; what it covers is told by `Spread`.
        p_experts: Each expert's own calibrated probability, shape (n, 3), in order of `EXPERTS`.
        shares: Each expert's weight, shape (n, 3), adding up to one.
        p_outcomes: Of `interruption.OUTCOMES` by the end of the next lap, shape (n, 4).
        plain: Mean logit of the experts before gate and stacker; its sigmoid is the forecast
            that `residuals.Record` wants.
    """

    p_overtake: Logits
    p_overtake_3: Logits
    low: Logits
    high: Logits
    p_experts: Logits
    shares: Logits
    p_outcomes: Logits
    plain: Logits


@dataclass(frozen=True, slots=True)
class Contributions:
    """What moved the logits of n battles; base, columns and residuals add up to the logit.

    Attributes:
        base: What every battle in this place of the gate starts from, shape (n,).
        columns: Of each feature column, shape (n, n_columns).
        residuals: Of the race's, the attacker's and the defender's running residual, (n, 3).
        logits: Of `p_overtake`, shape (n,).
    """

    base: Logits
    columns: Logits
    residuals: Logits
    logits: Logits

    def by_topic(self, topics: Sequence[str]) -> dict[str, Logits]:
        """Return the sums over the columns of each topic, shape (n,), given a topic a column."""
        return {
            topic: self.columns[:, [i for i, name in enumerate(topics) if name == topic]].sum(
                axis=1
            )
            for topic in dict.fromkeys(topics)
        }


@dataclass(frozen=True, slots=True)
class _Gated:
    margins: Logits  # (n, 3)
    shares: Logits  # (n, 3)
    opinion: Logits  # (n,)
    logits: Logits  # (n,)


class Mixture:
    """Three experts, a gate and a stacker; pure functions of their rows."""

    def __init__(self, parts: MixtureParts) -> None:
        self._parts = parts

    @property
    def parts(self) -> MixtureParts:
        """What it was made from."""
        return self._parts

    def opinions(self, rows: Rows, residuals: Logits) -> Opinions:
        """Return the forecasts of rows (n, n_columns) with running residuals (n, 3)."""
        parts, gated = self._parts, self._gated(rows, residuals)
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
            plain=gated.margins.mean(axis=1),
        )

    def plain_logits(self, rows: Rows) -> Logits:
        """Return the mean logit of the experts, shape (n,): all that residuals need."""
        margins: Logits = self._margins(rows).mean(axis=1)
        return margins

    def pooled(self, rows: Rows) -> Logits:
        """Return the yardstick's probabilities, shape (n,)."""
        return self._parts.platts["pooled"].chances(self._parts.experts["pooled"].margins(rows))

    def contributions(self, rows: Rows, residuals: Logits) -> Contributions:
        """Return what moved the logits: each expert's TreeSHAP values, weighted by the gate.

        The gate's shares are taken as given; the stacker's bend is shared out in proportion.
        """
        parts, gated = self._parts, self._gated(rows, residuals)
        columns = np.zeros(rows.shape)
        base = np.zeros(len(rows))
        for name, share in zip(EXPERTS, gated.shares.T, strict=True):
            expert = parts.experts[name]
            values = expert.contributions(rows) * share[:, None]
            columns[:, expert.columns] += values[:, :-1]
            base += values[:, -1]
        step = parts.stacker.step(gated.opinion, base)
        return Contributions(
            base=parts.stacker.gated(base) + parts.stacker.intercept,
            columns=columns * step[:, None],
            residuals=residuals * parts.stacker.residual_weights,
            logits=gated.logits,
        )

    def _margins(self, rows: Rows) -> Logits:
        return np.stack([self._parts.experts[name].margins(rows) for name in EXPERTS], axis=1)

    def _gated(self, rows: Rows, residuals: Logits) -> _Gated:
        parts, margins = self._parts, self._margins(rows)
        shares = parts.gate.shares(parts.roles.situations(rows, parts.columns, residuals))
        opinion = (shares * margins).sum(axis=1)
        return _Gated(margins, shares, opinion, parts.stacker.logits(opinion, residuals))
