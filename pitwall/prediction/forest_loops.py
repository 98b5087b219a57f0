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
def walk(
    nodes: npt.NDArray[np.void],
    roots: npt.NDArray[np.int32],
    answers: npt.NDArray[np.float64],
    rows: npt.NDArray[np.float32],
    margins: npt.NDArray[np.float64],
    reached: npt.NDArray[np.int32],
) -> None:
    """Add the answers of every row's leaves to `margins`, and record which leaves they are.

    Args:
        nodes: Nodes of the type `forest.NODE`.
        roots: The root node of each tree, shape (trees,).
        answers: The answer of each leaf, shape (leaves,).
        rows: Shape (n, n_columns).
        margins: Shape (n, n_classes); tree t answers for class t modulo n_classes.
        reached: Receives the leaves, shape (n, trees); (0, 0) where they are not needed.
    """
    classes = margins.shape[1]
    for first in range(0, len(rows), BLOCK):
        last = min(first + BLOCK, len(rows))
        for tree in range(len(roots)):
            for row in range(first, last):
                node = nodes[roots[tree]]
                while node.child >= 0:
                    value = rows[row, node.column]
                    # A missing value (NaN) is not equal to itself; `|` needs no branch.
                    right = (value > node.threshold) | (
                        (value != value) & (node.missing_right != 0)
                    )
                    node = nodes[node.child + right]
                margins[row, tree % classes] += answers[~node.child]
                if len(reached):
                    reached[row, tree] = ~node.child


@njit(nogil=True)
def add_up(
    owed: npt.NDArray[np.float32],
    reached: npt.NDArray[np.int32],
    sums: npt.NDArray[np.float64],
) -> None:
    """Add to `sums` the rows of `owed`, (leaves, topics), that `reached`, (n, trees), selects."""
    for row in range(reached.shape[0]):
        for tree in range(reached.shape[1]):
            leaf = reached[row, tree]
            for topic in range(owed.shape[1]):
                sums[row, topic] += owed[leaf, topic]
