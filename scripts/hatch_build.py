"""Put into a wheel what a checkout has beside the code, and name release and repository.

hatchling calls this while it builds; `make dist` builds the page first. A wheel carries the built
page, the migrations and Reflex's settings in `pitwall/installed`, where `pitwall.places` finds
them. A source archive carries the built page too, so that building from it needs no node either.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PAGE = Path(".web") / "build" / "client"
CARRIED = "pitwall/installed"
BESIDE = ("rxconfig.py", "alembic", PAGE.as_posix())


class Contents(BuildHookInterface):  # type: ignore[type-arg]
    """Adds to a distribution what git does not have, and what lies beside the package."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files.

        Raises:
            FileNotFoundError: The page was not built.
        """
        root = Path(self.root)
        if version == "editable":
            return
        if not (root / PAGE / "index.html").is_file():
            message = "the page is not built: run `make dist`, which builds it first"
            raise FileNotFoundError(message)
        include = build_data["force_include"]
        if self.target_name == "sdist":
            include[str(root / PAGE)] = PAGE.as_posix()
        else:
            include |= {str(root / path): f"{CARRIED}/{path}" for path in BESIDE}
        record = f"{CARRIED}/release.json"
        if not (root / record).is_file():  # a source archive has it
            include[str(self._write_release())] = record

    def _write_release(self) -> Path:
        sys.path.insert(0, self.root)
        from pitwall.release import current_release

        written = Path(self.root) / "build" / "release.json"
        written.parent.mkdir(exist_ok=True)
        written.write_text(current_release().to_json(), encoding="utf-8")
        return written


class Repository(MetadataHookInterface):
    """Names the repository that builds; none where there is no other than this folder."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the addresses of the project."""
        url = _repository(Path(self.root))
        ways = {"Source": "", "Documentation": "#readme", "Issues": "/issues"}
        ways["Changelog"] = "/blob/main/CHANGELOG.md"
        metadata["urls"] = {name: f"{url}{way}" for name, way in ways.items() if url}


def _repository(root: Path) -> str:
    """Return the address of the repository as a browser opens it; "" where none is known."""
    server, name = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    if server and name:
        return f"{server}/{name}"
    asked = ["git", "-C", str(root), "remote", "get-url", "origin"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    url = told.stdout.strip().removesuffix(".git")
    return url if url.startswith("https://") and "@" not in url else ""
