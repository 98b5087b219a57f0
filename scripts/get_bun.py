"""Install bun, with which Reflex builds the front end, in `.tools`; silent when it is there.

It is installed from its npm package. Without npm this does nothing, and Reflex fetches bun itself.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

BUN = "1.4.5"
ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".tools"
BIN = TOOLS / "node_modules" / ".bin"


def bun_directory() -> Path | None:
    """Return the directory of our bun, fetching it if need be; None to let Reflex fetch one.

    Raises:
        SystemExit: npm is there, but could not install bun.
    """
    if _is_installed():
        return BIN
    npm = shutil.which("npm")
    if npm is None:
        return None
    TOOLS.mkdir(exist_ok=True)
    command = [npm, "install", "--prefix", str(TOOLS), f"bun@{BUN}", "--no-audit", "--no-fund"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not _is_installed():
        sys.exit(f"npm could not install bun {BUN}:\n{done.stderr.strip()[-800:]}")
    return BIN


def registry() -> str | None:
    """Return the npm registry that this user's npm uses; None without npm."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    command = [npm, "config", "get", "registry"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout.strip()
    return said if said.startswith("http") else None


def _is_installed() -> bool:
    manifest = TOOLS / "node_modules" / "bun" / "package.json"
    return (BIN / "bun").exists() and f'"version": "{BUN}"' in manifest.read_text(encoding="utf-8")


if __name__ == "__main__":
    bun_directory()
