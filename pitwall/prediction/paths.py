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

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Nodes = npt.NDArray[np.int64]
_LEAF: Final = -1


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree in a common form; node 0 is the root.

    Attributes:
        column: Column that each node asks about, by its place in the model's view; -1 at leaves.
        left, right: Children of each node; -1 at leaves.
        value: Of each node: at leaves the answer, else the weighted mean of the leaves below.
        name: What the library calls each leaf; -1 for other nodes.
    """

    column: Nodes
    left: Nodes
    right: Nodes
    value: Array
    name: Nodes


class Paths:
    """What each leaf of a forest owes to each topic, added up beforehand.

    Args:
        trees: All of them.
        topics: Topic of each column of the model's view, as a number.
        count: How many topics there are.
    """

    def __init__(self, trees: Sequence[Tree], topics: Sequence[int], count: int) -> None:
        sizes = [int(tree.name.max()) + 1 for tree in trees]
        self._first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        self._owed = np.zeros((sum(sizes), count), dtype=np.float32)
        for tree, first in zip(trees, self._first.tolist(), strict=True):
            for name, credits in _leaves(tree, topics, count):
                self._owed[first + name] = credits

    def by_topic(self, leaves: Nodes) -> Array:
        """Return what each topic brings, (n, count), given the leaf of each tree, (n, trees)."""
        found = self._owed[self._first[None, :] + leaves]
        return np.asarray(found.sum(axis=1, dtype=np.float64))


def _leaves(tree: Tree, topics: Sequence[int], count: int) -> Iterator[tuple[int, Array]]:
    waiting = [(0, np.zeros(count))]
    while waiting:
        node, credits = waiting.pop()
        if tree.left[node] == _LEAF:
            yield int(tree.name[node]), credits
            continue
        topic = topics[int(tree.column[node])]
        for child in (int(tree.left[node]), int(tree.right[node])):
            new = credits.copy()
            new[topic] += tree.value[child] - tree.value[node]
            waiting.append((child, new))


def lightgbm_trees(text: str) -> list[Tree]:
    """Return the trees of a LightGBM model's text."""
    trees, _, _ = text.partition("\nend of trees")
    return [_lightgbm_tree(part) for part in trees.split("\nTree=")[1:]]


def _lightgbm_tree(part: str) -> Tree:
    fields = dict(line.split("=", 1) for line in part.splitlines()[1:] if "=" in line)

    def numbers(name: str) -> Array:
        return np.array(fields[name].split(), dtype=np.float64)

    leaves, answers = int(fields["num_leaves"]), numbers("leaf_value")
    inner = leaves - 1
    if not inner:
        alone = np.array([_LEAF])
        return Tree(alone, alone, alone, answers[:1], np.array([0]))
    columns = np.concatenate([numbers("split_feature"), np.full(leaves, _LEAF)]).astype(np.int64)
    # Leaves are told as the complement of their number; here they come after the inner nodes.
    children = [numbers(side).astype(np.int64) for side in ("left_child", "right_child")]
    left, right = (
        np.concatenate([np.where(side < 0, inner + ~side, side), np.full(leaves, _LEAF)])
        for side in children
    )
    name = np.concatenate([np.full(inner, -1), np.arange(leaves)])
    weight = np.concatenate([np.zeros(inner), numbers("leaf_count")])
    value = np.concatenate([np.zeros(inner), answers])
    return Tree(columns, left, right, _filled(left, right, value, weight), name)


def xgboost_trees(model: bytes) -> list[Tree]:
    """Return the trees of an XGBoost model in its JSON form."""
    document: Mapping[str, Any] = json.loads(model)
    trees = document["learner"]["gradient_booster"]["model"]["trees"]
    return [_xgboost_tree(tree) for tree in trees]


def _xgboost_tree(tree: Mapping[str, Any]) -> Tree:
    left = np.array(tree["left_children"], dtype=np.int64)
    right = np.array(tree["right_children"], dtype=np.int64)
    is_leaf = left == _LEAF
    column = np.where(is_leaf, _LEAF, np.array(tree["split_indices"], dtype=np.int64))
    value = np.where(is_leaf, np.array(tree["split_conditions"], dtype=np.float64), 0.0)
    weight = np.where(is_leaf, np.array(tree["sum_hessian"], dtype=np.float64), 0.0)
    name = np.where(is_leaf, np.arange(len(left)), -1)
    return Tree(column, left, right, _filled(left, right, value, weight), name)


def _filled(left: Nodes, right: Nodes, value: Array, weight: Array) -> Array:
    """Return the values with each inner node's mean of what lies below it."""
    value, weight = value.copy(), weight.copy()
    order = [0]
    for node in order:
        if left[node] != _LEAF:
            order += [int(left[node]), int(right[node])]
    for node in reversed(order):
        if left[node] != _LEAF:
            below = [int(left[node]), int(right[node])]
            weight[node] = weight[below].sum()
            value[node] = (value[below] * weight[below]).sum() / max(weight[node], 1e-300)
    return value
