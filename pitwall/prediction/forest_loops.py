"""The loops over trees and rows, compiled when a process first forecasts.

Numba compiles them in half a second, so nothing of it is kept on disk. They hold no lock: other
threads run on while they walk.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

# Rows that go through all trees together: a tree stays in the nearest cache while they pass.
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
    """Add what every row's leaves answer to `margins`, and write down which leaves they are.

    Args:
        nodes: As `forest.NODE`.
        roots: Node at which each tree begins, shape (trees,).
        answers: Of each leaf, shape (leaves,).
        rows: Shape (n, n_columns).
        margins: Shape (n, n_classes); tree t answers for class t modulo n_classes.
        reached: Shape (n, trees), or (0, 0) where nobody asks.
    """
    classes = margins.shape[1]
    for first in range(0, len(rows), BLOCK):
        last = min(first + BLOCK, len(rows))
        for tree in range(len(roots)):
            for row in range(first, last):
                node = nodes[roots[tree]]
                while node.child >= 0:
                    value = rows[row, node.column]
                    # A missing value is not equal to itself; sums of tests need no branch.
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
    """Add the rows of `owed`, (leaves, topics), that `reached`, (n, trees), names, to `sums`."""
    for row in range(reached.shape[0]):
        for tree in range(reached.shape[1]):
            leaf = reached[row, tree]
            for topic in range(owed.shape[1]):
                sums[row, topic] += owed[leaf, topic]
