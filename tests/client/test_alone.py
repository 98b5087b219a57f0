"""Test that the client works without the server's packages, and with either library of frames."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars
import pytest

from pitwall.client import MissingLibraryError, UnreadableAnswerError
from pitwall.client.frames import frame_of, frame_of_rows, read_parquet

ROOT = Path(__file__).parents[2]
SERVER_ONLY = {
    "reflex", "fastapi", "starlette", "pydantic", "granian", "numpy", "pandas", "pyarrow", "polars",
    "sqlalchemy", "sqlmodel", "alembic", "redis", "orjson", "numba", "lightgbm", "xgboost",
    "sklearn", "scipy", "fastf1", "websockets", "plotly",
}  # fmt: skip
LOADED = "import sys, pitwall.client; print(*sorted(sys.modules))"


def loaded_by(program: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


def test_importing_it_loads_nothing_of_the_server() -> None:
    loaded = loaded_by(LOADED)

    assert {name.partition(".")[0] for name in loaded} & SERVER_ONLY == set()
    own = {name for name in loaded if name.partition(".")[0] == "pitwall"}
    others = {name for name in own if not f"{name}.".startswith("pitwall.client.")}
    assert others == {"pitwall", "pitwall.release"}  # the version


def without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def parquet(tmp_path: Path) -> bytes:
    file = tmp_path / "laps.parquet"
    polars.DataFrame({"lap": [1, 2]}).write_parquet(file)
    return file.read_bytes()


def test_frames_are_of_polars_where_it_is_installed(parquet: bytes) -> None:
    frame = read_parquet(parquet, "laps.parquet")

    assert isinstance(frame, polars.DataFrame)
    assert frame["lap"].to_list() == [1, 2]
    assert frame.to_pandas()["lap"].tolist() == [1, 2]


def test_frames_are_of_pandas_where_polars_is_not_installed(
    parquet: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "polars")

    for frame in (read_parquet(parquet, "laps.parquet"), frame_of({"lap": [1, 2]})):
        assert type(frame).__module__.startswith("pandas.")
        assert frame["lap"].to_list() == [1, 2]


def test_without_either_it_says_what_to_install(
    parquet: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "polars", "pandas")

    with pytest.raises(MissingLibraryError, match="pip install polars"):
        read_parquet(parquet, "laps.parquet")


def test_without_pyarrow_pandas_alone_is_not_enough(
    parquet: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "polars", "pyarrow", "fastparquet")

    with pytest.raises(MissingLibraryError, match="pandas with pyarrow"):
        read_parquet(parquet, "laps.parquet")


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_what_is_no_parquet_file_is_named(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if library == "pandas":
        without(monkeypatch, "polars")

    with pytest.raises(UnreadableAnswerError, match=r"laps\.parquet is no Parquet file"):
        read_parquet(b"<html>", "laps.parquet")


def test_rows_of_different_fields_become_one_frame() -> None:
    assert frame_of_rows([{"a": 1}, {"b": 2}]).to_dict(as_series=False) == {
        "a": [1, None],
        "b": [None, 2],
    }
    assert frame_of_rows([]).is_empty()
