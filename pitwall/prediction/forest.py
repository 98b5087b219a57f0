"""Read the trees of a boosted model into one compact array and evaluate all rows at once.

The libraries' own predictors take one row through all trees before the next row, and spread a tree
over a dozen places in memory. With five models evaluated in turn, each evicts the others from the
cache, and most of a tick was spent waiting for memory (docs/performance.md). Here a node takes
twelve bytes, and all battles of a tick pass through a tree while it is in the cache.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pitwall.prediction.columns.spec import Rows

Array = npt.NDArray[np.float64]

Nodes = npt.NDArray[np.int64]

LEAF: Final = -1

_DEFAULT_LEFT: Final = (
    2  # bit of LightGBM's `decision_type`; bits 2 and 3 say which values count as missing
)

_MISSING_IS_NOTHING: Final = 0

_AS_GOOD_AS_ZERO: Final = 1.0000000180025095e-35  # LightGBM treats values up to this as 0


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree; node 0 is the root.

    Attributes:
        column: The column that each node tests, by its place in the model's view; -1 at leaves.
        threshold: A row goes left where its value is not above this, both in single precision.
        missing_right: Whether a row without that value goes right.
        left, right: The children of each node; -1 at leaves.
        value: The value of each node: the answer at leaves, else the weighted mean of the leaves
            below.
    """

    column: Nodes
    threshold: npt.NDArray[np.float32]
    missing_right: npt.NDArray[np.bool_]
    left: Nodes
    right: Nodes
    value: Array


def lightgbm_trees(text: str) -> list[Tree]:
    """Return the trees of a LightGBM model's text, which must not have categorical features."""
    trees, _, _ = text.partition("\nend of trees")
    return [_lightgbm_tree(part) for part in trees.split("\nTree=")[1:]]


def _lightgbm_tree(part: str) -> Tree:
    fields = dict(line.split("=", 1) for line in part.splitlines()[1:] if "=" in line)

    def numbers(name: str) -> Array:
        return np.array(fields.get(name, "").split(), dtype=np.float64)

    leaves, answers = int(fields["num_leaves"]), numbers("leaf_value")
    inner = leaves - 1
    # LightGBM writes a leaf as the complement of its number; here leaves follow the inner nodes.
    children = [numbers(side).astype(np.int64)[:inner] for side in ("left_child", "right_child")]
    left, right = (_then(np.where(side < 0, inner + ~side, side), leaves) for side in children)
    threshold = numbers("threshold")[:inner]
    decisions = numbers("decision_type").astype(np.int64)[:inner]
    missing_right = np.where(
        decisions >> 2 == _MISSING_IS_NOTHING, threshold < 0, decisions & _DEFAULT_LEFT == 0
    )
    weight = np.concatenate([np.zeros(inner), numbers("leaf_count") if inner else np.ones(1)])
    value = np.concatenate([np.zeros(inner), answers])
    return Tree(
        _then(numbers("split_feature").astype(np.int64)[:inner], leaves),
        np.concatenate([_not_above(threshold), np.zeros(leaves, np.float32)]),
        np.concatenate([missing_right, np.zeros(leaves, np.bool_)]),
        left,
        right,
        _filled(left, right, value, weight),
    )


def _then(inner: Nodes, leaves: int) -> Nodes:
    return np.concatenate([inner, np.full(leaves, LEAF)])


def _not_above(threshold: Array) -> npt.NDArray[np.float32]:
    """Return single-precision thresholds that split single-precision values in the same way."""
    near = threshold.astype(np.float32)
    below = np.nextafter(near, np.float32(-np.inf))
    is_above = (near.astype(np.float64) > threshold) | (threshold == -_AS_GOOD_AS_ZERO)
    return np.where(is_above, below, near)


def xgboost_trees(model: bytes) -> list[Tree]:
    """Return the trees of an XGBoost model in its JSON form."""
    document: Mapping[str, Any] = json.loads(model)
    trees = document["learner"]["gradient_booster"]["model"]["trees"]
    return [_xgboost_tree(tree) for tree in trees]


