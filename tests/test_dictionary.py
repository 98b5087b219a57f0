"""Test that the dictionary of fields is complete, and is what its command writes today."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def command() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dictionary", ROOT / "scripts/dictionary.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def test_what_is_written_is_what_docstrings_and_schemas_say(command: ModuleType) -> None:
    text, gaps = command.dictionary()

    assert gaps == []
    assert (ROOT / "docs" / "dictionary.md").read_text(encoding="utf-8") == text, (
        "run python scripts/dictionary.py"
    )


def test_a_field_without_a_meaning_a_null_or_a_source_is_told(command: ModuleType) -> None:
    @dataclass
    class Example:
        """Any class.

        Attributes:
            told_s: All there is. Range: 0 to 2. None on Sundays. Source: the feed.
            silent_s: Seconds.
        """

        told_s: float | None
        silent_s: float | None
        bare: int

    hints = {"told_s": float | None, "silent_s": float | None, "bare": int}
    section = command._section(Example, "Example", hints)

    told = section.rows[0]
    assert (told.unit, told.range, told.null, told.source, told.meaning) == (
        "s",
        "0 to 2",
        "on Sundays",
        "the feed",
        "All there is.",
    )
    gaps = list(command._gaps(section))
    assert [gap.split(maxsplit=1)[0] for gap in gaps] == [
        "Example.silent_s",
        "Example.silent_s",
        "Example.bare",
        "Example.bare",
    ]
