"""Build the front end, unless its sources have not changed since the last build.

    python scripts/build.py [--force]

The build is for any host and port: see `pitwall/web/shared/same_origin.py`.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from get_bun import ROOT, bun_directory, registry

BUILT = ROOT / ".web" / "build"
STAMP = BUILT / "pitwall.stamp"  # Reflex empties this folder when it builds
SOURCES = (
    "pitwall/web",
    "pitwall/pitwall.py",
    "assets",
    "reflex.lock",
    "rxconfig.py",
    "requirements.txt",
)


def main() -> int:
    """Build if need be; return the exit code."""
    wanted = stamp()
    if "--force" not in sys.argv and STAMP.is_file() and STAMP.read_text() == wanted:
        return 0
    sys.stdout.write("building the front end, once ...\n")
    sys.stdout.flush()
    done = subprocess.run(
        [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"],
        cwd=ROOT,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0 or not (BUILT / "client" / "index.html").is_file():
        sys.stderr.write(f"{done.stdout[-4000:]}\nthe front end could not be built\n")
        return 1
    STAMP.write_text(stamp())  # afresh: the first build writes reflex.lock
    return 0


def stamp() -> str:
    """Return a hash of everything the build is made from, names and contents."""
    digest = hashlib.sha256(sys.version.encode())
    for path in _files():
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    for source in SOURCES:
        place = ROOT / source
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in found:
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    environment |= {"REFLEX_TELEMETRY_ENABLED": "false", "REFLEX_CHECK_LATEST_VERSION": "false"}
    # Else Reflex times two registries, one of them a mirror in another country.
    npm_registry = registry()
    if npm_registry is not None:
        environment.setdefault("NPM_CONFIG_REGISTRY", npm_registry)
    bun = bun_directory()
    if bun is not None:
        environment["PATH"] = f"{bun}{os.pathsep}{environment.get('PATH', '')}"
        environment["REFLEX_USE_SYSTEM_BUN"] = "true"
    return environment


if __name__ == "__main__":
    sys.exit(main())
