"""Load the experts, boosted trees that turn rows of features into raw logits, and check them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from pitwall.errors import ModelError
from pitwall.prediction.columns.spec import Column, Rows, positions
from pitwall.prediction.forest import Forest, Tree, Walk, lightgbm_trees, xgboost_trees

log = logging.getLogger(__name__)

Logits = npt.NDArray[np.float64]

# How far a forest's answers may be from its library's: XGBoost sums up in single precision.
_TOLERANCE: Final = 1e-4
_PROBES: Final = 32


class Expert(Protocol):
    """A model of battles that sees some of the columns."""

    @property
    def columns(self) -> npt.NDArray[np.intp]:
        """Where its columns lie in the whole matrix, shape (k,)."""
        ...

    def margins(self, rows: Rows) -> Logits:
        """Return raw logits, shape (n,), of rows of the whole matrix, shape (n, n_columns).

        A model of several classes returns shape (n, n_classes).
        """
        ...

    def walk(self, rows: Rows) -> Walk:
        """Return raw logits, shape (n, n_classes), and the leaves they come from."""
        ...

    def trees(self) -> Sequence[Tree]:
        """Return the trees, from which the margins can be explained."""
        ...


class TreeExpert:
    """Trees of a library's model, walked here.

    Args:
        trees: The model.
        columns: Where the columns that it sees lie in the whole matrix.
        forest: The same trees, ready to be walked.
    """

    def __init__(
        self, trees: Sequence[Tree], columns: npt.NDArray[np.intp], forest: Forest
    ) -> None:
        self._trees, self._columns, self._forest = trees, columns, forest

    @property
    def columns(self) -> npt.NDArray[np.intp]:
        """Where its columns lie in the whole matrix, shape (k,)."""
        return self._columns

    def margins(self, rows: Rows) -> Logits:
        """Return raw logits, shape (n,) or (n, n_classes)."""
        margins = self._forest.margins(rows)
        return margins[:, 0] if margins.shape[1] == 1 else margins

    def walk(self, rows: Rows) -> Walk:
        """Return raw logits, shape (n, n_classes), and the leaves they come from."""
        return self._forest.walk(rows)

    def trees(self) -> Sequence[Tree]:
        """Return the trees."""
        return self._trees


def checked_forest(
    trees: Sequence[Tree],
    columns: npt.NDArray[np.intp],
    ask: Callable[[Rows], Logits],
    view: str,
) -> Forest:
    """Return trees ready to be walked, after a check against the library's own answers.

    Args:
        trees: The model.
        columns: Where the columns that it sees lie in the whole matrix.
        ask: Returns the library's answer: raw logits of rows of those columns.
        view: The expert's name, for messages.

    Raises:
        ModelError: The trees and the library give different answers.
    """
    seen = _probes(trees, len(columns))
    answers = ask(seen).reshape(len(seen), -1).astype(np.float64)
    classes = answers.shape[1]
    forest = Forest(trees, columns, 0.0, classes)
    whole = np.zeros((len(seen), columns.max() + 1), np.float32)
    whole[:, columns] = seen
    alone = forest.margins(whole)
    base = float(np.median(answers - alone))
    if not np.allclose(answers - alone, base, rtol=0, atol=_TOLERANCE):
        message = f"the {view} expert and the library that trained it give different answers"
        raise ModelError(message)
    exact = np.array_equal(answers, alone)
    return forest if exact else forest.starting_from(base)


def _probes(trees: Sequence[Tree], columns: int) -> Rows:
    """Return rows with values of every kind: near thresholds, on thresholds, and missing."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(_PROBES, columns)).astype(np.float32)
    asked = np.concatenate([tree.column for tree in trees])
    thresholds = np.concatenate([tree.threshold for tree in trees])
    for column in np.unique(asked[asked >= 0]).tolist():
        rows[:, column] = random.choice(thresholds[asked == column], _PROBES)
    rows[random.random(rows.shape) < 0.2] = np.nan
    return rows


