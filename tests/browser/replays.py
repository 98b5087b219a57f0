"""Serve the stored beginning of a race to be replayed, and log in to replay it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pitwall.domain.sessions import Source
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.recording.import_race import import_race
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_writer import SqlRaceWriter
from tests.browser.conftest import Server
from tests.servers.ports import free_port
from tests.short_feeds import Short
from tests.store.races import PREDICTOR

SOON_MS = 60_000  # a busy machine
EMAIL, PASSWORD = "mary@example.org", "a race kept for later"
RECORDED = "2026-simulated-grand-prix-of-sierra-alta-race"
SIMULATED = f"{RECORDED}-7"


async def keep(data: Path) -> None:
    """Keep the beginning of one race twice: as a recording, and as what it is."""
    database = Database(database_url(None, data))
    await migrations.upgrade(database)
    for source in (None, Source.RECORDED):
        feed = Short(SimulatedFeed(7), 6_500, source)
        await import_race(feed, SqlRaceWriter(database), PREDICTOR)
    await database.close()


@contextmanager
def replaying(data: Path) -> Iterator[Server]:
    """Run a server that shows another race than those that it keeps."""
    with ThreadPoolExecutor(1) as elsewhere:  # Playwright may have a loop in this thread
        elsewhere.submit(asyncio.run, keep(data)).result()
    running = Server(free_port(), data, PITWALL_FEED="simulated:8")
    running.open_account(EMAIL, PASSWORD)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def server(replay_server: Server) -> Server:
    """Give the server of every replay in the place of the live page's."""
    return replay_server


def log_in(page: Page) -> None:
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def head_of(page: Page) -> dict[str, Any]:
    told: dict[str, Any] = page.locator("#replay-head").evaluate("head => ({...head.dataset})")
    return told


def opened(page: Page, server: Server, more: str = "") -> Page:
    """Open the simulated race, which guests may replay, and wait for its picture."""
    page.goto(f"{server.url}/replay/{SIMULATED}{more}")
    expect(page.locator(".tower .line").first).to_be_visible(timeout=SOON_MS)
    return page


def stands_at(page: Page, seconds: float) -> None:
    page.wait_for_function(
        "at => Math.abs(Number(document.querySelector('#replay-head')?.dataset.atS) - at) < 0.2",
        arg=seconds,
        timeout=SOON_MS,
    )


def at_s(page: Page) -> float:
    return float(head_of(page)["atS"])
