"""Why a forest of trees answered as it did: every split's share of the way from average to answer.

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

import numpy as np

from pitwall.prediction.forest import Leaves, ways_to_leaves
from pitwall.prediction.trees import Array, Tree


class Paths:
    """What each leaf of a forest owes to each topic, added up beforehand.

    Args:
        trees: All of them, in the forest's order.
        topics: Topic of each column of the model's view, as a number.
        count: How many topics there are.
    """

    def __init__(self, trees: Sequence[Tree], topics: Sequence[int], count: int) -> None:
        from pitwall.prediction import walking  # compiled when first asked, as forests are

        self._add_up = walking.add_up
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
