"""Test the live page in a real browser, with the production build and a simulated race."""

from __future__ import annotations

import re
import signal
from datetime import datetime

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import axe
from tests.browser.conftest import Server
from tests.browser.staging import stage
from tests.browser.watching import Watch
from tests.web.frames import make_frame

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 60_000  # a busy machine
PHONE = {"width": 375, "height": 800}


def test_battles_move_by_themselves(server: Server, page: Page) -> None:
    page.goto(server.url)

    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)
    expect(page.locator(".tower .line").first).to_be_visible()
    before = page.locator(".tower tbody").text_content()
    expect(page.locator(".tower tbody")).not_to_have_text(before or "", timeout=SOON_MS)


def test_a_simulation_says_so(server: Server, page: Page) -> None:
    page.goto(server.url)

    expect(page.locator(".badge", has_text="Simulated race")).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_text("Overtake, estimated").first).to_be_visible()


def test_nothing_is_fetched_from_elsewhere_and_the_console_stays_clean(
    server: Server, page: Page
) -> None:
    watch = Watch(page)
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)
    page.wait_for_timeout(1_500)

    assert watch.foreign(server.port) == []
    assert any(url.startswith("ws://") for url in watch.asked)
    assert watch.complaints == []


@pytest.mark.parametrize("width", [375, 768, 1024, 1440])
def test_nothing_overflows(server: Server, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_on_a_phone_battles_come_first_and_the_rest_is_one_tap_away(
    server: Server, page: Page
) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)
    views = {
        "Battles": "#battles",
        "Tower": ".tower-panel",
        "Map": ".map-panel",
        "Control": ".control",
    }

    first = page.locator(".stage, .card").first.bounding_box()
    assert first is not None
    assert first["y"] <= 250
    for name, panel in views.items():
        page.locator(".tab", has_text=name).click()
        for each in views.values():
            expect(page.locator(each)).to_be_visible(visible=each == panel)
        top = page.locator(panel).bounding_box()
        assert top is not None
        assert top["y"] <= 800
    expect(page.locator(".mini-lap")).to_contain_text("Lap")
    page.keyboard.press("ArrowRight")  # from the last tab round to the first
    expect(page.locator("#battles")).to_be_visible()


def test_on_a_wide_screen_there_are_no_tabs(server: Server, page: Page) -> None:
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)

    for hidden in (".tabs", ".mini"):
        expect(page.locator(hidden)).to_be_hidden()


def test_text_has_contrast(server: Server, page: Page) -> None:
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)

    assert page.evaluate(POOR_CONTRAST) == []


def test_a_built_file_comes_small_and_is_asked_for_once(server: Server) -> None:
    script = re.search(r"/assets/[^\"]+\.js", httpx.get(server.url).text)
    assert script is not None

    answer = httpx.get(server.url + script[0], headers={"Accept-Encoding": "gzip, br"})

    assert answer.headers["content-encoding"] == "br"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "//" not in httpx.get(f"{server.url}/tower.js").text.replace("://", "")


@pytest.mark.parametrize("width", [375, 1440])
def test_nobody_is_kept_out(server: Server, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)
    expect(page.locator(".map-drawing")).to_be_attached(timeout=SOON_MS)
    views = ("Battles", "Tower", "Map", "Control") if width < 900 else ()

    assert axe.faults(page) == []
    for view in views:
        page.locator(".tab", has_text=view).click()
        assert axe.faults(page) == []


def test_a_dead_server_looks_dead_and_the_page_resumes(server: Server, page: Page) -> None:
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)
    expect(page.locator("#link")).to_be_hidden()

    server.stop(signal.SIGKILL)
    try:
        expect(page.get_by_text("Disconnected")).to_be_visible(timeout=SOON_MS)
        expect(page.locator("#link-age")).to_contain_text("s old")
        age = page.locator("#age").inner_text()
        page.wait_for_timeout(1_500)
        assert float(page.locator("#age").inner_text()) > float(age)
        expect(page.get_by_text("Old reading").first).to_be_visible()
    finally:
        server.start()

    expect(page.locator("#link")).to_be_hidden(timeout=SOON_MS)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)


def test_the_tv_delay_holds_the_whole_page_back_and_survives_a_reload(
    server: Server, context: BrowserContext, page: Page
) -> None:
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)
    page.get_by_label("More delay, 5 seconds").click()
    expect(page.locator("#tv-delay")).to_have_value("5")
    page.reload()
    expect(page.locator("#tv-delay")).to_have_value("5", timeout=SOON_MS)
    undelayed = context.browser.new_page() if context.browser else page
    undelayed.goto(server.url)
    expect(undelayed.locator(".card").first).to_be_visible(timeout=SOON_MS)
    expect(page.locator(".tower .line").first).to_be_visible(timeout=SOON_MS)
    page.wait_for_timeout(1_000)

    behind = _race_clock(undelayed) - _race_clock(page)
    undelayed.close()

    assert 3 <= behind.total_seconds() <= 7
    page.get_by_label("No delay").click()
    expect(page.locator("#tv-delay")).to_have_value("0")


def test_the_keyboard_reaches_the_battles_first(server: Server, page: Page) -> None:
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)

    page.keyboard.press("Tab")

    expect(page.locator(".skip")).to_be_focused()


def _race_clock(page: Page) -> datetime:
    return datetime.strptime(page.locator(".dial-clock .digits").inner_text(), "%H:%M:%S")  # noqa: DTZ007


POOR_CONTRAST = """
() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => {
      v /= 255;
      return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a] = numbers(getComputedStyle(e).backgroundColor);
      if ((a ?? 1) > 0.5) return [r, g, b];
    }
    return [23, 27, 19];
  };
  const poor = [];
  for (const element of document.querySelectorAll(".pitwall *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || element.closest(".sr-only, .skip, [hidden], svg")) continue;
    const style = getComputedStyle(element);
    if (!element.getClientRects().length || style.color.startsWith("color")) continue;
    const ink = light(numbers(style.color).slice(0, 3));
    const paper = light(behind(element));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < 4.5) poor.push(`${element.className}: ${ratio.toFixed(2)}`);
  }
  return [...new Set(poor)];
}
"""


def test_qualifying_shows_standings_and_no_battles(page: Page, server: Server) -> None:
    stage(page, lambda _nth: make_frame(8, "qualifying"))
    page.goto(server.url)
    expect(page.locator(".standings .line")).to_have_count(22)

    expect(page.locator("h1")).to_have_text("Dutch Grand Prix · Sprint Qualifying")
    expect(page.locator(".dial").first).to_contain_text("SQ2")
    expect(page.locator(".line").first).to_contain_text("1:13.200")
    expect(page.locator(".line.out").first).to_contain_text("Out in SQ1")
    words = page.locator("body").inner_text()
    assert "within two seconds" not in words
    assert "Just ended" not in words
    assert "Race clock" not in words
    assert axe.faults(page) == []
    for width in (375, 768, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
