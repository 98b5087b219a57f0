"""Write, load and verify the bundle of a trained mixture: its model files and its manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from pitwall.errors import ModelError
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.columns.spec import EXPERTS, Column
from pitwall.prediction.experts import Expert, Logits, read_expert
from pitwall.prediction.gate import OUTCOMES, TERMS, Gate, Interruption, context_of
from pitwall.prediction.memory import RESIDUALS
from pitwall.prediction.mixture import ALONE, CALIBRATED, PARTS, MixtureParts
from pitwall.prediction.stacker import Platt, Spread, Stacker, ThreeLapStacker


def content_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document without its hash and its date.

    The date is left out, so that training twice on the same rows gives the same hash.
    """
    content = {k: v for k, v in document.items() if k not in {"content_hash", "trained_at"}}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_sealed(path: Path, schema: int, name: str) -> dict[str, Any]:
    """Return the document in a file after verifying its schema and hash.

    Args:
        path: The file.
        schema: The only schema that the caller reads.
        name: The file's name for error messages.

    Raises:
        ModelError: The file is missing, no JSON object, of another schema, or damaged.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"cannot read {name}: {error}"
        raise ModelError(message) from error
    if not isinstance(document, dict):
        message = f"{name} must hold an object, was {type(document).__name__}"
        raise ModelError(message)
    if document.get("schema") != schema:
        message = f"{name} has schema {document.get('schema')!r}, this version reads {schema}"
        raise ModelError(message)
    try:
        is_intact = document.get("content_hash") == content_hash(document)
    except ValueError as error:
        message = f"{name} holds a number that is not finite"
        raise ModelError(message) from error
    if not is_intact:
        message = f"{name} is damaged: its content does not match its hash"
        raise ModelError(message)
    return document


@contextmanager
def well_formed(name: str) -> Iterator[None]:
    """Raise a `ModelError` for a missing or misspelt part of a document."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"{name} has a missing or misspelt part: {error!r}"
        raise ModelError(message) from error


_PIECES: Final = 3  # unlikely, usual, likely


def parts_document(parts: MixtureParts) -> dict[str, Any]:
    """Return everything that was learned except the trees."""
    stacker, three, spread = parts.stacker, parts.three_laps, parts.spread
    return {
        "gate": {"terms": list(stacker.gate.terms), "weights": stacker.gate.weights.tolist()},
        "stacker": {
            "centres": stacker.centres.tolist(),
            "slopes": stacker.slopes.tolist(),
            "intercept": stacker.intercept,
            "offsets": stacker.offsets.tolist(),
            "residual_weights": stacker.residual_weights.tolist(),
        },
        "three_laps": {
            "slopes": three.slopes.tolist(),
            "margin_weights": three.margin_weights.tolist(),
            "intercept": three.intercept,
            "residual_weights": three.residual_weights.tolist(),
        },
        "spread": {
            "models": spread.models.tolist(),
            "covariance": spread.covariance.tolist(),
        },
        "platts": {
            name: {"slope": platt.slope, "intercept": platt.intercept}
            for name, platt in parts.platts.items()
        },
        "interruption": {
            "slope": parts.interruption.slope,
            "offsets": parts.interruption.offsets.tolist(),
        },
        "seasons": {str(year): residual for year, residual in parts.seasons.items()},
    }


def parts_from_document(
    document: Mapping[str, Any], columns: tuple[Column, ...], experts: Mapping[str, Expert]
) -> MixtureParts:
    """Return the parts of a verified manifest; a wrong shape raises ModelError or ValueError."""
    three, spread, interruption = (
        document[name] for name in ("three_laps", "spread", "interruption")
    )
    _refuse_other_answers(experts, len(columns))
    stacker = _stacker(document["stacker"], _gate(document["gate"], columns))
    terms, residuals = len(stacker.gate.terms), len(RESIDUALS)
    return MixtureParts(
        columns=columns,
        experts={name: experts[name] for name in (*PARTS, *ALONE)},
        platts={name: _platt(document["platts"][name]) for name in CALIBRATED},
        stacker=stacker,
        three_laps=ThreeLapStacker(
            _numbers(three["slopes"], _PIECES),
            _numbers(three["margin_weights"], len(PARTS)),
            float(three["intercept"]),
            _numbers(three["residual_weights"], residuals),
        ),
        spread=Spread(
            _numbers(spread["models"], 1 + terms),
            _numbers(spread["covariance"], *2 * (_PIECES + len(EXPERTS) + 1 + terms + residuals,)),
        ),
        interruption=Interruption(
            experts["interruption"],
            float(interruption["slope"]),
            _numbers(interruption["offsets"], len(OUTCOMES)),
        ),
        seasons={int(year): float(value) for year, value in document["seasons"].items()},
    )


