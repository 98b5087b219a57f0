"""Run a real PostgreSQL server for the whole test run, with a new database for each test."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

import asyncpg

from tests.servers.ports import free_port

_LETTERS = "template1"
_STARTS_WITHIN_S = 30.0
# Speed, not safety: the machine does not lose power in a test; kill -9 loses nothing by this.
_OPTIONS = (
    "-c fsync=off -c full_page_writes=off -c listen_addresses=127.0.0.1 -c max_connections=60"
)
_names = count(1)


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server.

    Attributes:
        port: On 127.0.0.1.
        folder: Of its files.
        binaries: Where `pg_ctl` and its siblings are.
    """

    port: int
    folder: Path
    binaries: Path

    def url(self, database: str = _LETTERS) -> str:
        """Return the address of a database of this server."""
        return f"postgresql://pitwall@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Create an empty database and return its address."""
        name = f"pitwall_{os.getpid()}_{next(_names)}"
        asyncio.run(self._execute(f"CREATE DATABASE {name} TEMPLATE template0"))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        name = url.rpartition("/")[2]
        asyncio.run(self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))

    def start(self) -> None:
        """Start it, and return when it answers; children of one that was killed end first."""
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while True:
            try:
                self._control("start", "-w", "-o", f"{_OPTIONS} -p {self.port} -k {self.folder}")
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def stop(self, how: Literal["fast", "immediate", "kill"] = "immediate") -> None:
        """Stop it: orderly, at once as after a crash, or by `kill -9`."""
        if how == "kill":
            pid = int((self.folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, signal.SIGKILL)
        else:
            self._control("stop", "-m", how)

    def _control(self, *arguments: str) -> None:
        log = self.folder / "log"
        _run(self.binaries / "pg_ctl", "-D", self.folder / "data", "-l", log, *arguments)

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def find_binaries() -> Path | None:
    """Return the folder of the newest installed server; None where there is none."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4])
    )
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def running_server(binaries: Path) -> Iterator[PostgresServer]:
    """Start a server with files of its own, and remove both at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pitwall-postgres-"))
    try:
        if os.geteuid() == 0:
            os.chown(folder, *_unprivileged())
        _run(binaries / "initdb", "-D", folder / "data", "-U", "pitwall", "-A", "trust", "-N")
        server = PostgresServer(free_port(), folder, binaries)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(program: Path, *arguments: object) -> None:
    # The server refuses to run as root: there it runs as the user that its package made.
    user, group = _unprivileged() if os.geteuid() == 0 else (None, None)
    done = subprocess.run(
        [str(program), *map(str, arguments)],
        user=user,
        group=group,
        extra_groups=[] if user is not None else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        message = f"{program.name} {arguments} failed with {done.returncode}"
        raise RuntimeError(message)


def _unprivileged() -> tuple[int, int]:
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    message = "no user but root to run PostgreSQL as"
    raise RuntimeError(message)
