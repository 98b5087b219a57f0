"""Run a real Redis server for tests, which can be killed, paused and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType

from redis import Redis
from redis.exceptions import RedisError

from tests.servers.ports import free_port
from tests.servers.requirement import missing

STARTS_WITHIN_S = 10.0


class RedisServer:
    """`redis-server` on a free port of this machine, without a disk; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no"}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self._process = subprocess.Popen(
            [_program(), *words, "--dir", str(self._folder)], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + STARTS_WITHIN_S
        with Redis.from_url(self.url) as asking:
            while True:
                try:
                    asking.ping()
                except RedisError:
                    assert self._process.poll() is None, "redis-server ended by itself"
                    assert time.monotonic() < deadline, "redis-server does not answer"
                    time.sleep(0.02)
                else:
                    return

    def kill(self) -> None:
        """End it at once, as a crash would; no effect when it is not running."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(timeout=10)
            self._process = None

    def pause(self) -> None:
        """Let it accept connections and answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it answer again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def empty(self) -> None:
        """Forget every key."""
        with Redis.from_url(self.url) as asking:
            asking.flushall()


def _program() -> str:
    found = os.environ.get("PITWALL_REDIS_SERVER") or shutil.which("redis-server")
    if found is None:
        missing("no redis-server is installed (Debian: redis-server)")
    return found
