"""Test the ledger page in a real browser, as a guest."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from tests.browser.axe import faults
from tests.browser.conftest import Server
from tests.browser.test_live_page import PHONE, POOR_CONTRAST
from tests.browser.watching import Watch
from tests.servers.ports import free_port
from tests.store.ledgers import forecasts, outcomes, write

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SOON_MS = 60_000


@pytest.fixture(scope="module")
def ledger(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that has forecast two live races before."""
    data = tmp_path_factory.mktemp("data")
    asyncio.run(_fill(data))
    running = Server(free_port(), data)
    try:
        running.start()
        yield running
    finally:
        running.stop()


SHOW_ALL = "localStorage.setItem('pitwall_spoilers', 'show')"


async def _fill(data: Path) -> None:
    database = Database(database_url(None, data))
    await migrations.upgrade(database)
    for race_id in ("2026-a-race", "2026-b-race"):
        await write(database, forecasts(race_id), outcomes(passed={0, 1, 7}))
    await database.close()


def test_a_guest_sees_how_forecasts_came_out(ledger: Server, page: Page) -> None:
    watch = Watch(page)
    page.add_init_script(SHOW_ALL)
    page.goto(f"{ledger.url}/ledger")

    expect(page.get_by_role("button", name="Made before")).to_have_attribute(
        "aria-pressed", "true", timeout=SOON_MS
    )
    expect(page.locator(".ledger-figures")).to_contain_text("120")
    expect(page.locator(".digest")).to_have_text(re.compile("^[0-9a-f]{64}$"))
    expect(page.locator(".chart[data-state=drawn]")).to_have_count(3, timeout=SOON_MS)
    page.get_by_text("Show as a table").first.click()
    expect(page.get_by_role("cell", name=re.compile("^0.0.. to "))).not_to_have_count(0)
    link = page.get_by_role("link", name="MAR behind BYR").first
    expect(link).to_have_attribute(
        "href", re.compile(r"^/replay/2026-[ab]-race\?t=2026-07-05T13:00:0.\.123Z&battle=2-1$")
    )
    assert watch.complaints == []


def test_a_race_that_runs_is_hidden_until_the_visitor_wants_to_see_it(
    ledger: Server, page: Page
) -> None:
    page.goto(f"{ledger.url}/ledger")

    expect(page.locator("#ledger-hidden")).to_contain_text("2 races left out", timeout=SOON_MS)
    expect(page.locator(".calls, .ledger-figures")).to_have_count(0)
    expect(page.get_by_role("cell", name="hidden until you have played it")).to_have_count(2)
    page.get_by_label("Spoilers").select_option("show")
    expect(page.locator(".ledger-figures")).to_contain_text("120", timeout=SOON_MS)
    expect(page.locator("#ledger-hidden")).to_have_count(0)


def test_what_was_not_made_before_is_told_apart(ledger: Server, page: Page) -> None:
    page.goto(f"{ledger.url}/ledger")
    page.get_by_role("button", name="Made afterwards").click(timeout=SOON_MS)

    expect(page.get_by_text("prove nothing")).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_text("The ledger has no such forecasts yet.")).to_be_visible()
    expect(page.locator(".ledger-figures")).to_have_count(0)


def test_the_page_fits_a_phone_and_keeps_nobody_out(ledger: Server, page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict
    page.add_init_script(SHOW_ALL)
    page.goto(f"{ledger.url}/ledger")
    expect(page.locator(".chart[data-state=drawn]")).to_have_count(3, timeout=SOON_MS)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.evaluate(POOR_CONTRAST) == []
    assert faults(page) == []


def test_the_live_page_leads_to_the_ledger(ledger: Server, page: Page) -> None:
    page.goto(ledger.url)
    page.get_by_role("link", name="Ledger").click(timeout=SOON_MS)

    expect(page.get_by_role("heading", name="Ledger", level=1)).to_be_visible(timeout=SOON_MS)