def _platt(document: Mapping[str, Any]) -> Platt:
    return Platt(float(document["slope"]), float(document["intercept"]))


def _stacker(document: Mapping[str, Any], gate: Gate) -> Stacker:
    return Stacker(
        gate,
        _numbers(document["centres"], len(EXPERTS)),
        _numbers(document["slopes"], _PIECES),
        float(document["intercept"]),
        _numbers(document["offsets"], len(gate.terms)),
        _numbers(document["residual_weights"], len(RESIDUALS)),
    )


def _refuse_other_answers(experts: Mapping[str, Expert], width: int) -> None:
    """Refuse swapped models: those that see every column differ only in their number of answers."""
    nothing = np.full((1, width), np.nan, dtype=np.float32)
    for name, expert in experts.items():
        expected = (1, len(OUTCOMES)) if name == "interruption" else (1,)
        if expert.margins(nothing).shape != expected:
            message = f"the {name} model gives a wrong number of answers"
            raise ModelError(message)


def _gate(document: Mapping[str, Any], columns: tuple[Column, ...]) -> Gate:
    terms = tuple(document["terms"])
    unknown = sorted(set(terms) - set(TERMS))
    if unknown:
        message = f"the gate reads terms that this version does not know: {unknown}"
        raise ModelError(message)
    gate = Gate(terms, _numbers(document["weights"], 1 + len(terms), len(EXPERTS)))
    try:
        context_of(np.empty((1, len(columns)), dtype=np.float32), columns, terms)
    except KeyError as error:
        message = f"the gate reads a column that is not in the bundle: {error}"
        raise ModelError(message) from error
    return gate


def _numbers(values: object, *shape: int) -> Logits:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != shape:
        message = f"expected numbers of shape {shape}, found {array.shape}"
        raise ModelError(message)
    return array


SCHEMA: Final = 3

SHIPPED: Final = Path(__file__).with_name("models") / "mixture"

MANIFEST: Final = "manifest.json"

SCORES: Final = "scores.json"

SUFFIXES: Final[Mapping[str, str]] = {"lightgbm": ".txt", "xgboost": ".ubj"}


@dataclass(frozen=True, slots=True)
class StoredExpert:
    """An expert as it is stored in a file.

    Attributes:
        name: Such as `om`; the file's name without its suffix.
        library: `lightgbm` or `xgboost`.
        view: Which columns it sees.
        blob: The content of the file.
    """

    name: str
    library: str
    view: str
    blob: bytes

    @property
    def file(self) -> str:
        """The name of its file."""
        return self.name + SUFFIXES[self.library]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A trained mixture and the record of its training.

    Attributes:
        name: Such as `mixture`.
        knowledge: Data from outside the race: earlier seasons and the rules.
        ranges: The lowest and highest value of each column in training.
        trained_at: UTC.
        training: What it was trained on: years, races, rows, passes, seed.
        versions: The versions of the libraries that trained it.
        scores: Scores of the same recipe on unseen races; empty before it was evaluated.
        content_hash: SHA-256 of everything but the date; "" before it was written.
    """

    name: str
    parts: MixtureParts
    knowledge: Knowledge
    ranges: Mapping[str, tuple[float, float]]
    trained_at: datetime
    training: Mapping[str, Any]
    versions: Mapping[str, str]
    scores: Mapping[str, Any]
    content_hash: str = ""

    @property
    def version(self) -> str:
        """The name and the first twelve digits of the content hash."""
        return f"{self.name}-{self.content_hash[:12]}"


def column_hash(columns: Sequence[Column]) -> str:
    """Return the SHA-256 of the names and views of columns, in order."""
    text = "\n".join(f"{column.name} {' '.join(column.views)}" for column in columns)
    return hashlib.sha256(text.encode()).hexdigest()


def write_bundle(bundle: Bundle, stored: Sequence[StoredExpert], directory: Path) -> Bundle:
    """Write a bundle's files and return it as read back from them."""
    manifest: dict[str, Any] = {
        "schema": SCHEMA,
        "name": bundle.name,
        "columns": [[column.name, list(column.views)] for column in bundle.parts.columns],
        "column_hash": column_hash(bundle.parts.columns),
        "experts": {
            expert.name: {
                "file": expert.file,
                "library": expert.library,
                "view": expert.view,
                "sha256": hashlib.sha256(expert.blob).hexdigest(),
            }
            for expert in stored
        },
        **parts_document(bundle.parts),
        "knowledge": bundle.knowledge.to_document(),
        "ranges": {name: list(ends) for name, ends in bundle.ranges.items()},
        "trained_at": bundle.trained_at.isoformat(),
        "training": dict(bundle.training),
        "versions": dict(bundle.versions),
    }
    manifest["content_hash"] = content_hash(manifest)
    directory.mkdir(parents=True, exist_ok=True)
    for expert in stored:
        (directory / expert.file).write_bytes(expert.blob)
    text = json.dumps(manifest, indent=1, allow_nan=False) + "\n"
    (directory / MANIFEST).write_text(text, encoding="utf-8")
    return load_bundle(directory)


