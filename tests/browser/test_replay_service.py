"""Test that charts, controls and picture of a replay are visible together."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server
from tests.browser.replays import SOON_MS, head_of, log_in, opened, server, stands_at

__all__ = ["server"]  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DESK, LOW = {"width": 1440, "height": 900}, {"width": 1440, "height": 500}


def top(element: Locator) -> float:
    """Return how far below the top of the window an element begins, in pixels."""
    return float(element.evaluate("element => element.getBoundingClientRect().top"))


def opened_in(page: Page, server: Server, window: dict[str, int]) -> None:
    """Open the replay at its fifth minute in a window of a size."""
    page.set_viewport_size(window)  # type: ignore[arg-type]  # a TypedDict
    opened(page, server, "?t=300")
    stands_at(page, 300)


def comes_into_view(page: Page, selector: str) -> None:
    """Wait until an element lies below the controls, in the upper half of the window."""
    page.wait_for_function(
        """selector => {
          const top = document.querySelector(selector).getBoundingClientRect().top
          return top >= document.getElementById('deck').offsetHeight && top < innerHeight / 2
        }""",
        arg=selector,
        timeout=SOON_MS,
    )


def test_the_charts_of_a_battle_far_down_come_to_the_eye_and_can_be_closed(
    server: Server, page: Page
) -> None:
    opened_in(page, server, DESK)
    card = page.locator(".card-slot").last
    battle = card.get_attribute("data-key")
    card.scroll_into_view_if_needed()
    expect(page.locator("#battle-details")).to_have_count(0)  # in a tab that is not open

    card.click()
    expect(page.locator("#close-details")).to_be_visible(timeout=SOON_MS)

    # Tower, charts and map beside one another, none of them behind the controls.
    for panel in ("#details-title", ".tower-panel", ".map-panel"):
        comes_into_view(page, panel)
    assert head_of(page)["battle"] == battle
    assert top(page.locator("#deck")) == 0
    page.locator("#close-details").click()
    expect(page.locator("#replay-head")).to_have_attribute("data-battle", "", timeout=SOON_MS)
    expect(page.locator("#tab-battles")).to_be_focused()
    expect(page.locator("#battle-details")).to_have_count(0)


def test_escape_closes_the_charts_and_nothing_else(server: Server, page: Page) -> None:
    opened_in(page, server, DESK)
    page.locator(".card-slot").first.click()
    expect(page.locator("#close-details")).to_be_visible(timeout=SOON_MS)

    page.keyboard.press("?")
    page.keyboard.press("Escape")  # the list of keys alone
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(page.locator("#close-details")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#close-details")).to_have_count(0, timeout=SOON_MS)
    assert head_of(page)["battle"] == ""


def test_a_low_window_keeps_its_room_for_the_picture(server: Server, page: Page) -> None:
    opened_in(page, server, LOW)

    page.locator(".card-slot").last.scroll_into_view_if_needed()

    assert top(page.locator("#deck")) < -100


def test_a_race_that_is_not_there_is_said_not_to_be_and_nothing_is_awaited(
    server: Server, page: Page
) -> None:
    page.goto(f"{server.url}/login?next=/replay/2019-no-such-race")
    log_in(page)

    expect(page.get_by_role("alert").get_by_text("This race cannot be shown")).to_be_visible(
        timeout=SOON_MS
    )
    expect(page.locator("h1")).to_have_text("This race cannot be shown")
    page.wait_for_timeout(11_000)  # longer than the watchdog's patience
    words = page.locator("body").inner_text()
    assert "on its way" not in words
    expect(page.locator("#link")).to_be_hidden()
