"""A model file is read whole and sound, or refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pitwall.errors import ModelError
from pitwall.prediction.features import feature_names
from pitwall.prediction.model_file import SHIPPED, load_model, to_document
from pitwall.prediction.sealed import content_hash
from tests.prediction.makers import a_model

Change = Callable[[dict[str, Any]], object]


def written(path: Path, change: Change | None = None, *, sealed: bool = True) -> Path:
    document = to_document(a_model(interval_s=-1.0))
    if change:
        change(document)
    if sealed:
        document["content_hash"] = content_hash(document)
    path.write_text(json.dumps(document))
    return path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    model = load_model(written(tmp_path / "model.json"))

    assert to_document(model) == to_document(a_model(interval_s=-1.0))
    assert model.version == f"made-{model.content_hash[:12]}"


def test_the_shipped_model_is_sound_and_says_how_it_was_made() -> None:
    model = load_model()

    assert model.features == feature_names()
    assert model.training["races"] > 100
    assert set(model.scores) == {"train < 2025, test 2025", "train < 2026, test 2026"}
    assert str(Path.home()) not in SHIPPED.read_text()


def test_a_changed_number_is_damage(tmp_path: Path) -> None:
    path = written(tmp_path / "m.json", lambda d: d.update(intercept=0.0), sealed=False)

    with pytest.raises(ModelError, match="damaged"):
        load_model(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(schema=2), "schema 2"),
        (lambda d: d.update(features=d["features"][::-1]), "other features"),
        (lambda d: d.update(feature_hash="0"), "other features"),
        (lambda d: d.pop("intercept"), "intercept"),
        (lambda d: d.update(means=[0.0]), "means must be"),
        (lambda d: d.update(scales=[0.0] * len(d["scales"])), "scale is not positive"),
        (lambda d: d.update(trained_at="2026-01-01T00:00:00"), "no time zone"),
        (lambda d: d["circuit_rates"].update(base=1.5), "circuit rate"),
        (lambda d: d["circuit_rates"].update(by_circuit=[1]), "by_circuit|items"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, change: Change, says: str) -> None:
    path = written(tmp_path / "model.json", change)

    with pytest.raises(ModelError, match=says):
        load_model(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": 1, "x": NaN}'])
def test_a_file_that_holds_no_model_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(text)

    with pytest.raises(ModelError, match=r"model\.json"):
        load_model(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot read"):
        load_model(tmp_path / "none.json")
