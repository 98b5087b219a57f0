"""All trees of a model in one small array, walked in one go.

The libraries' own predictors take a row through all trees before they take the next, and keep a
tree in a dozen places of memory. With five models asked in turn each pushes the others out of the
cache, and most of a tick was spent waiting for memory (docs/performance.md). Here a node takes
twelve bytes, and every tree meets all battles of a tick while it is at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pitwall.prediction.trees import LEAF, Array, Tree, level_by_level
from pitwall.prediction.views import Rows

# The right child follows the left one; a leaf has the complement of its number for a child.
NODE: Final = np.dtype(
    [
        ("threshold", np.float32),
        ("child", np.int32),
        ("column", np.int16),
        ("missing_right", np.int16),
    ]
)
Leaves = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Walk:
    """What n rows came to.

    Attributes:
        margins: Raw logits, shape (n, n_classes).
        leaves: The leaf that each row reached in each tree, numbered through the whole forest,
            shape (n, trees).
    """

    margins: Array
    leaves: Leaves


class Forest:
    """A boosted model.

    Args:
        trees: All of them; tree t answers for class t modulo `classes`.
        columns: Where the columns of the trees' view lie in the whole matrix.
        base: What every row starts from.
        classes: How many raw logits a row has.
    """

    def __init__(
        self,
        trees: Sequence[Tree],
        columns: npt.NDArray[np.intp],
        base: float = 0.0,
        classes: int = 1,
    ) -> None:
        from pitwall.prediction import walking  # half a second: only who forecasts pays for it

        self._walk = walking.walk
        self._base, self._classes = base, classes
        packed = [_packed(tree, columns) for tree in trees]
        nodes_before = _starts([len(nodes) for nodes, _ in packed])
        leaves_before = _starts([len(answers) for _, answers in packed])
        self._nodes = np.concatenate([nodes for nodes, _ in packed])
        self._answers = np.concatenate([answers for _, answers in packed])
        self._roots = nodes_before.astype(np.int32)
        for (nodes, _), first, leaf in zip(packed, nodes_before, leaves_before, strict=True):
            child = self._nodes["child"][first : first + len(nodes)]
            child += np.where(child < 0, -leaf, first).astype(np.int32)

    def starting_from(self, base: float) -> Forest:
        """Return the same trees, from which every row starts at another base."""
        other = copy(self)
        other._base = base
        return other

    def margins(self, rows: Rows) -> Array:
        """Return raw logits, (n, n_classes), of rows of the whole matrix, (n, n_columns)."""
        return self._walked(rows, np.empty((0, 0), np.int32))

    def walk(self, rows: Rows) -> Walk:
        """Return raw logits and the leaves that they come from."""
        leaves = np.empty((len(rows), len(self._roots)), np.int32)
        return Walk(self._walked(rows, leaves), leaves)

    def _walked(self, rows: Rows, leaves: Leaves) -> Array:
        margins = np.full((len(rows), self._classes), self._base)
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        self._walk(self._nodes, self._roots, self._answers, rows, margins, leaves)
        return margins


def ways_to_leaves(tree: Tree) -> Iterator[list[tuple[int, int]]]:
    """Yield the way to each leaf, in the order in which a forest numbers them.

    A way is the steps from a node to its child, beginning at the root.
    """
    ways: dict[int, list[tuple[int, int]]] = {0: []}
    for node in level_by_level(tree.left, tree.right):
        way = ways.pop(node)
        if tree.left[node] == LEAF:
            yield way
        else:
            children = (int(tree.left[node]), int(tree.right[node]))
            ways |= {child: [*way, (node, child)] for child in children}


def _packed(tree: Tree, columns: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.void], Array]:
    """Return a tree's nodes, level by level, and its leaves' answers in that order."""
    old = np.array(level_by_level(tree.left, tree.right))
    place = np.empty(len(tree.left), np.int64)
    place[old] = np.arange(len(old))
    is_leaf = tree.left[old] == LEAF
    nodes = np.zeros(len(old), NODE)
    nodes["threshold"] = tree.threshold[old]
    nodes["missing_right"] = tree.missing_right[old]
    nodes["column"] = np.where(is_leaf, 0, columns[tree.column[old]])
    nodes["child"] = np.where(is_leaf, -np.cumsum(is_leaf), place[tree.left[old]])
    return nodes, tree.value[old[is_leaf]]


def _starts(sizes: Sequence[int]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
