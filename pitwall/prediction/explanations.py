"""Attribute a forecast to its features, in amounts that add up to the logit.

A row passes nodes on its way to a leaf. A node's value is the mean of the leaves below it,
weighted by the training rows that reached them. Each step from a node to the next changes that
value, and the change is credited to the column that the node tests. The credits and the values of
the roots add up to the raw logit exactly.

Exact TreeSHAP would share the credit among columns more evenly, but was measured to take 350 times
as long as a forecast: too slow for every battle every second, and impossible at 60 times real time.
The credits are summed by topic, which evens out most of the credit that columns of one topic take
from each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pitwall.prediction.columns.topics import SITUATION
from pitwall.prediction.experts import Logits
from pitwall.prediction.forest import Array, Leaves, Tree, ways_to_leaves
from pitwall.prediction.mixture import PARTS, Mixture, Stacked


class Paths:
    """The credit that each topic has at each leaf of a forest, summed in advance.

    Args:
        trees: All trees, in the forest's order.
        topics: The topic of each column of the model's view, as a number.
        count: How many topics there are.
    """

    def __init__(self, trees: Sequence[Tree], topics: Sequence[int], count: int) -> None:
        from pitwall.prediction import forest_loops  # compiled at the first use, as in forests

        self._add_up = forest_loops.add_up
        # A model sees columns of a few topics. Without the others its table is a quarter as large,
        # and stays in the processor's cache from tick to tick.
        self._topics = sorted(set(topics))
        self._count = count
        places = [self._topics.index(topic) for topic in topics]
        self._owed = np.array(
            [credits for tree in trees for credits in _owed(tree, places, len(self._topics))],
            np.float32,
        )

    def by_topic(self, leaves: Leaves) -> Array:
        """Return each topic's credit, (n, count), given the leaf of each tree, (n, trees)."""
        sums = np.zeros((len(leaves), len(self._topics)))
        self._add_up(self._owed, leaves, sums)
        of_all = np.zeros((len(leaves), self._count))
        of_all[:, self._topics] = sums
        return of_all


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
    """The parts of the logits of n battles; base, credits and residuals add up to the logit.

    Attributes:
        base: The logit that every battle in this condition starts from, shape (n,).
        credits: By part of the mixture: what each topic's columns move, shape (n, n_topics).
        residuals: The part of each running residual, shape (n, n_residuals).
    """

    base: Logits
    credits: Mapping[str, Logits]
    residuals: Logits


class Explainer:
    """Explains the forecasts of one mixture.

    Args:
        mixture: The mixture.
        topics: The topic of each column of the whole matrix.
    """

    def __init__(self, mixture: Mixture, topics: Sequence[str]) -> None:
        self.topics = tuple(dict.fromkeys(topics))
        self._mixture = mixture
        self._of_columns = [self.topics.index(topic) for topic in topics]

    def contributions(self, residuals: Logits, stacked: Stacked) -> Contributions:
        """Return the parts of the logits: the paths through each part's trees, as they count.

        The gate's factors are taken as given; the bend of what the situation adds is distributed
        in proportion.

        Args:
            residuals: Shape (n, n_residuals).
            stacked: The result of `Mixture.walked` for the battles' rows and residuals.
        """
        stacker = self._mixture.parts.stacker
        own = {
            name: self._paths[name].by_topic(leaves)
            for name, leaves in zip(PARTS, stacked.leaves, strict=True)
        }
        situation = stacked.margins[:, 0]
        start = situation - own[SITUATION].sum(axis=1)
        own[SITUATION] = own[SITUATION] * stacker.step(situation, start)[:, None]
        for name, factor in zip(PARTS[1:], stacker.gate.factors(stacked.context).T, strict=True):
            own[name] = own[name] * factor[:, None]
        of_race = residuals * stacker.residual_weights
        moved = sum(credits.sum(axis=1) for credits in own.values()) + of_race.sum(axis=1)
        return Contributions(base=stacked.moves.logits - moved, credits=own, residuals=of_race)

    @cached_property
    def _paths(self) -> dict[str, Paths]:
        """The paths of every part; computed at the first use, which takes a moment."""
        experts = self._mixture.parts.experts
        return {
            name: Paths(
                experts[name].trees(),
                [self._of_columns[i] for i in experts[name].columns.tolist()],
                len(self.topics),
            )
            for name in PARTS
        }
