"""Start the real server as a process of its own, and a browser to look at it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.servers.ports import free_port

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STARTS_WITHIN_S = 180.0  # a busy machine


class Server:
    """`python -m pitwall.serve` on one port, which can be killed and started again."""

    def __init__(self, port: int, data: Path, **settings: str) -> None:
        self.port = port
        self.url = f"http://localhost:{port}"
        self.environment = os.environ | {
            "PITWALL_PORT": str(port),
            "PITWALL_HOST": "127.0.0.1",
            "PITWALL_FEED": "simulated:7",
            "PITWALL_DATA": str(data),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pitwall.serve"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            assert self._process.poll() is None, "the server ended by itself"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the server and whatever it started; return its exit code."""
        assert self._process is not None
        if how is signal.SIGTERM:
            self._process.terminate()
        else:
            os.killpg(self._process.pid, how)
        code = self._process.wait(timeout=20)
        self._process = None
        return code

    def open_account(self, email: str, password: str) -> None:
        """Open an account at the terminal, as the owner does; registering is limited."""
        subprocess.run(
            [sys.executable, "-m", "pitwall", "users", "create", email],
            cwd=ROOT,
            env=self.environment,
            input=password.encode(),
            check=True,
            capture_output=True,
        )

    def processes(self) -> list[int]:
        """Return the numbers of the server's processes."""
        assert self._process is not None
        groups = {int(each.name): _group_of(each) for each in Path("/proc").glob("[0-9]*")}
        return [number for number, group in groups.items() if group == self._process.pid]

    def _answers(self) -> bool:
        asking = HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            asking.request("GET", "/")
            return asking.getresponse().status == HTTPStatus.OK
        except OSError:
            return False
        finally:
            asking.close()


def _group_of(process: Path) -> int:
    """Return the process group; 0 of a process that has just ended."""
    try:
        stat = (process / "stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[2])


@pytest.fixture(scope="session")
def built() -> None:
    """Build the front end, if need be."""
    subprocess.run([sys.executable, "scripts/build.py"], cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def server(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("data")
    running = Server(free_port(), data, PITWALL_WEBHOOKS_ALLOW="127.0.0.0/8")
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def replay_server(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one server for every test of replays: its races take long to be kept."""
    from tests.browser.replays import replaying

    with replaying(tmp_path_factory.mktemp("replays")) as running:
        yield running


# Not for the session: Playwright keeps an event loop running in this thread, in which no
# asynchronous test of another module could run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = os.environ.get("PITWALL_CHROMIUM") or shutil.which("chromium")
        if found is None and not Path(playwright.chromium.executable_path).exists():
            _without_browser("no chromium; set PITWALL_CHROMIUM")
        running = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    tabs = browser.new_context(viewport={"width": 1440, "height": 900})
    yield tabs
    tabs.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def _without_browser(reason: str) -> NoReturn:
    if os.environ.get("PITWALL_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
