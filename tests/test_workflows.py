"""Test GitHub's workflows and the citation file by their schemas: nothing here can run them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.servers.requirement import missing

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RELEASE: dict[str, Any] = YAML(typ="safe").load(ROOT / ".github" / "workflows" / "release.yml")


def steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = job["steps"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("custom.github-workflows-require-timeout", WORKFLOWS),
        ("vendor.citation-file-format", [ROOT / "CITATION.cff"]),
    ],
)
def test_files_are_what_their_schema_allows(schema: str, files: list[Path]) -> None:
    found = shutil.which("check-jsonschema", path=str(Path(sys.executable).parent))
    tool = found or missing("check-jsonschema is not installed")

    command = [tool, "--builtin-schema", schema, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_release_and_no_job_may_write_by_default(
    workflow: Path,
) -> None:
    used = re.findall(r"uses: (\S+)", workflow.read_text())

    assert used
    assert [name for name in used if not re.fullmatch(r"[\w./-]+@v\d+\.\d+\.\d+", name)] == []
    assert YAML(typ="safe").load(workflow)["permissions"] == {"contents": "read"}


def test_a_release_is_built_and_tried_before_anything_is_published() -> None:
    jobs = RELEASE["jobs"]

    assert any(step.get("run") == "make dist-check" for step in steps(jobs["build"]))
    assert jobs["smoke"]["needs"] == "build"
    publishing = {
        name for name, job in jobs.items() if "write" in job.get("permissions", {}).values()
    }
    assert publishing == {"index", "image"}
    assert {jobs[name]["needs"] for name in publishing} == {"smoke"}


def test_the_same_files_are_tried_and_published() -> None:
    taken = [
        step["with"]["name"]
        for job in ("smoke", "index")
        for step in steps(RELEASE["jobs"][job])
        if "download-artifact" in step.get("uses", "")
    ]

    assert taken == ["dist", "dist"]
    assert not any("run" in step for step in steps(RELEASE["jobs"]["index"]))


def test_what_a_workflow_runs_is_there() -> None:
    told = "\n".join(path.read_text() for path in WORKFLOWS)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert set(re.findall(r"run: make ([a-z-]+)", told)) <= set(targets)
    for path in re.findall(r"run: (?:python )?(\.?[a-z]+/[\w/.]+)", told):
        assert (ROOT / path).is_file(), path
