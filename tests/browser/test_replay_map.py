"""Test that a replay's track map follows the clock and chooses battles."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.replays import SOON_MS, head_of, opened, server, stands_at

__all__ = ["server"]  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_car_on_the_map_chooses_its_battle(server: Server, page: Page) -> None:
    opened(page, server, "?t=600")
    car = page.locator(".map-car[data-battle]").first
    expect(car).to_be_visible(timeout=SOON_MS)
    key = car.get_attribute("data-battle") or ""

    car.locator(".map-body").click(force=True)  # a car may cover another

    expect(page.locator(".map-car.chosen")).to_have_count(2, timeout=SOON_MS)
    chosen = head_of(page)["battle"]
    assert chosen in {key, *_keys_on_map(page)}
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


def _keys_on_map(page: Page) -> list[str]:
    keys: list[str] = page.locator(".map-car[data-battle]").evaluate_all(
        "cars => cars.map(car => car.dataset.battle)"
    )
    return keys


def _places_on_map(page: Page) -> dict[str, str]:
    """Return where each car is drawn, by its name."""
    places: dict[str, str] = page.locator(".map-car").evaluate_all(
        """cars => Object.fromEntries(
            cars.map(car => [car.textContent, car.getAttribute("transform")]))"""
    )
    return places
