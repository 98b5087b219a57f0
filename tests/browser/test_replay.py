"""Test races and replays in a real browser: links, clock, timeline and keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import Server
from tests.browser.replays import (
    RECORDED,
    SIMULATED,
    SOON_MS,
    at_s,
    head_of,
    log_in,
    opened,
    server,
    stands_at,
)
from tests.browser.test_live_page import PHONE, POOR_CONTRAST
from tests.browser.watching import Watch

__all__ = ["server"]  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_guest_finds_simulated_races_and_replays_one(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/races")
    line = page.locator(f"[data-race='{SIMULATED}']")
    expect(line).to_be_visible(timeout=SOON_MS)
    expect(page.locator(f"[data-race='{RECORDED}']")).to_have_count(0)
    expect(page.get_by_text("As a guest you can replay simulated races.")).to_be_visible()

    line.get_by_role("link").click()

    expect(page.locator(".tower .line").first).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_text("Simulated race", exact=True)).to_be_visible()


def test_a_link_to_a_moment_brings_a_guest_back_after_log_in(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/replay/{RECORDED}?t=600&battle=4-81")
    page.wait_for_url("**/login?next=**", timeout=SOON_MS)

    log_in(page)

    page.wait_for_url(f"**/replay/{RECORDED}**", timeout=SOON_MS)
    stands_at(page, 600)
    expect(page.get_by_text("Recorded race", exact=True)).to_be_visible()
    page.goto(f"{server.url}/races")
    expect(page.locator(f"[data-race='{RECORDED}']")).to_be_visible(timeout=SOON_MS)


def test_a_race_that_is_not_kept_is_said_to_be_none(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/login?next=/replay/1950-no-such-race")
    log_in(page)

    expect(page.get_by_role("alert").filter(has_text="cannot be shown")).to_be_visible(
        timeout=SOON_MS
    )


def test_it_plays_at_any_speed_and_pauses(server: Server, page: Page) -> None:
    opened(page, server, "?t=500")
    stands_at(page, 500)

    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("() => Number(document.querySelector('#replay-head').dataset.atS) > 501")
    page.get_by_label("Speed").select_option("60")
    page.wait_for_function("() => Number(document.querySelector('#replay-head').dataset.atS) > 530")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()

    paused = at_s(page)
    page.wait_for_timeout(1_000)
    assert at_s(page) == paused


def test_keys_do_what_their_list_says(server: Server, page: Page) -> None:
    opened(page, server, "?t=500")
    stands_at(page, 500)

    page.keyboard.press("ArrowRight")
    stands_at(page, 510)
    page.keyboard.press("Shift+ArrowLeft")
    stands_at(page, 450)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    before = at_s(page)
    page.keyboard.press("]")
    page.wait_for_function(
        "at => Number(document.querySelector('#replay-head').dataset.atS) > at + 1", arg=before
    )
    page.keyboard.press("/")
    expect(page.locator("#go-to")).to_be_focused()
    page.keyboard.type("lap 3")
    page.keyboard.press("Enter")
    expect(page.locator(".dial-lap .digits").first).to_have_text("3", timeout=SOON_MS)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_the_timeline_is_dragged_and_the_address_follows(server: Server, page: Page) -> None:
    opened(page, server, "?t=300")
    stands_at(page, 300)
    place = page.locator("#scrub").bounding_box()
    assert place is not None
    y = place["y"] + place["height"] / 2

    page.mouse.move(place["x"] + place["width"] * 0.3, y)
    page.mouse.down()
    for step in range(12):
        page.mouse.move(place["x"] + place["width"] * (0.3 + step / 30), y)
        page.wait_for_timeout(40)
    page.mouse.up()

    wanted = float(page.locator("#scrub").input_value())
    assert wanted > 300
    stands_at(page, wanted)
    page.wait_for_function("() => new URL(location).searchParams.get('t') !== '300'")
    page.wait_for_timeout(1_200)
    page.reload()
    stands_at(page, wanted)

    # The last of some quick steps is the one that the address tells, though nothing moves after it.
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    stands_at(page, wanted - 80)
    page.wait_for_function(
        "() => new URL(location).searchParams.get('t')"
        " === document.querySelector('#replay-head').dataset.at",
        timeout=SOON_MS,
    )


def test_a_battle_is_chosen_and_marked(server: Server, page: Page) -> None:
    opened(page, server, "?t=600")
    card = page.locator(".card-slot").first
    expect(card).to_be_visible(timeout=SOON_MS)

    key = card.get_attribute("data-key")

    card.click()

    # Its charts are shown, and its card is marked among the others.
    expect(page.get_by_role("tab", name="Forecast")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#battle")).to_have_value(key or "")
    assert head_of(page)["battle"] == key
    page.get_by_role("tab", name="Battles").click()
    expect(page.locator(f".card-slot.is-chosen[data-key='{key}']")).to_be_visible()

    page.keyboard.press("Escape")
    expect(page.locator("#battle")).to_have_value("")
    expect(page.locator(".card-slot.is-chosen")).to_have_count(0)


def test_tabs_are_chosen_by_keys_and_kept_in_the_address(server: Server, page: Page) -> None:
    opened(page, server, "?t=500")
    stands_at(page, 500)
    tabs = page.get_by_role("tab")

    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    expect(page.locator(".card-slot")).to_have_count(0)
    assert at_s(page) == 500.0  # the same keys move a replay elsewhere

    page.reload()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible(timeout=SOON_MS)
    stands_at(page, 500)
    page.keyboard.press("1")
    expect(page.locator(".battles")).to_be_visible()
    assert "panel=" not in page.url


@pytest.mark.parametrize(("width", "height", "most"), [(1440, 900, 300), (375, 812, 420)])
def test_header_controls_and_timeline_leave_room_for_the_race(
    server: Server, page: Page, width: int, height: int, most: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    opened(page, server, "?t=600")

    assert page.locator("#live").evaluate("main => main.getBoundingClientRect().top") <= most
    # What stays in view while the page is scrolled is at most a sixth of it.
    assert page.locator("#deck").evaluate("deck => deck.offsetHeight") <= height / 6


def test_nothing_later_is_told_of_a_race_that_was_not_seen(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/login?next=/replay/{RECORDED}")
    log_in(page)
    expect(page.get_by_label("No spoilers")).to_be_checked(timeout=SOON_MS)
    page.get_by_role("tab", name="Events").click()
    expect(page.locator(".summary")).to_contain_text("so far")
    few = page.locator(".layer :is(.mark-called, .mark-missed)").count()

    page.get_by_label("No spoilers").click()

    expect(page.get_by_label("No spoilers")).not_to_be_checked()
    expect(page.locator(".summary")).not_to_contain_text("so far")
    assert page.locator(".layer :is(.mark-called, .mark-missed)").count() >= few


def test_two_tabs_have_clocks_of_their_own(server: Server, page: Page) -> None:
    opened(page, server, "?t=400")
    other = page.context.new_page()
    opened(other, server, "?t=700")
    stands_at(other, 700)

    page.keyboard.press("ArrowRight")

    stands_at(page, 410)
    assert at_s(other) == pytest.approx(700, abs=0.2)
    other.close()


def test_the_console_stays_clean_and_nothing_comes_from_elsewhere(
    server: Server, page: Page
) -> None:
    watch = Watch(page)
    opened(page, server, "?t=600")
    page.wait_for_timeout(1_000)

    assert watch.foreign(server.port) == []
    assert watch.complaints == []


@pytest.mark.parametrize("where", ["/races", f"/replay/{SIMULATED}?t=600"])
@pytest.mark.parametrize("width", [375, 768, 1440])
def test_nothing_overflows(server: Server, page: Page, where: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{server.url}{where}")
    expect(page.locator(".tower .line, .race-line").first).to_be_visible(timeout=SOON_MS)

    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("where", ["/races", f"/replay/{SIMULATED}?t=600"])
def test_nobody_is_kept_out(server: Server, page: Page, where: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict
    page.goto(f"{server.url}{where}")
    expect(page.locator(".tower .line, .race-line").first).to_be_visible(timeout=SOON_MS)
    page.wait_for_timeout(500)

    assert axe.faults(page) == []
    assert page.evaluate(POOR_CONTRAST) == []


def test_forced_colours_keep_the_signs_and_the_ground_of_charts(server: Server, page: Page) -> None:
    page.emulate_media(forced_colors="active")
    opened(page, server, "?t=600")
    colour = "e => getComputedStyle(e).backgroundColor"
    canvas = page.locator("body").evaluate(colour)

    assert page.locator(".transport [class^=sign-]").count() > 4
    for sign in page.locator(".transport [class^=sign-], .replay .cursor").all():
        assert sign.evaluate(colour) != canvas
    page.locator(".card").first.click()
    chart = page.locator(".chart").first
    expect(chart).to_be_visible(timeout=SOON_MS)
    assert chart.evaluate(colour) != canvas  # its lines are light
