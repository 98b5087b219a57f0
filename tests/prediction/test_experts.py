"""Test what holds for every expert, whatever its library."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.abc import MetaPathFinder

import lightgbm
import numpy as np
import pytest
import xgboost

from ml.members import MEMBERS
from pitwall.errors import ModelError
from pitwall.prediction.bundle import SHIPPED, load_bundle
from pitwall.prediction.columns.spec import EXPERTS, Column, Rows, positions
from pitwall.prediction.columns.topics import SITUATION
from pitwall.prediction.experts import Expert, _library_of_lightgbm, checked_forest, read_expert
from pitwall.prediction.explanations import Paths
from pitwall.prediction.mixture import ALONE, PARTS
from pitwall.prediction.stacker import sigmoid
from tests.ml.mixture_tables import COLUMNS, the_mixture, the_table

GAP = 0
_SHIPPED_BY = {
    library: [one.name for one in MEMBERS if one.library == library]
    for library in ("lightgbm", "xgboost")
}
BINARY = (*PARTS, *ALONE)
MONOTONE = (*PARTS, "three", "pooled")


@pytest.fixture(params=BINARY)
def expert(request: pytest.FixtureRequest) -> Expert:
    """Return each expert as it is read back from its file."""
    return the_mixture().parts.experts[request.param]


@pytest.fixture
def rows() -> Rows:
    """Return feature rows of battles, some with missing values."""
    return the_table().rows[:60]


def test_margins_are_finite_logits_of_probabilities(expert: Expert, rows: Rows) -> None:
    margins = expert.margins(rows)

    assert margins.shape == (60,)
    assert margins.dtype == np.float64
    assert ((sigmoid(margins) > 0) & (sigmoid(margins) < 1)).all()


def test_asking_changes_nothing(expert: Expert, rows: Rows) -> None:
    before = rows.copy()
    first, second = expert.margins(rows), expert.margins(rows)

    assert np.array_equal(first, second)
    assert np.array_equal(rows, before, equal_nan=True)


def test_the_order_of_rows_does_not_matter(expert: Expert, rows: Rows) -> None:
    assert np.array_equal(expert.margins(rows[::-1]), expert.margins(rows)[::-1])


def test_one_battle_at_a_time_is_the_whole_tick(expert: Expert, rows: Rows) -> None:
    one_by_one = [expert.margins(rows[i : i + 1])[0] for i in range(len(rows))]

    assert np.array_equal(one_by_one, expert.margins(rows))


@pytest.mark.parametrize("expert", MONOTONE, indirect=True)
def test_closer_is_never_less_likely(expert: Expert, rows: Rows) -> None:
    gaps = np.linspace(2.0, 0.0, 41)
    moved = np.repeat(rows[:, None, :], len(gaps), axis=1)
    moved[:, :, GAP] = gaps
    margins = expert.margins(moved.reshape(-1, rows.shape[1])).reshape(len(rows), -1)

    assert (np.diff(margins, axis=1) >= 0).all()
    assert (margins[:, -1] > margins[:, 0]).any()


def test_paths_through_the_trees_add_up_to_the_margin(expert: Expert, rows: Rows) -> None:
    seen = list(range(len(expert.columns)))
    credits = Paths(expert.trees(), seen, len(seen)).by_topic(expert.walk(rows).leaves)

    base = expert.margins(rows) - credits.sum(axis=1)
    assert base == pytest.approx(base[0], abs=1e-5)  # the base of every battle
    assert credits.any()


def test_what_an_expert_does_not_see_does_not_move_it(rows: Rows) -> None:
    om = the_mixture().parts.experts["om"]
    changed = rows.copy()
    changed[:, np.setdiff1d(np.arange(len(COLUMNS)), om.columns)] = 99.0

    assert np.array_equal(om.margins(changed), om.margins(rows))


def test_a_view_holds_its_own_columns_and_those_that_all_read() -> None:
    columns = (
        Column("gap", (SITUATION, *EXPERTS)),
        Column("drs", ("om",)),
        Column("sector", ("aero",)),
        Column("place", (SITUATION,)),
    )

    seen = {view: positions(columns, view).tolist() for view in (*PARTS, "everything")}
    assert seen == {
        "situation": [0, 3],
        "om": [0, 1],
        "boost": [0],
        "aero": [0, 2],
        "everything": [0, 1, 2, 3],
    }


@pytest.mark.parametrize("name", _SHIPPED_BY["lightgbm"])
def test_shipped_trees_answer_to_the_bit_as_lightgbm_does(name: str) -> None:
    expert, rows = _shipped(name)
    booster = lightgbm.Booster(model_file=SHIPPED / f"{name}.txt")
    seen = np.ascontiguousarray(rows[:, expert.columns])

    answers = booster.predict(seen, raw_score=True, num_threads=1)
    assert np.array_equal(expert.margins(rows), answers)


@pytest.mark.parametrize("name", _SHIPPED_BY["xgboost"])
def test_shipped_trees_answer_as_xgboost_does_but_for_its_single_precision(name: str) -> None:
    expert, rows = _shipped(name)
    booster = xgboost.Booster({"nthread": 1}, model_file=SHIPPED / f"{name}.ubj")
    seen = np.ascontiguousarray(rows[:, expert.columns])

    answers = booster.inplace_predict(seen, predict_type="margin", validate_features=False)
    assert expert.margins(rows) == pytest.approx(answers, abs=1e-5)


def _shipped(name: str) -> tuple[Expert, Rows]:
    parts = load_bundle(SHIPPED).parts
    random = np.random.default_rng(7)
    rows = random.normal(scale=5.0, size=(500, len(parts.columns))).astype(np.float32)
    rows[random.random(rows.shape) < 0.3] = np.nan
    return {**parts.experts, "interruption": parts.interruption.expert}[name], rows


def test_trees_that_answer_otherwise_than_their_library_are_refused() -> None:
    trees = the_mixture().parts.experts["om"].trees()
    columns = the_mixture().parts.experts["om"].columns

    with pytest.raises(ModelError, match="om expert and the library that trained it"):
        checked_forest(trees, columns, lambda rows: rows[:, 0].astype(np.float64), "om")


@pytest.fixture
def _without_openmp(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    class Finder(MetaPathFinder):
        def find_spec(self, name: str, *_: object) -> None:
            if name == "lightgbm":
                raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr("sys.meta_path", [Finder(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "lightgbm")
    _library_of_lightgbm.cache_clear()
    yield
    _library_of_lightgbm.cache_clear()


@pytest.mark.usefixtures("_without_openmp")
def test_where_the_system_lacks_openmp_the_same_trees_give_the_same_answers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    columns = load_bundle(SHIPPED).parts.columns
    alone = {name: _shipped(name) for name in _SHIPPED_BY["lightgbm"]}
    assert "libgomp.so.1" in str(vars(caplog.records[0])["reason"])
    assert len(caplog.records) == 1

    damaged = (SHIPPED / "om.txt").read_bytes().replace(b"interval_s", b"interval_m", 1)
    with pytest.raises(ModelError, match="om expert was trained on other columns"):
        read_expert("lightgbm", damaged, columns, "om")

    for name, (expert, rows) in alone.items():
        booster = lightgbm.Booster(model_file=SHIPPED / f"{name}.txt")
        seen = np.ascontiguousarray(rows[:, expert.columns])
        answers = booster.predict(seen, raw_score=True, num_threads=1)
        assert np.array_equal(expert.margins(rows), answers)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_what_is_no_model_is_refused(library: str) -> None:
    with pytest.raises(ModelError, match="om expert"):
        read_expert(library, b"not a model", COLUMNS, "om")


def test_an_unknown_library_is_refused() -> None:
    with pytest.raises(ModelError, match="'catboost'"):
        read_expert("catboost", b"", COLUMNS, "om")


@pytest.mark.parametrize("name", ["om", "boost"])
def test_reordered_columns_are_refused(name: str) -> None:
    stored = next(expert for expert in the_mixture().stored if expert.name == name)

    with pytest.raises(ModelError, match="other columns"):
        read_expert(stored.library, stored.blob, COLUMNS[::-1], stored.view)


def test_importing_the_mixture_imports_no_booster() -> None:
    code = (
        "import sys; import pitwall.prediction.bundle;"
        "assert not {'lightgbm', 'xgboost', 'sklearn', 'scipy', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
