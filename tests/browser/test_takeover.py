"""Test that open tabs go on when the leading server dies, with real servers and Redis."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page
from redis import Redis

from tests.browser.conftest import Server
from tests.servers.ports import free_port
from tests.servers.redis import RedisServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.alone]

NOTICED_S = 5.0
SOON_S = 30.0

# Notes when each frame arrives in the tab, and what the race's clock says then.
WATCH = """() => {
  const pulse = document.querySelector('#pulse')
  window.seen = []
  const note = () => window.seen.push({
    at: performance.now(), sequence: Number(pulse.dataset.sequence),
    clock: document.querySelector('.dial-clock .digits').innerText,
  })
  new MutationObserver(note).observe(pulse, {attributes: true})
  note()
}"""


class Tab:
    """One open tab and what it has seen."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._context = browser.new_context()
        self.page: Page = self._context.new_page()
        self.page.goto(url)
        self.page.locator(".card").first.wait_for(timeout=SOON_S * 1000)
        self.page.evaluate(WATCH)

    def longest_wait_s(self) -> float:
        """Return the longest time without a new frame since the tab began to watch."""
        moments: list[float] = self.page.evaluate("seen.map(s => s.at).concat(performance.now())")
        return max(later - earlier for earlier, later in pairwise(moments)) / 1000

    def went_back_s(self) -> float:
        """Return the longest step back of the race's clock, in seconds; 0 for none."""
        clocks: list[str] = self.page.evaluate("seen.map(s => s.clock)")
        seconds = [
            sum(int(part) * 60**power for power, part in enumerate(reversed(clock.split(":"))))
            for clock in clocks
            if "-" not in clock  # a page that comes to another worker shows no time for a moment
        ]
        return max([0.0, *(float(before - after) for before, after in pairwise(seconds))])

    def frames(self) -> int:
        return int(self.page.evaluate("seen.length"))

    def close(self) -> None:
        self._context.close()


class Cluster:
    """Servers around one Redis."""

    def __init__(self, redis: RedisServer, data: Path) -> None:
        self.redis = redis
        self.data = data
        self.servers: list[Server] = []

    def start(self, workers: int = 1) -> Server:
        server = Server(
            free_port(),
            self.data,
            PITWALL_REDIS_URL=self.redis.url,
            PITWALL_WORKERS=str(workers),
        )
        self.servers.append(server)
        server.start()
        return server

    def leading_process(self) -> int:
        """Return the process that holds the lease; 0 when none does."""
        with Redis.from_url(self.redis.url) as asking:
            holder = asking.get("pitwall:lease")
        return int(holder.decode().split(":")[1]) if isinstance(holder, bytes) else 0

    def newest(self) -> int:
        """Return the number of the frame that Redis holds; -1 when it holds none."""
        with Redis.from_url(self.redis.url) as asking:
            sequence = asking.hget("pitwall:live", "sequence")
        return int(sequence) if isinstance(sequence, bytes) else -1


@pytest.fixture
def cluster(built: None, redis_server: RedisServer, tmp_path: Path) -> Iterator[Cluster]:
    running = Cluster(redis_server, tmp_path)
    yield running
    for server in running.servers:
        if server.is_running:
            server.stop(signal.SIGKILL)


def until(true: Callable[[], bool], within_s: float = SOON_S) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def frame_of(server: Server) -> tuple[int, datetime]:
    body = httpx.get(f"{server.url}/live-battles", timeout=5).json()
    return body["sequence"], datetime.fromisoformat(body["as_of"])


def test_a_leader_that_was_stopped_steps_down_and_one_that_is_killed_is_followed(
    cluster: Cluster, browser: Browser
) -> None:
    leader, survivor = cluster.start(), cluster.start()
    tab = Tab(browser, survivor.url)
    first = cluster.leading_process()

    os.kill(first, signal.SIGSTOP)
    until(lambda: cluster.leading_process() not in {0, first})
    second = cluster.leading_process()
    until(lambda: tab.frames() > 8)
    os.kill(first, signal.SIGCONT)
    before = cluster.newest()
    until(lambda: cluster.newest() > before + 8)
    assert cluster.leading_process() == second
    until(lambda: frame_of(leader)[0] > before)
    assert abs((frame_of(leader)[1] - frame_of(survivor)[1]).total_seconds()) < 2
    assert tab.longest_wait_s() < NOTICED_S

    # Now the other way round: who was stopped takes over from who is killed.
    watching = Tab(browser, leader.url)
    survivor.stop(signal.SIGKILL)
    until(lambda: cluster.leading_process() == first)
    had = watching.frames()
    until(lambda: watching.frames() > had + 8)
    assert watching.longest_wait_s() < NOTICED_S
    for seen in (tab, watching):
        assert seen.went_back_s() == 0
        seen.close()


def test_when_a_worker_is_killed_the_tabs_of_its_server_go_on(
    cluster: Cluster, browser: Browser
) -> None:
    server = cluster.start(workers=2)
    until(lambda: cluster.newest() > 0)
    tabs = [Tab(browser, server.url) for _ in range(4)]  # of either worker, most likely
    killed = cluster.leading_process()

    os.kill(killed, signal.SIGKILL)
    until(lambda: cluster.leading_process() not in {0, killed})
    had = [tab.frames() for tab in tabs]
    until(lambda: all(tab.frames() > before + 8 for tab, before in zip(tabs, had, strict=True)))

    for tab in tabs:
        assert tab.longest_wait_s() < NOTICED_S
        assert tab.went_back_s() == 0
        tab.close()
