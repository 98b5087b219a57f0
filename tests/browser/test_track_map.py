"""Test the track map in a real browser: cars on the outline, with readable labels."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.staging import stage
from tests.web.frames import make_frame

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 60_000  # a busy machine
MOVES = """
() => new Promise((done) => {
  let count = 0;
  const car = document.querySelector(".map-car");
  new MutationObserver((changes) => { count += changes.length; })
    .observe(car, { attributes: true, attributeFilter: ["transform"] });
  setTimeout(() => done(count), 3000);
})
"""
LETTERS = """
() => [...document.querySelectorAll(".map-code:not([visibility=hidden])")].map((letters) => {
  const { left, right, top, bottom } = letters.getBoundingClientRect();
  return { left, right, top, bottom, code: letters.textContent };
})
"""


def opened(page: Page, server: Server) -> Page:
    """Open the live page and wait until the circuit is drawn from positions."""
    page.goto(server.url)
    expect(page.locator(".map-drawing[data-ring=false]")).to_be_visible(timeout=SOON_MS)
    expect(page.locator(".map-car").first).to_be_visible(timeout=SOON_MS)
    return page


def test_cars_drive_on_the_outline(server: Server, page: Page) -> None:
    opened(page, server)
    expect(page.locator(".map-words")).to_contain_text("Positions from the feed.")
    expect(page.locator(".map-words")).to_contain_text("Outline from the positions of")

    # A feed says a car's place once a second; it is drawn all the way in between.
    assert page.evaluate(MOVES) > 20


def test_who_wants_less_motion_sees_a_car_step_from_place_to_place(
    server: Server, page: Page
) -> None:
    page.emulate_media(reduced_motion="reduce")
    opened(page, server)

    assert 1 <= page.evaluate(MOVES) <= 13  # a picture in a quarter of a second at most


@pytest.mark.parametrize("width", [375, 1440])
def test_letters_cover_neither_each_other_nor_the_edge(
    server: Server, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(reduced_motion="reduce")
    opened(page, server)
    page.wait_for_timeout(1_500)

    drawn: list[dict[str, Any]] = page.evaluate(LETTERS)

    assert len(drawn) >= 3
    assert all(each["left"] >= 0 and each["right"] <= width for each in drawn)
    for one, other in combinations(drawn, 2):
        apart = (
            one["right"] <= other["left"] + 2
            or other["right"] <= one["left"] + 2
            or one["bottom"] <= other["top"] + 4
            or other["bottom"] <= one["top"] + 4
        )
        assert apart, (one, other)


def test_a_race_without_positions_is_drawn_as_a_ring_and_says_so(
    server: Server, page: Page
) -> None:
    stage(page, make_frame)
    page.goto(server.url)

    expect(page.locator(".map-drawing[data-ring=true]")).to_be_visible(timeout=SOON_MS)
    expect(page.locator(".map-words")).to_contain_text("estimated from line crossings and gaps")
    expect(page.locator(".map-car.hunts")).not_to_have_count(0)
    expect(page.get_by_role("img", name="Map of the cars")).to_be_visible()


def test_the_map_can_be_folded_up(server: Server, page: Page) -> None:
    opened(page, server)

    page.get_by_role("heading", name="Track map").click()

    expect(page.locator(".map-drawing")).to_be_hidden()
    page.get_by_role("heading", name="Track map").click()
    expect(page.locator(".map-car").first).to_be_visible()
