"""Test that a release is named by its tag, and found where it was built or checked out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pitwall.app.settings import load
from pitwall.places import BESIDE, IS_CHECKOUT, data_folder
from pitwall.release import Release
from tests.servers.requirement import missing

ROOT = Path(__file__).parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a repository of its own with the module that tells releases."""
    if shutil.which("git") is None:
        missing("git is not installed")
    (tmp_path / "pitwall").mkdir()
    for name in ("__init__.py", "release.py"):
        shutil.copy(ROOT / "pitwall" / name, tmp_path / "pitwall" / name)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        [shutil.which("git") or "git", "-C", folder, *who, *words],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def told(folder: Path, **variables: str) -> tuple[str, str]:
    ask = (
        "import pitwall; from pitwall.release import current_release; "
        "print(pitwall.__version__, current_release().revision)"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=folder,
        env=os.environ | variables,
        check=True,
        capture_output=True,
        text=True,
    )
    version, revision = done.stdout.split()
    return version, revision


def test_a_checkout_is_named_by_its_newest_tag_and_the_commits_since(checkout: Path) -> None:
    revision = git(checkout, "rev-parse", "--short=12", "HEAD")
    assert told(checkout) == (f"0.1.0+g{revision}", revision)

    git(checkout, "tag", "v0.3.0")
    git(checkout, "tag", "nightly")  # no version
    assert told(checkout) == ("0.3.0", revision)

    git(checkout, "commit", "--allow-empty", "-qm", "two")
    revision = git(checkout, "rev-parse", "--short=12", "HEAD")
    assert told(checkout) == (f"0.3.0.post1+g{revision}", revision)


def test_without_git_or_a_repository_it_is_the_version_in_the_code(checkout: Path) -> None:
    assert told(checkout, PATH="") == ("0.1.0", "None")
    shutil.rmtree(checkout / ".git")
    assert told(checkout) == ("0.1.0", "None")


def test_a_wheel_carries_its_release_and_asks_no_repository_around_it(checkout: Path) -> None:
    carried = Release("0.4.0", "0123456789ab")
    (checkout / "pitwall" / "installed").mkdir()
    (checkout / "pitwall" / "installed" / "release.json").write_text(carried.to_json())

    assert told(checkout) == ("0.4.0", "0123456789ab")
    assert json.loads(carried.to_json()) == {"version": "0.4.0", "revision": "0123456789ab"}


def test_a_checkout_keeps_its_data_where_it_lies_from_wherever_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PITWALL_DATA", raising=False)
    monkeypatch.chdir(tmp_path)

    assert IS_CHECKOUT
    assert load().data == data_folder() == BESIDE / "data" == ROOT / "data"
