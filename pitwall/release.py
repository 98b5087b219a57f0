"""Tell which release this is.

The version is that of the newest git tag. A wheel, where there is no git, carries it in a file,
which `hatch_build.py` writes by means of this module; it therefore imports nothing of pitwall.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final

UNTAGGED: Final = "0.1.0"
"""The version where no tag says otherwise."""

RECORD: Final = Path(__file__).resolve().parent / "installed" / "release.json"
"""The file in which a wheel or a source archive carries its release."""

_ROOT = Path(__file__).resolve().parents[1]
_DESCRIBED = re.compile(
    r"(?:v(?P<version>[0-9][0-9a-z.]*)-(?P<commits>[0-9]+)-g)?(?P<rev>[0-9a-f]+)"
)


@dataclass(frozen=True, slots=True)
class Release:
    """What runs.

    Attributes:
        version: As PEP 440 has it. Without a tag on the very commit it names the revision.
        revision: The commit; None where neither git nor a build tells it.
    """

    version: str
    revision: str | None

    def to_json(self) -> str:
        """Return the release as `RECORD` holds it."""
        return json.dumps(asdict(self))


@cache
def current_release() -> Release:
    """Return the release of this code."""
    if RECORD.is_file():
        return Release(**json.loads(RECORD.read_text(encoding="utf-8")))
    return described(_git_describe() if (_ROOT / ".git").exists() else "")


def described(text: str) -> Release:
    """Return the release that `git describe --tags --long --always` names.

    >>> described("v0.2.0-0-g2d6796e"), described("v0.2.0-3-g2d6796e").version
    (Release(version='0.2.0', revision='2d6796e'), '0.2.0.post3+g2d6796e')
    >>> described("2d6796e").version, described("")
    ('0.1.0+g2d6796e', Release(version='0.1.0', revision=None))
    """
    found = _DESCRIBED.fullmatch(text)
    if found is None:
        return Release(UNTAGGED, None)
    version, commits, revision = found["version"], found["commits"], found["rev"]
    if version is None:
        return Release(f"{UNTAGGED}+g{revision}", revision)
    if commits == "0":
        return Release(version, revision)
    return Release(f"{version}.post{commits}+g{revision}", revision)


def _git_describe() -> str:
    """Return what git says of the checkout; "" where it says nothing."""
    words = ["describe", "--tags", "--long", "--always", "--abbrev=12", "--match", "v[0-9]*"]
    try:
        completed = subprocess.run(
            ["git", *words],  # noqa: S607  git where the user has it
            cwd=_ROOT,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return completed.stdout.strip()