def _lightgbm(blob: bytes, columns: Sequence[Column], view: str) -> TreeExpert:
    """Return the expert stored as a LightGBM text."""
    seen, text = positions(columns, view), blob.decode()
    lightgbm = _library_of_lightgbm()
    if lightgbm is None:
        return _unchecked(text, columns, seen, view)
    try:
        booster = lightgbm.Booster(model_str=text)
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        message = f"the {view} expert is not a LightGBM model: {error}"
        raise ModelError(message) from error
    _refuse_other_columns(booster.feature_name(), columns, seen, view)

    def ask(rows: Rows) -> Logits:
        return np.asarray(booster.predict(rows, raw_score=True, num_threads=1), np.float64)

    trees = lightgbm_trees(text)
    return TreeExpert(trees, seen, checked_forest(trees, seen, ask, view))


@cache
def _library_of_lightgbm() -> Any:  # noqa: ANN401  a module without types
    """Return LightGBM's module; None where the system lacks OpenMP, which it loads and not brings.

    A fresh Debian has no OpenMP. The trees are read here anyway, and the bundle is sealed by a
    hash, so only their comparison with the library is left out.
    """
    try:
        import lightgbm  # takes a second, so only a process that forecasts imports it
    except OSError as error:
        log.warning(
            "LightGBM cannot be loaded, so its models are used without being compared with it",
            extra={"reason": str(error)},
        )
        return None
    return lightgbm


def _unchecked(
    text: str, columns: Sequence[Column], seen: npt.NDArray[np.intp], view: str
) -> TreeExpert:
    """Return the expert of a LightGBM text where the library cannot be asked."""
    head, _, _ = text.partition("\nTree=")
    fields = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    _refuse_other_columns(fields.get("feature_names", "").split(), columns, seen, view)
    trees = lightgbm_trees(text)
    classes = int(fields["num_tree_per_iteration"])
    return TreeExpert(trees, seen, Forest(trees, seen, 0.0, classes))


def _xgboost(blob: bytes, columns: Sequence[Column], view: str) -> TreeExpert:
    """Return the expert stored as XGBoost's UBJSON."""
    import xgboost  # as above

    seen = positions(columns, view)
    booster = xgboost.Booster({"nthread": 1})
    try:
        booster.load_model(bytearray(blob))
    except (xgboost.core.XGBoostError, ValueError) as error:
        message = f"the {view} expert is not an XGBoost model: {error}"
        raise ModelError(message) from error
    booster.set_param({"nthread": 1})
    _refuse_other_columns(booster.feature_names or [], columns, seen, view)

    def ask(rows: Rows) -> Logits:
        answers: Logits = booster.inplace_predict(
            rows, predict_type="margin", validate_features=False
        )
        return answers

    trees = xgboost_trees(bytes(booster.save_raw("json")))
    return TreeExpert(trees, seen, checked_forest(trees, seen, ask, view))


_READERS: Final[Mapping[str, Any]] = {"lightgbm": _lightgbm, "xgboost": _xgboost}


def read_expert(library: str, blob: bytes, columns: Sequence[Column], view: str) -> Expert:
    """Return the expert of a stored model.

    Raises:
        ModelError: The library is unknown, or the model is damaged or made for other columns.
    """
    if library not in _READERS:
        message = f"the {view} expert needs {library!r}, this version reads {sorted(_READERS)}"
        raise ModelError(message)
    expert: Expert = _READERS[library](blob, columns, view)
    return expert


def _refuse_other_columns(
    names: Sequence[str], columns: Sequence[Column], seen: npt.NDArray[np.intp], view: str
) -> None:
    """Refuse other or reordered columns, which LightGBM would accept silently."""
    if list(names) != [columns[i].name for i in seen.tolist()]:
        message = f"the {view} expert was trained on other columns, or in another order"
        raise ModelError(message)
