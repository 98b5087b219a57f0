"""Test webhooks from the page to a receiver: added, tried, told of the race, paused and deleted."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks import Webhook as Verifier

from tests.browser.conftest import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 60_000
PASSWORD = "an engine of brass"


class Receiver:
    """A receiver on this machine that takes everything."""

    def __init__(self) -> None:
        self.got: Queue[tuple[bytes, dict[str, str]]] = Queue()
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                got.put((body, dict(self.headers)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/light"

    def events(self, secret: str) -> Iterator[dict[str, Any]]:
        """Yield what it gets, verified, for a minute."""
        until_s = time.monotonic() + 60
        while time.monotonic() < until_s:
            try:
                body, headers = self.got.get(timeout=1)
            except Empty:
                continue
            yield Verifier(secret).verify(body, headers)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    Thread(target=running.server.serve_forever, daemon=True).start()
    yield running
    running.server.shutdown()
    running.server.server_close()


def log_in(server: Server, page: Page) -> None:
    """Open an account at the terminal, another one at each try, and log in."""
    email = f"{uuid4().hex}@example.org"
    server.open_account(email, PASSWORD)
    page.goto(f"{server.url}/login?next=/account")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_a_webhook_is_added_tried_told_paused_and_deleted(
    server: Server, page: Page, receiver: Receiver
) -> None:
    log_in(server, page)
    page.get_by_text("Add a webhook").click(timeout=SOON_MS)
    page.get_by_label("Address").fill("https://10.0.0.1/")
    page.get_by_role("button", name="Add the webhook").click()
    address = page.get_by_label("Address")
    expect(address).to_have_attribute("aria-invalid", "true", timeout=SOON_MS)
    expect(page.get_by_text("does not lead to the public internet")).to_be_visible()

    address.fill(receiver.url)
    page.get_by_label("Name", exact=True).fill("Kitchen light")
    page.get_by_label("Attacks that begin").check()
    page.get_by_label("Only those given less").fill("10")
    page.get_by_label("Only real races").uncheck()
    page.get_by_role("button", name="Add the webhook").click()
    secret = page.locator("#new-secret")
    expect(secret).to_be_visible(timeout=SOON_MS)
    for want in ("Chances from 40 %", "Passes given under 10 %", "Attacks"):
        expect(page.get_by_text(want, exact=True)).to_be_visible(timeout=SOON_MS)

    page.get_by_role("button", name="Test Kitchen light").click()
    expect(page.get_by_text("The receiver has taken it.")).to_be_visible(timeout=SOON_MS)
    told = {each["type"]: each for each in _until_told(receiver, secret.input_value())}
    assert told["test"]["data"] == {"words": "A test of your webhook: it works"}
    race = next(each for kind, each in told.items() if kind != "test")
    assert race["data"]["source"] == "simulated"
    assert race["data"]["attacker"]["code"]

    page.get_by_role("button", name="Pause Kitchen light").click()
    expect(page.get_by_text("Paused since")).to_be_visible(timeout=SOON_MS)
    page.get_by_role("button", name="Delete Kitchen light").click()
    expect(page.get_by_text("You have no webhooks yet.")).to_be_visible(timeout=SOON_MS)


def _until_told(receiver: Receiver, secret: str) -> Iterator[dict[str, Any]]:
    """Yield events until one of the race came after the test."""
    kinds = set()
    for event in receiver.events(secret):
        yield event
        kinds.add(event["type"])
        if "test" in kinds and len(kinds) > 1:
            return
    pytest.fail(f"told only of {json.dumps(sorted(kinds))}")
