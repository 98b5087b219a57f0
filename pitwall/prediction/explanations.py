"""Attribute a forecast to its features, in amounts that add up to the logit.

On its way to a leaf a row passes nodes. A node's value is the mean of the leaves below it,
weighted by the training rows that reached them; each step from a node to the next changes that
value, and the change is credited to the column that the node asked about. The credits and the
values of the roots add up to the raw logit exactly.

Exact TreeSHAP would share the credit among columns more evenly, and was measured at 350 times the
price of a forecast: too dear for every battle of every second, and out of the question at 60
times real time. The credits are summed by topic anyway, which evens out most of what columns of
one topic take from each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pitwall.prediction.columns.spec import EXPERTS, Rows
from pitwall.prediction.experts import Logits
from pitwall.prediction.forest import Array, Leaves, Tree, ways_to_leaves
from pitwall.prediction.mixture import Gated, Mixture


class Paths:
    """What each leaf of a forest owes to each topic, added up beforehand.

    Args:
        trees: All of them, in the forest's order.
        topics: Topic of each column of the model's view, as a number.
        count: How many topics there are.
    """

    def __init__(self, trees: Sequence[Tree], topics: Sequence[int], count: int) -> None:
        from pitwall.prediction import forest_loops  # compiled when first asked, as forests are

        self._add_up = forest_loops.add_up
        self._owed = np.array(
            [credits for tree in trees for credits in _owed(tree, topics, count)], np.float32
        )

    def by_topic(self, leaves: Leaves) -> Array:
        """Return what each topic brings, (n, count), given the leaf of each tree, (n, trees)."""
        sums = np.zeros((len(leaves), self._owed.shape[1]))
        self._add_up(self._owed, leaves, sums)
        return sums


def _owed(tree: Tree, topics: Sequence[int], count: int) -> list[Array]:
    owed = []
    for way in ways_to_leaves(tree):
        credits = np.zeros(count)
        for node, child in way:
            credits[topics[int(tree.column[node])]] += tree.value[child] - tree.value[node]
        owed.append(credits)
    return owed


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
