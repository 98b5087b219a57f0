"""Test that a bundle is read back as it was written, or refused with a message."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.mixture_training import save
from ml.rulebook import read_rules
from pitwall.errors import ModelError
from pitwall.prediction.bundle import (
    MANIFEST,
    SCORES,
    content_hash,
    load_bundle,
    parts_from_document,
    write_scores,
)
from pitwall.prediction.columns.history import Histories, SeasonHistory
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.memory import RESIDUALS
from pitwall.prediction.mixture import Mixture
from pitwall.prediction.rules import Rules
from tests.ml.mixture_tables import COLUMNS, the_mixture, the_table

KNOWLEDGE = Knowledge(Histories({2025: SeasonHistory(circuit={"monza": 0.25})}), read_rules())


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the directory of a freshly written bundle."""
    save(the_mixture(), KNOWLEDGE, tmp_path / "small")
    return tmp_path / "small"


def test_what_is_read_back_forecasts_the_same(directory: Path) -> None:
    rows, residuals = the_table().rows, np.zeros((len(the_table()), len(RESIDUALS)))
    loaded = load_bundle(directory, COLUMNS)

    own = Mixture(the_mixture().parts).opinions(rows, residuals)
    read = Mixture(loaded.parts).opinions(rows, residuals)
    for field in fields(own):
        assert np.array_equal(getattr(own, field.name), getattr(read, field.name)), field.name
    assert np.array_equal(
        Mixture(the_mixture().parts).pooled(rows), Mixture(loaded.parts).pooled(rows)
    )
    assert loaded.parts.seasons == the_mixture().parts.seasons
    assert loaded.knowledge == KNOWLEDGE
    assert loaded.scores == {}
    assert loaded.version == f"mixture-{loaded.content_hash[:12]}"


def test_scores_are_kept_beside_the_model_they_were_found_for(directory: Path) -> None:
    scored = write_scores(directory, {"seen": 1})

    assert scored.scores == {"seen": 1}
    assert scored.content_hash == load_bundle(directory).content_hash
    retrained = replace(KNOWLEDGE, rules=Rules())
    assert save(the_mixture(), retrained, directory).scores == {}  # another model's


def test_damaged_scores_are_refused(directory: Path) -> None:
    write_scores(directory, {"seen": 1})
    path = directory / SCORES
    path.write_text(path.read_text(encoding="utf-8").replace('"seen": 1', '"seen": 2'))

    _refused(directory, "scores.json .* is damaged")


def test_it_holds_no_pickle(directory: Path) -> None:
    assert {path.suffix for path in directory.iterdir()} == {".json", ".txt", ".ubj"}


def test_a_damaged_model_file_is_refused(directory: Path) -> None:
    path = directory / "aero.txt"
    path.write_bytes(path.read_bytes().replace(b"leaf_value=", b"leaf_value=9", 1))

    _refused(directory, r"aero\.txt .* is damaged or was swapped")


def test_swapped_model_files_are_refused(directory: Path) -> None:
    (directory / "om.txt").write_bytes((directory / "aero.txt").read_bytes())

    _refused(directory, r"om\.txt .* was swapped")


def test_files_swapped_with_their_hashes_are_refused(directory: Path) -> None:
    def swap(manifest: dict[str, Any]) -> None:
        om, aero = manifest["experts"]["om"], manifest["experts"]["aero"]
        for key in ("file", "sha256"):
            om[key], aero[key] = aero[key], om[key]

    _forge(directory, swap)
    _refused(directory, "other columns")


def test_a_model_of_several_classes_is_not_taken_for_one_of_two(directory: Path) -> None:
    def swap(manifest: dict[str, Any]) -> None:
        experts = manifest["experts"]
        experts["pooled"], experts["interruption"] = experts["interruption"], experts["pooled"]

    _forge(directory, swap)
    _refused(directory, "wrong number of answers")


def test_a_missing_file_is_refused(directory: Path) -> None:
    (directory / "boost.ubj").unlink()

    _refused(directory, r"has no boost\.ubj")


