"""Test that the table "Where to change what" names all files, by following its examples."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KINDS = {".py", ".js", ".jsx", ".css"}
CHANGES = {
    "a new F1 topic", "a tower column", "a feature of the model", "an alert", "an export format",
    "a session kind", "an event stream", "a language", "the frame rate",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    name: str
    pattern: str
    folders: tuple[str, ...]
    files: frozenset[str]
    also: tuple[str, ...]


def changes() -> list[Change]:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text.partition("## Where to change what")[2].partition("###")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    return [_change(row) for row in rows]


def _change(row: str) -> Change:
    name, pattern, folders, files, also = re.split(r" (?<!\\)\| ", row.strip("| "))
    return Change(
        name,
        pattern.strip("` ").replace(r"\|", "|"),
        tuple(folders.strip("` ").split()),
        frozenset(_paths(files)),
        tuple(_paths(also)),
    )


def _paths(cell: str) -> list[str]:
    return re.findall(r"`((?:pitwall|assets|tests|docs)(?:/[\w./]+)?)`", cell)


def test_all_nine_changes_are_there() -> None:
    assert {change.name for change in changes()} == CHANGES


@pytest.mark.parametrize("change", changes(), ids=lambda change: change.name)
def test_the_files_of_a_change_are_those_of_its_example(change: Change) -> None:
    example = re.compile(change.pattern)
    found = {
        str(path.relative_to(ROOT))
        for folder in change.folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in KINDS and example.search(path.read_text(encoding="utf-8"))
    }

    assert found == change.files


@pytest.mark.parametrize("change", changes(), ids=lambda change: change.name)
def test_what_else_is_named_exists(change: Change) -> None:
    assert [place for place in change.also if not (ROOT / place).exists()] == []
