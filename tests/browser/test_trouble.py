"""Test that a failed event is reported in the page, and that the page goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import Server
from tests.browser.watching import Watch
from tests.servers.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 60_000  # a busy machine


# Read by Python when a process of the server starts.
SPOILT = """
import sys, threading, time

def spoil():
    while not hasattr(sys.modules.get("pitwall.web.live.state"), "_OwnRows"):
        time.sleep(0.05)
    live = sys.modules["pitwall.web.live.state"]
    whole = live.parse_delay

    def parse_delay(typed):
        if typed == 5:
            raise RuntimeError("spoilt by a test")
        return whole(typed)

    live.parse_delay = parse_delay

threading.Thread(target=spoil, daemon=True).start()
"""


@pytest.fixture
def spoilt(built: None, tmp_path: Path) -> Iterator[Server]:
    """Run a server on which a TV delay of five seconds fails."""
    (tmp_path / "sitecustomize.py").write_text(SPOILT)
    running = Server(free_port(), tmp_path, PYTHONPATH=str(tmp_path))
    running.start()
    yield running
    running.stop()


def test_a_failed_event_is_told_and_the_page_goes_on(spoilt: Server, page: Page) -> None:
    watch = Watch(page)
    page.goto(spoilt.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)

    page.get_by_label("More delay, 5 seconds").click()

    box = page.get_by_role("alert").filter(has_text="That did not work")
    expect(box).to_be_visible(timeout=SOON_MS)
    expect(box.locator("code")).to_have_text(re.compile("^[0-9a-f]{8}$"))
    assert axe.faults(page) == []
    before = page.locator(".tower tbody").text_content()
    expect(page.locator(".tower tbody")).not_to_have_text(before or "", timeout=SOON_MS)
    box.get_by_role("button", name="Close").click()
    expect(box).to_be_hidden(timeout=SOON_MS)
    assert watch.complaints == []
