"""Read the rules of all seasons from `ml/rules/*.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from pitwall.errors import ModelError
from pitwall.prediction.rules import Rules

RULES: Final = Path(__file__).with_name("rules")


def read_rules(directory: Path = RULES) -> Rules:
    """Return the rules in the TOML files of a directory.

    Raises:
        ModelError: A file is not TOML, lacks a value, or claims a season of another file.
    """
    regimes = []
    for file in sorted(directory.glob("*.toml")):
        try:
            written = tomllib.loads(file.read_text(encoding="utf-8"))
            flat = {k: v for k, v in written.items() if not isinstance(v, dict)}
            regimes.append(flat | written["overtaking"] | written["energy"])
            Rules.from_document(regimes[-1:])
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            message = f"the rules in {file.name} are incomplete or invalid: {error!r}"
            raise ModelError(message) from error
    return Rules.from_document(regimes)
