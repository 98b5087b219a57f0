"""JSON documents that carry a hash of their own content, and what is refused of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pitwall.errors import ModelError


def content_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of everything in a document but its hash and its date.

    The date is left out, so that training twice on the same rows gives the same hash.
    """
    content = {k: v for k, v in document.items() if k not in {"content_hash", "trained_at"}}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_sealed(path: Path, schema: int, name: str) -> dict[str, Any]:
    """Return the document of a file, its schema and hash verified.

    Args:
        path: The file.
        schema: The only schema that the caller reads.
        name: What people call the file, for the error.

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
    """Turn what a lacking or misspelt part of a document raises into a `ModelError`."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"{name} lacks or misspells something: {error!r}"
        raise ModelError(message) from error
