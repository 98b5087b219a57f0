"""Test the track map in a real browser: cars on the outline, with readable labels."""

from __future__ import annotations

from itertools import combinations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.staging import stage
from tests.web.frames import make_frame

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 60_000  # a busy machine
DRAWS = """
() => new Promise((done) => {
  const field = document.querySelector(".map-drawing").mapField;
  const before = { draws: field.draws, cars: field.drawn() };
  setTimeout(() => {
    const moved = field.drawn().filter((car) => {
      const was = before.cars.find((each) => each.key === car.key);
      return was && Math.hypot(car.xy[0] - was.xy[0], car.xy[1] - was.xy[1]) > 2;
    });
    done({ draws: field.draws - before.draws, moved: moved.length });
  }, 3000);
})
"""
DRAWN = "() => document.querySelector('.map-drawing').mapField.drawn()"
INK = """
() => {
  const canvas = [...document.querySelectorAll(".map-drawing canvas")].at(-1);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, nth) => nth % 4 === 3 && value > 0).length;
}
"""
WIDE, HIGH = 27, 12  # of a label


def opened(page: Page, server: Server, *, phone: bool = False) -> Page:
    """Open the live page, on a phone its map, and wait until the circuit is drawn."""
    page.goto(server.url)
    if phone:
        page.get_by_role("radio", name="Map").check(force=True, timeout=SOON_MS)
    expect(page.locator(".map-drawing[data-ring=false]")).to_be_visible(timeout=SOON_MS)
    page.wait_for_function(f"() => ({DRAWN})().length > 0", timeout=SOON_MS)
    return page


def test_the_circuit_of_a_simulated_race_is_there_at_once_and_cars_drive_on_it(
    server: Server, page: Page
) -> None:
    opened(page, server)
    expect(page.locator(".map-words")).to_contain_text("Positions from the feed.")
    expect(page.locator(".map-words")).to_contain_text("Outline from the simulated circuit")

    # A feed says a car's place once a second; it is drawn all the way in between, but not more
    # often than it can be seen to move.
    told = page.evaluate(DRAWS)
    assert told["moved"] > 3
    assert 9 <= told["draws"] <= 100
    assert page.evaluate(INK) > 500


def test_nothing_is_drawn_while_nobody_can_see_it(server: Server, page: Page) -> None:
    opened(page, server)
    page.get_by_role("heading", name="Track map").click()
    page.wait_for_timeout(1_000)

    assert page.evaluate(DRAWS)["draws"] == 0


def test_who_wants_less_motion_sees_a_car_step_from_place_to_place(
    server: Server, page: Page
) -> None:
    page.emulate_media(reduced_motion="reduce")
    opened(page, server)

    assert 1 <= page.evaluate(DRAWS)["draws"] <= 13  # a picture in a quarter of a second at most


def test_in_forced_colours_the_cars_are_drawn_in_the_colours_of_the_system(
    server: Server, page: Page
) -> None:
    page.emulate_media(forced_colors="active")
    opened(page, server)

    field = "document.querySelector('.map-drawing').mapField"
    assert page.evaluate(f"{field}.colours.ink") == "CanvasText"
    assert page.evaluate(INK) > 500


@pytest.mark.parametrize("width", [375, 1440])
def test_letters_cover_neither_each_other_nor_the_edge(
    server: Server, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(reduced_motion="reduce")
    opened(page, server, phone=width < 900)
    page.wait_for_timeout(1_500)

    labels = [each["label"] for each in page.evaluate(DRAWN) if each["label"]]
    box = page.locator(".map-drawing").bounding_box()

    assert len(labels) >= 8
    assert box is not None
    assert all(WIDE / 2 <= x <= box["width"] - WIDE / 2 for x, _ in labels)
    assert all(HIGH / 2 <= y <= box["height"] - HIGH / 2 for _, y in labels)
    for (x, y), (other_x, other_y) in combinations(labels, 2):
        assert abs(x - other_x) >= WIDE or abs(y - other_y) >= HIGH


def test_a_race_without_positions_is_drawn_as_a_ring_and_says_so(
    server: Server, page: Page
) -> None:
    stage(page, make_frame)
    page.goto(server.url)

    expect(page.locator(".map-drawing[data-ring=true]")).to_be_visible(timeout=SOON_MS)
    expect(page.locator(".map-words")).to_contain_text("estimated from line crossings and gaps")
    page.wait_for_function(f"() => ({DRAWN})().some((car) => car.battle)", timeout=SOON_MS)
    expect(page.get_by_role("img", name="Map of the cars")).to_be_visible()


def test_the_map_can_be_folded_up(server: Server, page: Page) -> None:
    opened(page, server)

    page.get_by_role("heading", name="Track map").click()

    expect(page.locator(".map-drawing")).to_be_hidden()
    page.get_by_role("heading", name="Track map").click()
    expect(page.locator(".map-drawing")).to_be_visible()
    assert page.evaluate(DRAWS)["draws"] > 0
