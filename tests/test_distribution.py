"""Test that what `pyproject.toml` tells of a wheel agrees with the code and the pinned lists."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
# What only an extra brings; who uses it does without, or says what to install.
OPTIONAL = {"postgres": {"asyncpg"}, "mcp": {"mcp"}, "client": {"httpx-sse", "msgspec", "polars"}}


def named(requirements: list[str]) -> dict[str, Requirement]:
    return {canonicalize_name(Requirement(text).name): Requirement(text) for text in requirements}


def pinned(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text().splitlines()
    rows = [re.match(r"([\w.-]+)(?:\[\w+\])?==([^\s;]+)", line) for line in lines]
    return {canonicalize_name(row[1]): row[2] for row in rows if row}


def imported_by(folder: str) -> set[str]:
    """Return the distributions of which the modules of a folder import something."""
    owners, found = packages_distributions(), set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            found |= {name.partition(".")[0] for name in names}
    foreign = found - set(sys.stdlib_module_names) - {"pitwall", "ml"}
    return {canonicalize_name(owner) for name in foreign for owner in owners.get(name, [name])}


def test_the_wheel_requires_all_that_its_code_imports() -> None:
    required = {*named(PROJECT["dependencies"]), *named(EXTRAS["redis"])}
    # What these bring cannot be missing: Reflex names its parts, FastAPI Pydantic and AnyIO.
    brought = {"reflex-base", "reflex-components-core", "python-socketio", "python-engineio"}
    brought |= {"pydantic", "pydantic-core", "anyio", "typing-extensions", "mcp-types"}
    optional = set().union(*OPTIONAL.values())

    imported = imported_by("pitwall")

    assert imported - required - brought - optional == set()
    assert optional <= imported
    assert {name: set(named(EXTRAS[name])) for name in OPTIONAL} == OPTIONAL


def test_the_pinned_versions_are_within_the_ranges_of_the_wheel() -> None:
    pins = pinned("requirements.txt") | pinned("requirements-dev.txt")
    ranges = named(
        [*PROJECT["dependencies"], *(line for lines in EXTRAS.values() for line in lines)]
    )
    del ranges["pitwall"]  # an extra that takes in others

    assert set(ranges) == set(pins)
    outside = {name: pins[name] for name, one in ranges.items() if pins[name] not in one.specifier}
    assert outside == {}


def test_a_range_begins_at_what_is_tested_here() -> None:
    pins = pinned("requirements.txt")
    for name, one in named(PROJECT["dependencies"]).items():
        lowest = [part.version for part in one.specifier if part.operator in {">=", "=="}]
        assert pins[name].startswith(lowest[0]), f"{name}: tested is {pins[name]}"


def test_the_extra_for_training_brings_what_training_imports() -> None:
    required = {*named(PROJECT["dependencies"]), *named(EXTRAS["train"])}

    # Drawn for the model card alone; Dask comes with its scheduler.
    assert imported_by("ml") - required - {"matplotlib", "dask", "joblib"} == set()


@pytest.mark.parametrize("extra", ["train", "postgres", "redis", "mcp", "client", "dev"])
def test_an_extra_is_there(extra: str) -> None:
    assert EXTRAS[extra]


def test_the_project_says_what_it_is() -> None:
    assert {"readme", "license", "classifiers", "description", "requires-python"} <= set(PROJECT)
    assert PROJECT["scripts"] == {"pitwall": "pitwall.__main__:main"}
    assert {"version", "urls"} == set(PROJECT["dynamic"])