def load_bundle(directory: Path, columns: Sequence[Column] | None = None) -> Bundle:
    """Return the mixture of a bundle.

    Args:
        directory: The directory of the manifest and the model files.
        columns: The columns that this version computes, if the bundle must match them.

    Raises:
        ModelError: A file is missing, damaged, swapped, of another schema, or made for other
            columns or another order of them.
    """
    name = f"{MANIFEST} of the bundle {directory.name}"
    manifest = read_sealed(directory / MANIFEST, SCHEMA, name)
    with well_formed(name):
        return _from_manifest(manifest, directory, columns)


def _from_manifest(
    manifest: Mapping[str, Any], directory: Path, expected: Sequence[Column] | None
) -> Bundle:
    columns = tuple(Column(str(name), tuple(views)) for name, views in manifest["columns"])
    if column_hash(columns) != manifest["column_hash"]:
        message = f"{MANIFEST} of {directory.name} is damaged: its columns do not match their hash"
        raise ModelError(message)
    if expected is not None and column_hash(expected) != column_hash(columns):
        message = f"{directory.name} was trained on other columns: {_difference(columns, expected)}"
        raise ModelError(message)
    experts = {
        name: _read_verified(directory, name, entry, columns)
        for name, entry in manifest["experts"].items()
    }
    return Bundle(
        name=str(manifest["name"]),
        parts=parts_from_document(manifest, columns, experts),
        knowledge=Knowledge.from_document(manifest["knowledge"]),
        ranges={
            name: (float(low), float(high)) for name, (low, high) in manifest["ranges"].items()
        },
        trained_at=datetime.fromisoformat(manifest["trained_at"]),
        training=manifest["training"],
        versions=manifest["versions"],
        scores=_scores_beside(directory, str(manifest["content_hash"])),
        content_hash=str(manifest["content_hash"]),
    )


def write_scores(directory: Path, scores: Mapping[str, Any]) -> Bundle:
    """Write the scores of a bundle's recipe beside it, and return the bundle with them."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "model": load_bundle(directory).content_hash,
        "scores": dict(scores),
    }
    document["content_hash"] = content_hash(document)
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    (directory / SCORES).write_text(text, encoding="utf-8")
    return load_bundle(directory)


def _scores_beside(directory: Path, model: str) -> Mapping[str, Any]:
    """Return the scores if they were written for this model; else none."""
    path = directory / SCORES
    if not path.exists():
        return {}
    document = read_sealed(path, SCHEMA, f"{SCORES} of the bundle {directory.name}")
    scores: Mapping[str, Any] = document["scores"] if document.get("model") == model else {}
    return scores


def _read_verified(
    directory: Path, name: str, entry: Mapping[str, str], columns: Sequence[Column]
) -> Expert:
    path = directory / Path(entry["file"]).name  # never outside the bundle
    try:
        blob = path.read_bytes()
    except OSError as error:
        message = f"the bundle {directory.name} has no {path.name}, its {name} model: {error}"
        raise ModelError(message) from error
    if hashlib.sha256(blob).hexdigest() != entry["sha256"]:
        message = f"{path.name} of the bundle {directory.name} is damaged or was swapped"
        raise ModelError(message)
    return read_expert(entry["library"], blob, columns, entry["view"])


def _difference(columns: Sequence[Column], expected: Sequence[Column]) -> str:
    trained, computed = set(columns), set(expected)
    if trained == computed:
        return "the same ones in another order"
    missing = sorted(column.name for column in trained - computed)
    added = sorted(column.name for column in computed - trained)
    return f"it needs {missing}, this version adds {added}"
