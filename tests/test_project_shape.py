"""Test the project's own rules, which no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pitwall.app.environment import unknown_variables
from pitwall.app.settings import Settings

ROOT = Path(__file__).parents[1]
CODE = sorted(
    path
    for folder in ("pitwall", "ml", "benchmarks", "scripts", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MAX_LINES = 500


def is_empty_marker(path: Path) -> bool:
    return path.name == "__init__.py" and not path.read_text().strip()


@pytest.mark.parametrize("module", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_says_what_it_is_for(module: Path) -> None:
    source = module.read_text()

    assert source.count("\n") <= MAX_LINES, "split it: a module is one subject"
    if not is_empty_marker(module):
        assert ast.get_docstring(ast.parse(source)), "open with one sentence: what is this for?"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`PITWALL_{name.upper()}`" in (ROOT / "README.md").read_text()


def test_every_variable_that_the_project_names_is_known() -> None:
    texts = [*CODE, *DOCUMENTS, ROOT / "Makefile", ROOT / "Dockerfile", ROOT / "docker-compose.yml"]
    own = [text for text in texts if text.name != "test_variable_names.py"]
    named = {
        name
        for text in own
        for name in re.findall(r"\bPITWALL_[A-Z0-9_]*[A-Z0-9]\b", text.read_text())
    }

    assert unknown_variables(dict.fromkeys(named, ""), Settings.model_fields) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_pictures_in_documents_exist(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text()):
        assert (document.parent / target).exists(), f"{target} is not there"


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert targets is not None

    unexplained = [
        name
        for name in targets[1].split()
        if not re.search(rf"^{name}:.*##", makefile, re.MULTILINE)
    ]
    assert unexplained == []


def test_a_class_name_means_one_thing() -> None:
    homes: dict[str, set[str]] = {}
    for path in (ROOT / "pitwall").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, set()).add(str(path.relative_to(ROOT)))

    assert {name: places for name, places in homes.items() if len(places) > 1} == {}
