"""What moved a mixture's forecast, topic by topic, in amounts that add up to the logit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pitwall.prediction.experts import Logits
from pitwall.prediction.mixture import Gated, Mixture
from pitwall.prediction.paths import Paths
from pitwall.prediction.views import EXPERTS, Rows


@dataclass(frozen=True, slots=True)
class Contributions:
    """What moved the logits of n battles; base, topics and residuals add up to the logit.

    Attributes:
        base: What every battle in this place of the gate starts from, shape (n,).
        topics: Of the columns of each topic together, shape (n, n_topics).
        residuals: Of the race's, the attacker's and the defender's running residual, (n, 3).
    """

    base: Logits
    topics: Logits
    residuals: Logits


class Explainer:
    """Explains one mixture.

    Args:
        mixture: Whose forecasts.
        topics: Topic of each column of the whole matrix.
    """

    def __init__(self, mixture: Mixture, topics: Sequence[str]) -> None:
        self.topics = tuple(dict.fromkeys(topics))
        self._mixture = mixture
        self._of_columns = [self.topics.index(topic) for topic in topics]

    def contributions(self, rows: Rows, residuals: Logits, gated: Gated) -> Contributions:
        """Return what moved the logits: the paths through each expert, weighted by the gate.

        The gate's shares are taken as given; the stacker's bend is shared out in proportion.

        Args:
            rows: Of the whole matrix, shape (n, n_columns).
            residuals: Shape (n, 3).
            gated: What `Mixture.walked` made of both.
        """
        parts = self._mixture.parts
        found = np.zeros((len(rows), len(self.topics)))
        for name, leaves, share in zip(EXPERTS, gated.leaves, gated.shares.T, strict=True):
            found += self._paths[name].by_topic(leaves) * share[:, None]
        base = gated.opinion - found.sum(axis=1)
        step = parts.stacker.step(gated.opinion, base)
        return Contributions(
            base=parts.stacker.gated(base) + parts.stacker.intercept,
            topics=found * step[:, None],
            residuals=residuals * parts.stacker.residual_weights,
        )

    @cached_property
    def _paths(self) -> dict[str, Paths]:
        """Every expert's paths; made at the first question, which takes a moment."""
        experts = self._mixture.parts.experts
        return {
            name: Paths(
                experts[name].trees(),
                [self._of_columns[i] for i in experts[name].columns.tolist()],
                len(self.topics),
            )
            for name in EXPERTS
        }
