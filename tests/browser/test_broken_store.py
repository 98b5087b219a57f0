"""Test that the page goes on and writing resumes after a full disk or lost database."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Server
from tests.browser.test_takeover import Tab, until
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresServer, find_binaries, running_server
from tests.servers.requirement import missing

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.alone]

# A browser's share of two busy cores; the page itself calls a picture old after as long.
GOES_ON_WITHIN_S = 5.0


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """Run a PostgreSQL that may be stopped."""
    binaries = find_binaries()
    if binaries is None:
        missing("no PostgreSQL server is installed (Debian: postgresql)")
    with running_server(binaries) as server:
        yield server


def health(server: Server) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(f"{server.url}/health", timeout=5).json()
    return answer


def is_well(server: Server) -> bool:
    answer = health(server)
    return bool(answer["status"] == "ok" and answer["store"]["status"] == "ok")


def goes_on(tab: Tab, frames: int = 12) -> None:
    had = tab.frames()
    until(lambda: tab.frames() >= had + frames)
    assert tab.longest_wait_s() < GOES_ON_WITHIN_S


def give_room(server: Server, size: int) -> None:
    """Let no file of the server's processes grow beyond a size in bytes."""
    for process in server.processes():
        _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size, hard))


def test_with_a_full_disk_the_page_goes_on_and_writing_resumes(
    built: None, tmp_path: Path, browser: Browser
) -> None:
    server = Server(free_port(), tmp_path)
    server.start()
    try:
        tab = Tab(browser, server.url)
        until(lambda: is_well(server))

        give_room(server, 4_096)
        until(lambda: health(server)["status"] == "degraded")
        goes_on(tab)
        reason = health(server)["store"]["reason"]

        give_room(server, resource.RLIM_INFINITY)
        until(lambda: is_well(server))
        goes_on(tab)
        tab.close()
    finally:
        server.stop(signal.SIGKILL)
    assert reason
    assert str(tmp_path) not in reason


def test_without_its_database_the_page_goes_on_and_writing_resumes(
    built: None, tmp_path: Path, browser: Browser, own_postgres: PostgresServer
) -> None:
    with ThreadPoolExecutor(1) as elsewhere:  # the browser's event loop runs in this thread
        url = elsewhere.submit(own_postgres.new_database).result()
    server = Server(free_port(), tmp_path, PITWALL_DATABASE_URL=url)
    server.start()
    try:
        tab = Tab(browser, server.url)
        until(lambda: is_well(server))

        own_postgres.stop()
        until(lambda: health(server)["status"] == "degraded")
        goes_on(tab)

        own_postgres.start()
        until(lambda: is_well(server))
        goes_on(tab)
        tab.close()
    finally:
        server.stop(signal.SIGKILL)
