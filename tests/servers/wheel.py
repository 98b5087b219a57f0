"""Install a wheel of pitwall where nothing else is, start it, and look at what it shows.

    python -m tests.servers.wheel dist/pitwall-*.whl

The wheel and its dependencies go into a fresh environment. Then `pitwall` runs with no program on
its path, in an empty folder, with a home of its own, and has to show a battle. Files that it
writes outside of its data folder are a failure. What took how long is printed.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

STARTS_WITHIN_S = 180.0  # a busy machine
OFTEN_S = 0.1


class Installed:
    """A wheel in an environment of its own, and the folders of somebody who runs it.

    Args:
        folder: An empty folder for all of it.
    """

    def __init__(self, folder: Path) -> None:
        self.environment = folder / "environment"
        self.home = folder / "home"
        self.here = folder / "here"
        self.data = self.home / ".local" / "share" / "pitwall"
        for each in (self.home, self.here):
            each.mkdir()

    def install(self, wheel: Path, borrowed: str = "") -> None:
        """Install the wheel.

        Args:
            wheel: The file.
            borrowed: A folder of packages to use in place of installing its dependencies.

        Raises:
            CalledProcessError: It cannot be installed.
        """
        subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", self.environment], check=True
        )
        python = self.environment / "bin" / "python"
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
        alone = ["--no-deps", "--no-index"] if borrowed else ["--no-cache-dir"]
        subprocess.run([*pip, "install", "-q", *alone, wheel], check=True)
        if borrowed:
            [packages] = self.environment.glob("lib/python*/site-packages")
            (packages / "borrowed.pth").write_text(f"{borrowed}\n")

    def command(self, *words: str) -> list[str]:
        """Return the words that run `pitwall`."""
        return [str(self.environment / "bin" / "pitwall"), *words]

    def variables(self, **settings: str) -> dict[str, str]:
        """Return an environment with a home and no program on the path."""
        return {"HOME": str(self.home), "PATH": "", **settings}

    def say(self, *words: str) -> str:
        """Return what a command prints."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.here,
            env=self.variables(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def strays(self) -> list[Path]:
        """Return the files that were written outside of the data folder."""
        found = [*self.here.rglob("*"), *self.home.rglob("*")]
        return [path for path in found if path.is_file() and self.data not in path.parents]


class Running:
    """`pitwall` of a wheel, on a port of its own; a context manager.

    Args:
        installed: The wheel.
        port: Where it listens.
        settings: Further variables of its environment.
    """

    def __init__(self, installed: Installed, port: int, **settings: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._installed = installed
        self._variables = installed.variables(PITWALL_PORT=str(port), **settings)
        self._log = installed.environment / "server.log"

    def __enter__(self) -> Running:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._installed.command(),
                cwd=self._installed.here,
                env=self._variables,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def get(self, path: str) -> bytes:
        """Return what is at an address of the server."""
        with urlopen(self.url + path, timeout=10) as answer:  # noqa: S310  our own http
            body: bytes = answer.read()
        return body

    def first_battles(self) -> list[dict[str, Any]]:
        """Return the battles of `/live-battles`, once there is one.

        Raises:
            RuntimeError: The server ended, or showed no battle in time.
        """
        ends_s = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < ends_s and self._process.poll() is None:
            try:
                battles: list[dict[str, Any]] = json.loads(self.get("/live-battles"))["battles"]
            except (OSError, ValueError):
                battles = []
            if battles:
                return battles
            time.sleep(OFTEN_S)
        raise RuntimeError(f"no battle was shown:\n{self._log.read_text()[-4000:]}")


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def main() -> int:
    """Try the wheel that is named; return the exit code."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        sys.stderr.write("name one wheel, such as dist/pitwall-0.1.0-py3-none-any.whl\n")
        return 2
    wheel = Path(sys.argv[1]).resolve()
    with TemporaryDirectory(prefix="pitwall-wheel-") as folder:
        installed = Installed(Path(folder))
        began_s = time.monotonic()
        installed.install(wheel)
        installed_s = time.monotonic() - began_s
        version = installed.say("--version").split()[-1]
        began_s = time.monotonic()
        with Running(installed, free_port(), PITWALL_FEED="simulated:7") as server:
            battles = server.first_battles()
            shown_s = time.monotonic() - began_s
            health = json.loads(server.get("/health"))
            page = server.get("/").decode()
        failures = [
            why
            for why, is_so in {
                "the page is not pitwall's": "Pitwall" not in page,
                "/health names another version": health["build"]["version"] != version,
                "a battle has no forecast": all(one["p_overtake"] is None for one in battles),
                f"files were left: {installed.strays()}": bool(installed.strays()),
            }.items()
            if is_so
        ]
    sys.stdout.write(
        f"pitwall {version}: installed in {installed_s:.0f} s, first of {len(battles)} battles "
        f"{shown_s:.0f} s after the start ({os.cpu_count()} cores)\n"
    )
    for why in failures:
        sys.stderr.write(f"{why}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
