"""Run the loops over trees and rows, which are compiled when a process first forecasts.

Numba compiles them in half a second, so the result is not cached on disk. The loops release the
global interpreter lock, so other threads run meanwhile.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

# Rows that go through each tree together, so that the tree stays in the nearest cache.
BLOCK = 64


@njit(nogil=True)
def _descend(
    nodes: npt.NDArray[np.void],
    tree: npt.NDArray[np.int32],
    rows: npt.NDArray[np.float32],
    at: npt.NDArray[np.int32],
) -> None:
    """Write to `at` the node of the leaf that each row reaches in one tree.

    All rows take one step down before any takes the next. The steps of different rows do not wait
    for each other, so the processor makes several at once: this takes 0.6 times as long as one row
    after another.
    """
    root, depth = tree
    for row in range(len(rows)):
        at[row] = root
    for _ in range(depth):
        for row in range(len(rows)):
            node = nodes[at[row]]
            value = rows[row, node.column]
            # A missing value (NaN) is not equal to itself; `|` needs no branch.
            right = (value > node.threshold) | ((value != value) & (node.missing_right != 0))
            if node.child >= 0:  # else the row has reached its leaf
                at[row] = node.child + right


@njit(nogil=True)
def walk(
    nodes: npt.NDArray[np.void],
    trees: npt.NDArray[np.int32],
    answers: npt.NDArray[np.float64],
    rows: npt.NDArray[np.float32],
    margins: npt.NDArray[np.float64],
    reached: npt.NDArray[np.int32],
) -> None:
    """Add the answers of every row's leaves to `margins`, and record which leaves they are.

    Args:
        nodes: Nodes of the type `forest.NODE`.
        trees: The root node of each tree, and its depth: the most steps from there to a leaf;
            shape (trees, 2).
        answers: The answer of each leaf, shape (leaves,).
        rows: Shape (n, n_columns).
        margins: Shape (n, n_classes); tree t answers for class t modulo n_classes.
        reached: Receives the leaves, shape (n, trees); (0, 0) where they are not needed.
    """
    classes = margins.shape[1]
    at = np.empty(BLOCK, np.int32)
    for first in range(0, len(rows), BLOCK):
        block = rows[first : first + BLOCK]
        for tree in range(len(trees)):
            _descend(nodes, trees[tree], block, at)
            for row in range(len(block)):
                leaf = ~nodes[at[row]].child
                margins[first + row, tree % classes] += answers[leaf]
                if len(reached):
                    reached[first + row, tree] = leaf


@njit(nogil=True)
def add_up(
    owed: npt.NDArray[np.float32],
    reached: npt.NDArray[np.int32],
    sums: npt.NDArray[np.float64],
) -> None:
    """Add to `sums` the rows of `owed`, (leaves, topics), that `reached`, (n, trees), selects.

    All rows of a block go through a tree's leaves before any goes on to the next, as in `walk`.
    """
    for first in range(0, len(reached), BLOCK):
        last = min(first + BLOCK, len(reached))
        for tree in range(reached.shape[1]):
            for row in range(first, last):
                leaf = reached[row, tree]
                for topic in range(owed.shape[1]):
                    sums[row, topic] += owed[leaf, topic]
