"""Test the race strip in a real browser: fetched when it is opened, and never ahead of the race."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser import axe
from tests.browser.conftest import Server
from tests.browser.replays import SOON_MS, opened, server, stands_at
from tests.browser.test_live_page import PHONE, POOR_CONTRAST
from tests.browser.watching import Watch

__all__ = ["server"]  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAPS_DRAWN = """
() => Math.max(0, ...[...document.querySelectorAll(".strip-bar")]
  .map((bar) => Number(bar.title.split(" to ")[1])))
"""


def drawn(page: Page) -> None:
    expect(page.locator(".strip-plot[data-state=drawn]")).to_be_visible(timeout=SOON_MS)


def test_a_replay_draws_the_race_up_to_its_moment_and_no_further(
    server: Server, page: Page
) -> None:
    watch = Watch(page)
    opened(page, server, "?t=600&panel=race")
    drawn(page)
    before = page.evaluate(LAPS_DRAWN)
    lap = int(page.locator(".dial-lap .digits").first.text_content() or "0")
    assert before == lap - 1
    expect(page.get_by_text("Points if it ended now")).to_be_visible()

    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_function(f"lap => ({LAPS_DRAWN})() > lap", arg=before, timeout=SOON_MS)

    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    stands_at(page, 600)
    page.wait_for_function(f"lap => ({LAPS_DRAWN})() === lap", arg=before, timeout=SOON_MS)
    assert watch.complaints == []


def test_cars_are_chosen_by_keyboard_and_the_numbers_are_a_table(
    server: Server, page: Page
) -> None:
    opened(page, server, "?t=600&panel=race")
    drawn(page)
    chip = page.locator(".strip-chip[aria-pressed=false]").first
    code = (chip.text_content() or "")[:3]

    chip.focus()
    page.keyboard.press("Enter")

    expect(page.locator(".strip-car")).to_have_count(6)
    page.get_by_text("Show as a table").click()
    expect(page.get_by_role("columnheader", name=code)).to_be_visible()


def test_the_live_page_fetches_no_chart_until_the_strip_is_opened(
    server: Server, page: Page
) -> None:
    fetched: list[str] = []

    def note(request: Request) -> None:
        fetched.append(request.url)

    page.on("request", note)
    page.goto(server.url)
    expect(page.locator(".tower .line").first).to_be_visible(timeout=SOON_MS)
    page.wait_for_timeout(1_000)
    assert not [url for url in fetched if "uplot" in url.lower() or "plotly" in url.lower()]

    page.get_by_role("button", name="Race strip").click()

    page.wait_for_function(
        "() => document.querySelector('.strip-plot, .strip-panel .none')", timeout=SOON_MS
    )
    assert not [url for url in fetched if "plotly" in url.lower()]


def test_nobody_is_kept_out_of_the_strip(server: Server, page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict
    opened(page, server, "?t=600&panel=race")
    drawn(page)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.evaluate(POOR_CONTRAST) == []
    assert axe.faults(page) == []
