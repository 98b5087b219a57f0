"""Run axe-core, which finds barriers to access in a page; it comes from npm."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import ROOT
from tests.servers.requirement import missing

VERSION = "4.14.1"
FOLDER = ROOT / ".tools" / "axe"
SCRIPT = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}


def faults(page: Page) -> list[str]:
    """Return the serious faults of the page as it stands: rule, and the first elements."""
    page.evaluate(_script())
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {[node['html'][:160] for node in fault['nodes'][:3]]}"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
    ]


@cache
def _script() -> str:
    if not SCRIPT.exists():
        _fetch()
    return SCRIPT.read_text(encoding="utf-8")


def _fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        missing("axe-core is fetched by npm, which is not installed")
    FOLDER.mkdir(parents=True, exist_ok=True)
    asked = [npm, "install", "--prefix", str(FOLDER), f"axe-core@{VERSION}", "--no-audit"]
    done = subprocess.run([*asked, "--no-fund"], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not Path(SCRIPT).exists():
        missing(f"npm could not install axe-core: {done.stderr.strip()[-300:]}")
