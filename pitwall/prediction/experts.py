"""The experts: boosted trees that turn rows of features into raw logits, on one thread each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from pitwall.errors import ModelError
from pitwall.prediction.paths import Nodes, Tree, lightgbm_trees, xgboost_trees
from pitwall.prediction.views import Column, Rows, positions

Logits = npt.NDArray[np.float64]


class Expert(Protocol):
    """An opinion on battles, from the columns that it sees."""

    @property
    def columns(self) -> npt.NDArray[np.intp]:
        """Where its columns lie in the whole matrix, shape (k,)."""
        ...

    def margins(self, rows: Rows) -> Logits:
        """Return raw logits, shape (n,), of rows of the whole matrix, shape (n, n_columns).

        A model of several classes returns shape (n, n_classes).
        """
        ...

    def leaves(self, rows: Rows) -> Nodes:
        """Return the leaf that each row reaches in each tree, shape (n, n_trees)."""
        ...

    def trees(self) -> list[Tree]:
        """Return the trees themselves, to explain the margins."""
        ...


class LightGBMExpert:
    """A LightGBM booster read from its text, which is what it is stored as."""

    def __init__(self, blob: bytes, columns: Sequence[Column], view: str) -> None:
        import lightgbm  # takes a second: only a process that forecasts pays for it

        self._columns = positions(columns, view)
        try:
            self._booster = lightgbm.Booster(model_str=blob.decode())
        except (lightgbm.basic.LightGBMError, ValueError) as error:
            message = f"the {view} expert is no LightGBM model: {error}"
            raise ModelError(message) from error
        _refuse_other_columns(self._booster.feature_name(), columns, self._columns, view)

    @property
    def columns(self) -> npt.NDArray[np.intp]:
        """Where its columns lie in the whole matrix, shape (k,)."""
        return self._columns

    def margins(self, rows: Rows) -> Logits:
        """Return raw logits, shape (n,) or (n, n_classes)."""
        return self._predict(rows, raw_score=True)

    def leaves(self, rows: Rows) -> Nodes:
        """Return the leaf that each row reaches in each tree, shape (n, n_trees)."""
        return np.asarray(self._predict(rows, pred_leaf=True), dtype=np.int64)

    def trees(self) -> list[Tree]:
        """Return the trees themselves."""
        return lightgbm_trees(self._booster.model_to_string())

    def _predict(self, rows: Rows, **what: bool) -> Logits:
        seen = np.ascontiguousarray(rows[:, self._columns], dtype=np.float32)
        answer = self._booster.predict(seen, num_threads=1, **what)
        return np.asarray(answer, dtype=np.float64)


class XGBoostExpert:
    """An XGBoost booster read from UBJSON, which is what it is stored as."""

    def __init__(self, blob: bytes, columns: Sequence[Column], view: str) -> None:
        import xgboost  # as above

        self._columns = positions(columns, view)
        self._booster = xgboost.Booster({"nthread": 1})
        try:
            self._booster.load_model(bytearray(blob))
        except (xgboost.core.XGBoostError, ValueError) as error:
            message = f"the {view} expert is no XGBoost model: {error}"
            raise ModelError(message) from error
        self._booster.set_param({"nthread": 1})
        names = self._booster.feature_names or []
        _refuse_other_columns(names, columns, self._columns, view)

    @property
    def columns(self) -> npt.NDArray[np.intp]:
        """Where its columns lie in the whole matrix, shape (k,)."""
        return self._columns

    def margins(self, rows: Rows) -> Logits:
        """Return raw logits, shape (n,)."""
        seen = np.ascontiguousarray(rows[:, self._columns], dtype=np.float32)
        answer = self._booster.inplace_predict(seen, predict_type="margin", validate_features=False)
        return np.asarray(answer, dtype=np.float64)

    def leaves(self, rows: Rows) -> Nodes:
        """Return the leaf that each row reaches in each tree, shape (n, n_trees)."""
        import xgboost

        seen = np.ascontiguousarray(rows[:, self._columns], dtype=np.float32)
        matrix = xgboost.DMatrix(seen, nthread=1)
        answer = self._booster.predict(matrix, pred_leaf=True, validate_features=False)
        return np.asarray(answer, dtype=np.int64).reshape(len(rows), -1)

    def trees(self) -> list[Tree]:
        """Return the trees themselves."""
        return xgboost_trees(bytes(self._booster.save_raw("json")))


LIBRARIES: Final[Mapping[str, Any]] = {"lightgbm": LightGBMExpert, "xgboost": XGBoostExpert}


def read_expert(library: str, blob: bytes, columns: Sequence[Column], view: str) -> Expert:
    """Return the expert of a stored model.

    Raises:
        ModelError: The library is unknown, the model is damaged or made for other columns.
    """
    if library not in LIBRARIES:
        message = f"the {view} expert needs {library!r}, this version reads {sorted(LIBRARIES)}"
        raise ModelError(message)
    expert: Expert = LIBRARIES[library](blob, columns, view)
    return expert


def _refuse_other_columns(
    names: Sequence[str], columns: Sequence[Column], seen: npt.NDArray[np.intp], view: str
) -> None:
    """LightGBM would take reordered columns without a word."""
    if list(names) != [columns[i].name for i in seen.tolist()]:
        message = f"the {view} expert was trained on other columns, or in another order"
        raise ModelError(message)
