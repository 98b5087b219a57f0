"""Test that a replay's track map follows the clock and chooses battles."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.replays import SOON_MS, head_of, opened, server, stands_at
from tests.browser.test_track_map import DRAWN

__all__ = ["server"]  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_car_on_the_map_chooses_its_battle(server: Server, page: Page) -> None:
    opened(page, server, "?t=600")
    page.wait_for_function(f"() => ({DRAWN})().some((car) => car.battle)", timeout=SOON_MS)
    page.wait_for_timeout(1_000)
    car = next(each for each in page.evaluate(DRAWN) if each["battle"])
    box = page.locator(".map-drawing").bounding_box()
    assert box is not None

    page.mouse.click(box["x"] + car["xy"][0], box["y"] + car["xy"][1])

    page.wait_for_function(
        f"() => ({DRAWN})().filter((car) => car.isChosen).length === 2", timeout=SOON_MS
    )
    chosen = head_of(page)["battle"]
    assert chosen in {each["battle"] for each in page.evaluate(DRAWN)}
    page.get_by_role("tab", name="Battles").click()
    expect(page.locator(f".card-slot.is-chosen[data-key='{chosen}']")).to_be_visible()


def test_the_map_follows_the_clock(server: Server, page: Page) -> None:
    opened(page, server, "?t=600")
    expect(page.locator(".map-drawing[data-ring=false]")).to_be_visible(timeout=SOON_MS)
    page.wait_for_timeout(1_500)
    before = _places_on_map(page)

    page.keyboard.press("ArrowRight")
    stands_at(page, 610)
    page.wait_for_timeout(1_500)
    assert _places_on_map(page) != before
    page.keyboard.press("ArrowLeft")
    stands_at(page, 600)
    page.wait_for_timeout(1_500)

    assert _places_on_map(page) == before


def _places_on_map(page: Page) -> dict[str, list[int]]:
    """Return where each car is drawn, by its letters."""
    return {each["code"]: [round(axis) for axis in each["xy"]] for each in page.evaluate(DRAWN)}
