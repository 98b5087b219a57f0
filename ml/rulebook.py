"""Read the rules of all seasons from `ml/rules/*.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from pitwall.errors import ModelError
from pitwall.prediction.rules import Rules

RULES: Final = Path(__file__).with_name("rules")


def read_rules(directory: Path = RULES) -> Rules:
    """Return what the TOML files of a directory say.

    Raises:
        ModelError: A file is not TOML, lacks something, or claims another's season.
    """
    regimes = []
    for file in sorted(directory.glob("*.toml")):
        try:
            written = tomllib.loads(file.read_text(encoding="utf-8"))
            flat = {k: v for k, v in written.items() if not isinstance(v, dict)}
            regimes.append(flat | written["overtaking"] | written["energy"])
            Rules.from_document(regimes[-1:])
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            message = f"the rules {file.name} lack or misspell something: {error!r}"
            raise ModelError(message) from error
    return Rules.from_document(regimes)
