"""Test the stage and the list of battles in a real browser: choose, pin, favour, order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from pitwall.domain.frames import LiveFrame
from tests.browser import axe
from tests.browser.conftest import Server
from tests.browser.staging import stage
from tests.browser.test_live_page import POOR_CONTRAST, SOON_MS
from tests.web.frames import make_frame

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FRAME = make_frame(100)
KEYS = [f"{line.attacker}-{line.defender}" for line in FRAME.battles]
STAGED = "#battles .stage"


def ranked(order: list[int]) -> LiveFrame:
    """Return the frame with its battles in another order."""
    lines = [replace(line, rank=order.index(nth) + 1) for nth, line in enumerate(FRAME.battles)]
    return replace(FRAME, battles=tuple(lines))


AS_ON_TRACK = ranked(list(range(len(KEYS))))


def opened(server: Server, page: Page, frame: LiveFrame = AS_ON_TRACK) -> Page:
    stage(page, lambda _: frame)
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)
    return page


def listed(page: Page) -> list[str]:
    keys: list[str] = page.locator(".card-slot").evaluate_all("all => all.map(e => e.dataset.key)")
    return keys


def staged(page: Page) -> str | None:
    return page.locator(STAGED).get_attribute("data-battle-on-stage")


def test_the_first_battle_is_on_the_stage_with_both_drivers_by_name(
    server: Server, page: Page
) -> None:
    opened(server, page)

    assert listed(page) == KEYS
    assert staged(page) == KEYS[0]
    names = {car.number: car.name for car in FRAME.tower}
    first = FRAME.battles[0]
    for car in (first.attacker, first.defender):
        expect(page.locator(".side-name", has_text=names[car])).to_be_visible()
    expect(page.locator(".card[aria-current=true]")).to_have_count(1)


def test_four_battles_of_the_list_are_in_sight(server: Server, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    opened(server, page)

    ends = page.locator(".card").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().bottom)"
    )
    assert sum(end <= 900 for end in ends) >= 4


def test_a_click_pins_a_battle_and_a_reload_keeps_it(server: Server, page: Page) -> None:
    opened(server, page)

    page.locator(f".card-slot[data-key='{KEYS[2]}'] .card").click()
    assert staged(page) == KEYS[2]
    assert listed(page)[0] == KEYS[2]
    page.reload()
    expect(page.locator(f"{STAGED}[data-battle-on-stage='{KEYS[2]}']")).to_be_visible()
    page.get_by_role("button", name="Unpin").click()
    assert staged(page) == KEYS[0]
    assert listed(page) == KEYS


def test_a_battle_is_chosen_by_keyboard(server: Server, page: Page) -> None:
    opened(server, page)

    page.locator(".card").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    assert staged(page) == KEYS[2]
    expect(page.locator(f"[data-key='{KEYS[2]}'] .card")).to_have_attribute("aria-current", "true")
    expect(page.locator(f"[data-key='{KEYS[2]}'] .card")).to_be_focused()


def test_battles_of_a_favourite_driver_come_first_and_are_remembered(
    server: Server, page: Page
) -> None:
    opened(server, page)
    page.locator(f".card-slot[data-key='{KEYS[3]}'] .card").click()
    page.locator(".side.attacker .favour").click()
    page.get_by_role("button", name="Unpin").click()

    favourite = str(FRAME.battles[3].attacker)
    own = [key for key in KEYS if favourite in key.split("-")]
    assert listed(page) == own + [key for key in KEYS if key not in own]
    page.reload()
    expect(page.locator(".card-slot").first).to_have_attribute("data-key", own[0])
    expect(page.locator(".star").first).to_be_visible()


def test_a_pinned_battle_stays_on_the_stage_when_its_cars_change_places(
    server: Server, page: Page
) -> None:
    last = FRAME.battles[-1]
    turned = replace(last, attacker=last.defender, defender=last.attacker)
    frames = [AS_ON_TRACK, replace(AS_ON_TRACK, battles=(*AS_ON_TRACK.battles[:-1], turned))]
    shown = 0
    stage(page, lambda _: frames[shown])
    page.goto(server.url)
    page.locator(f".card-slot[data-key='{KEYS[-1]}'] .card").click()
    assert staged(page) == KEYS[-1]

    shown = 1

    turned_key = f"{last.defender}-{last.attacker}"
    expect(page.locator(f"{STAGED}[data-battle-on-stage='{turned_key}']")).to_be_visible()


def test_rows_that_change_places_fade_and_never_cover_each_other(
    server: Server, page: Page
) -> None:
    other = ranked([1, 0, *range(2, len(KEYS))])
    shown = 0
    stage(page, lambda _: (AS_ON_TRACK, other)[shown])
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)
    page.evaluate(
        """() => {
          window.seen = { covers: 0, fades: 0 };
          const animate = Element.prototype.animate;
          Element.prototype.animate = function (frames, options) {
            const known = this.matches(".card-slot") && frames.every((f) => !("transform" in f));
            if (known) window.seen.fades += 1;
            return animate.call(this, frames, options);
          };
          const look = () => {
            const boxes = [...document.querySelectorAll(".card-slot")]
              .map((e) => e.getBoundingClientRect());
            boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
              if (a.bottom > b.top + 1 && b.bottom > a.top + 1) window.seen.covers += 1;
            }));
            requestAnimationFrame(look);
          };
          look();
        }"""
    )

    shown = 1
    expect(page.locator(".card-slot").first).to_have_attribute("data-key", KEYS[1])
    page.wait_for_timeout(600)

    seen = page.evaluate("window.seen")
    assert seen["fades"] == 2
    assert seen["covers"] == 0


@pytest.mark.parametrize("width", [375, 768, 1440, 2560])
def test_stage_and_list_have_no_barriers_and_nothing_overflows(
    server: Server, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(server, page)
    more = page.get_by_role("button", name="Experts, laps, stops")
    if more.is_visible():
        more.click()

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(POOR_CONTRAST) == []
    for line in page.locator(".line").all():
        expect(line).to_have_css("opacity", "1")
    assert axe.faults(page) == []


def test_forced_colours_keep_the_gauge_and_the_choice(server: Server, page: Page) -> None:
    page.emulate_media(forced_colors="active")
    opened(server, page)

    lit = page.locator(".stage .lit").evaluate("e => getComputedStyle(e).backgroundImage")
    assert "gradient" in lit
    mark = page.locator(".card[aria-current=true]").evaluate(
        "e => getComputedStyle(e).outlineStyle"
    )
    assert mark == "solid"
    colour = "e => getComputedStyle(e).backgroundColor"
    canvas = page.locator("body").evaluate(colour)
    assert page.locator(".stage-drawing svg").evaluate(colour) == canvas
    for key in (".key-hunts", ".key-hunted", ".key-alone"):
        assert page.locator(key).evaluate(colour) != canvas, key