def test_a_changed_manifest_is_refused(directory: Path) -> None:
    path = directory / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["stacker"]["intercept"] += 0.5
    path.write_text(json.dumps(manifest))

    _refused(directory, "damaged: its content does not match its hash")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.update(schema=9), "schema 9"),
        (lambda m: m.update(schema=2), "schema 2, this version reads 3"),
        (lambda m: m["columns"].reverse(), "columns do not match their hash"),
        (lambda m: m["stacker"].update(slopes=[1.0]), r"shape \(3,\), found \(1,\)"),
        (lambda m: m["gate"].update(terms=["moon"]), "does not know: .'moon'"),
        (lambda m: m["gate"]["terms"].pop(), r"expected numbers of shape \(9, 3\)"),
        (lambda m: m["stacker"].update(centres=[0.0]), r"shape \(3,\), found \(1,\)"),
        (lambda m: m["stacker"]["offsets"].pop(), r"shape \(9,\), found \(8,\)"),
        (lambda m: m["stacker"]["residual_weights"].pop(), r"shape \(4,\), found \(3,\)"),
        (lambda m: m["three_laps"]["margin_weights"].pop(), r"shape \(4,\), found \(3,\)"),
        (lambda m: m["spread"]["models"].pop(), r"shape \(10,\), found \(9,\)"),
        (lambda m: m["spread"]["covariance"].pop(), r"shape \(20, 20\), found \(19, 20\)"),
        (lambda m: m["interruption"]["offsets"].pop(), r"shape \(4,\), found \(3,\)"),
        (lambda m: m["seasons"].update(soon=0.1), "missing or misspelt"),
        (lambda m: m["platts"].pop("kept"), "missing or misspelt"),
        (lambda m: m["platts"].pop("pooled"), "missing or misspelt"),
        (lambda m: m["experts"].pop("situation"), "missing or misspelt"),
        (lambda m: m["experts"].pop("kept"), "missing or misspelt"),
        (lambda m: m.pop("spread"), "missing or misspelt"),
        (lambda m: m["experts"]["om"].update(library="pickle"), "needs 'pickle'"),
        (lambda m: m["experts"]["om"].update(file="../../etc/passwd"), "has no passwd"),
    ],
)
def test_a_wrong_manifest_is_refused_even_with_the_right_hash(
    directory: Path, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    _forge(directory, change)
    _refused(directory, words)


def test_other_columns_than_this_version_computes_are_refused(directory: Path) -> None:
    with pytest.raises(ModelError, match="same ones in another order"):
        load_bundle(directory, COLUMNS[::-1])
    with pytest.raises(ModelError, match=r"it needs .'season_year'"):
        load_bundle(directory, COLUMNS[:-1])


def test_a_column_that_moved_to_another_owner_is_refused(directory: Path) -> None:
    moved = [replace(one, views=("om",)) if one.views == ("aero",) else one for one in COLUMNS]

    with pytest.raises(ModelError, match="trained on other columns"):
        load_bundle(directory, moved)


def test_a_gate_that_reads_a_column_that_is_not_there_is_refused(directory: Path) -> None:
    manifest, parts = json.loads((directory / MANIFEST).read_text()), load_bundle(directory).parts
    experts = {**parts.experts, "interruption": parts.interruption.expert}
    renamed = tuple(replace(one, name=one.name.replace("yellow_now", "moon")) for one in COLUMNS)

    assert parts_from_document(manifest, COLUMNS, experts).stacker.gate.terms
    with pytest.raises(ModelError, match="reads a column that is not in the bundle: 'yellow_now'"):
        parts_from_document(manifest, renamed, experts)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1, "x": NaN}'])
def test_a_broken_manifest_is_refused(directory: Path, text: str) -> None:
    (directory / MANIFEST).write_text(text)

    _refused(directory, MANIFEST.replace(".", r"\.") + "|schema")


def test_the_file_hashes_are_in_the_manifest(directory: Path) -> None:
    manifest = json.loads((directory / MANIFEST).read_text())

    for entry in manifest["experts"].values():
        blob = (directory / entry["file"]).read_bytes()
        assert hashlib.sha256(blob).hexdigest() == entry["sha256"]


def _forge(directory: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = directory / MANIFEST
    manifest = json.loads(path.read_text())
    change(manifest)
    manifest["content_hash"] = content_hash(manifest)
    path.write_text(json.dumps(manifest))


def _refused(directory: Path, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        load_bundle(directory)
