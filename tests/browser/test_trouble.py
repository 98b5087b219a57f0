"""An event that fails on the server is told in the page, with its number, and the page goes on."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser import axe
from tests.browser.conftest import Server
from tests.browser.watching import Watch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 60_000  # a busy machine


def spoil_delays(page: Page) -> None:
    """Let the page ask for a TV delay from an address that is none, as no page does."""

    def spoilt(message: str | bytes) -> str | bytes:
        if not isinstance(message, str) or "shift_delay" not in message:
            return message
        head, _, body = message.partition("[")
        name, event = json.loads(f"[{body}")
        event["router_data"]["asPath"] = "["
        return head + json.dumps([name, event])

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda message: server.send(spoilt(message)))

    page.route_web_socket("**/_event/**", connect)


def test_a_failed_event_is_told_and_the_page_goes_on(server: Server, page: Page) -> None:
    watch = Watch(page)
    spoil_delays(page)
    page.goto(server.url)
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