def _xgboost_tree(tree: Mapping[str, Any]) -> Tree:
    left = np.array(tree["left_children"], dtype=np.int64)
    right = np.array(tree["right_children"], dtype=np.int64)
    is_leaf = left == LEAF
    condition = np.array(tree["split_conditions"], dtype=np.float32)
    weight = np.where(is_leaf, np.array(tree["sum_hessian"], dtype=np.float64), 0.0)
    return Tree(
        np.where(is_leaf, LEAF, np.array(tree["split_indices"], dtype=np.int64)),
        np.nextafter(condition, np.float32(-np.inf)),  # XGBoost sends equal values right
        np.array(tree["default_left"], dtype=np.int64) == 0,
        left,
        right,
        _filled(left, right, np.where(is_leaf, condition.astype(np.float64), 0.0), weight),
    )


def _filled(left: Nodes, right: Nodes, value: Array, weight: Array) -> Array:
    """Return the values with each inner node set to the weighted mean of the leaves below it."""
    value, weight = value.copy(), weight.copy()
    for node in reversed(level_by_level(left, right)):
        if left[node] != LEAF:
            below = [int(left[node]), int(right[node])]
            weight[node] = weight[below].sum()
            value[node] = (value[below] * weight[below]).sum() / max(weight[node], 1e-300)
    return value


def level_by_level(left: Nodes, right: Nodes) -> list[int]:
    """Return a tree's nodes from the root down, each left child just before its sibling."""
    order = [0]
    for node in order:
        if left[node] != LEAF:
            order += [int(left[node]), int(right[node])]
    return order


# The right child follows the left one; at a leaf, `child` is the complement of the leaf's number.
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
    """The results of n rows.

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
        trees: All trees; tree t answers for class t modulo `classes`.
        columns: Where the columns of the trees' view lie in the whole matrix.
        base: The value that every row starts from.
        classes: How many raw logits a row has.
    """

    def __init__(
        self,
        trees: Sequence[Tree],
        columns: npt.NDArray[np.intp],
        base: float = 0.0,
        classes: int = 1,
    ) -> None:
        from pitwall.prediction import forest_loops  # compiling takes 0.5 s, so import it late

        self._walk = forest_loops.walk
        self._base, self._classes = base, classes
        packed = [_packed(tree, columns) for tree in trees]
        nodes_before = _starts([len(nodes) for nodes, _ in packed])
        leaves_before = _starts([len(answers) for _, answers in packed])
        self._nodes = np.concatenate([nodes for nodes, _ in packed])
        self._answers = np.concatenate([answers for _, answers in packed])
        depths = [_depth(tree) for tree in trees]
        self._trees = np.column_stack([nodes_before, depths]).astype(np.int32)
        for (nodes, _), first, leaf in zip(packed, nodes_before, leaves_before, strict=True):
            child = self._nodes["child"][first : first + len(nodes)]
            child += np.where(child < 0, -leaf, first).astype(np.int32)

    def starting_from(self, base: float) -> Forest:
        """Return a forest of the same trees with another base."""
        other = copy(self)
        other._base = base
        return other

    def margins(self, rows: Rows) -> Array:
        """Return raw logits, (n, n_classes), of rows of the whole matrix, (n, n_columns)."""
        return self._walked(rows, np.empty((0, 0), np.int32))

    def walk(self, rows: Rows) -> Walk:
        """Return raw logits and the leaves they come from."""
        leaves = np.empty((len(rows), len(self._trees)), np.int32)
        return Walk(self._walked(rows, leaves), leaves)

    def _walked(self, rows: Rows, leaves: Leaves) -> Array:
        margins = np.full((len(rows), self._classes), self._base)
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        self._walk(self._nodes, self._trees, self._answers, rows, margins, leaves)
        return margins


def ways_to_leaves(tree: Tree) -> Iterator[list[tuple[int, int]]]:
    """Yield the path to each leaf, in the order in which a forest numbers them.

    A path is a list of steps from a node to its child, beginning at the root.
    """
    paths: dict[int, list[tuple[int, int]]] = {0: []}
    for node in level_by_level(tree.left, tree.right):
        path = paths.pop(node)
        if tree.left[node] == LEAF:
            yield path
        else:
            children = (int(tree.left[node]), int(tree.right[node]))
            paths |= {child: [*path, (node, child)] for child in children}


def _depth(tree: Tree) -> int:
    """Return the number of steps from the root to the furthest leaf."""
    depth = [0] * len(tree.left)
    for node in level_by_level(tree.left, tree.right):
        if tree.left[node] != LEAF:
            depth[int(tree.left[node])] = depth[int(tree.right[node])] = depth[node] + 1
    return max(depth)


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
