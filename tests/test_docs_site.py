"""Test that the documentation's site builds without a warning, and has what is not in `docs/`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site, strictly: a link to nowhere fails the build."""
    built = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(built)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return built


def test_every_route_is_in_the_reference(site: Path) -> None:
    from pitwall.api.app import build_api

    written = "".join(page.read_text() for page in (site / "api").glob("*.html"))

    for path, methods in build_api().openapi()["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in written


def test_pages_of_the_project_are_linked_within_the_site(site: Path) -> None:
    overview = (site / "project" / "overview.html").read_text()

    assert 'href="../ledger.html"' in overview
    assert 'src="../pictures/live.png"' in overview
    assert (site / "pictures" / "live.png").is_file()


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for line in page.read_text().splitlines():
            assert 'src="http' not in line
            assert not ("<link" in line and 'href="http' in line and "stylesheet" in line)
