"""Test what a visitor chooses: the clock of their tab, theme, alerts, and the plain pages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import TrackStatus
from tests.browser import axe
from tests.browser.conftest import Server
from tests.browser.staging import stage
from tests.browser.test_live_page import POOR_CONTRAST
from tests.web.frames import make_frame

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 60_000  # a busy machine


def test_a_delay_is_taken_as_it_is_typed_and_an_empty_field_changes_nothing(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    field = page.locator("#tv-delay")
    field.click(timeout=SOON_MS)
    expect(page.locator(".tower .line").first).to_be_visible(timeout=SOON_MS)

    field.fill("3.5")

    expect(page.locator(".clock-delayed")).to_be_visible(timeout=SOON_MS)
    expect(field).to_be_focused()
    field.fill("")
    page.wait_for_timeout(1_500)
    expect(page.locator(".clock-delayed")).to_be_visible()
    field.blur()
    expect(page.locator("#tv-delay")).to_have_value("3.5", timeout=SOON_MS)
    page.locator("#tv-delay").fill("soon")
    expect(page.locator(".delay-note")).to_have_text(
        '"soon" is no number of seconds.', timeout=SOON_MS
    )


def test_a_paused_page_stands_still_and_is_not_called_dead(server: Server, page: Page) -> None:
    page.goto(server.url)
    expect(page.locator(".tower .line").first).to_be_visible(timeout=SOON_MS)

    page.locator("#hold").dispatch_event("click")  # a busy machine never stands still

    expect(page.locator(".clock-words")).to_have_text(re.compile("^Paused, "), timeout=SOON_MS)
    clock = page.locator(".dial-clock .digits").inner_text()
    page.wait_for_timeout(11_000)  # longer than the watchdog's patience
    assert page.locator(".dial-clock .digits").inner_text() == clock
    expect(page.locator("#link")).to_be_hidden()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".clock-words")).to_have_text(
        re.compile("^Catching up at 1.5"), timeout=SOON_MS
    )
    expect(page.locator(".clock-live")).to_be_visible(timeout=SOON_MS)


def test_the_race_clock_follows_the_zone_of_the_circuit(server: Server, page: Page) -> None:
    frame = make_frame(8)
    header = replace(frame.header, utc_offset_s=7_200)
    stage(page, lambda _nth: replace(frame, header=header))
    page.add_init_script("localStorage.setItem('pitwall_settings', '{\"zone\": \"track\"}')")

    page.goto(server.url)

    expect(page.locator(".dial-clock .digits")).to_have_text("15:31:02", timeout=SOON_MS)
    expect(page.locator(".dial-clock .label")).to_have_text("Race clock, track time")


def test_speeds_are_in_the_unit_that_the_visitor_chose(server: Server, page: Page) -> None:
    frame = make_frame(8)
    why = replace(frame.battles[0].reasons[0], words="9 km/h faster on the straight")
    battle = replace(frame.battles[0], reasons=(why,))
    stage(page, lambda _nth: replace(frame, battles=(battle,)))
    page.goto(server.url)
    none = "\N{EN DASH}"
    laps = page.locator(".stage-laps tbody tr")
    expect(laps.first).to_be_visible(timeout=SOON_MS)
    assert [line.locator("td").all_inner_texts()[4:] for line in laps.all()] == [
        ["287", "275", "316", "322"], ["285", "264", none, "311"], ["+2", "+11", none, "+11"],
    ]  # fmt: skip
    expect(page.locator(".reason-words")).to_have_text("9 km/h faster on the straight")

    page.evaluate("pitwallSettings.set('units', 'imperial')")

    expect(page.locator(".reason-words")).to_have_text("6 mph faster on the straight")
    assert [line.locator("td").all_inner_texts()[4:] for line in laps.all()] == [
        ["178", "171", "196", "200"], ["177", "164", none, "193"], ["+1", "+7", none, "+7"],
    ]  # fmt: skip
    expect(page.locator(".stage-laps th", has_text="ST")).to_have_attribute(
        "title", "Speed trap on the longest straight, mph"
    )


class Scene:
    """A race in which a test makes things happen."""

    def __init__(self) -> None:
        self.p = 0.1
        self.status = TrackStatus.CLEAR
        # One pair of cars throughout.
        self.battle = make_frame(8).battles[0]

    def frame(self, nth: int) -> LiveFrame:
        frame = make_frame(8 + nth)
        battle = replace(self.battle, p_overtake=self.p)
        return replace(
            frame,
            battles=(battle,),
            ended=(),
            header=replace(frame.header, track_status=self.status),
        )


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_theme_is_kept_and_can_be_read(server: Server, page: Page, theme: str) -> None:
    page.goto(f"{server.url}/settings")
    page.locator("#setting-theme").select_option(theme, timeout=SOON_MS)
    page.locator("#setting-palette").select_option("safe")
    expect(page.locator("html")).to_have_attribute("data-palette", "safe")
    assert page.evaluate(POOR_CONTRAST) == []
    assert axe.faults(page) == []
    for name in ("about", "races", "login"):
        page.goto(f"{server.url}/{name}")
        expect(page.locator("main p a").first).to_be_visible(timeout=SOON_MS)
        assert axe.faults(page) == [], name

    scene = Scene()
    stage(page, scene.frame)
    page.goto(server.url)

    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    for scene.p, tone in ((0.02, "low"), (0.2, "middle"), (0.62, "high")):
        expect(page.locator(f".stage.tone-{tone}")).to_be_visible(timeout=SOON_MS)
        assert page.evaluate(POOR_CONTRAST) == [], tone


def shown_scene(page: Page, server: Server) -> Scene:
    """Open the page with a calm race, until alerts could come."""
    scene = Scene()
    stage(page, scene.frame)
    page.goto(server.url)
    expect(page.locator("#alerts li")).to_have_count(1, timeout=SOON_MS)
    page.wait_for_timeout(2_500)  # longer than the slowest of the script's timers
    return scene


# On a busy machine what there is to tell stands on the page before the script looks for it.
SLOW_TIMERS = "(() => { const set = setInterval; setInterval = (f, ms) => set(f, 4 * ms); })()"


@pytest.mark.parametrize("before", ["", SLOW_TIMERS], ids=["", "a busy machine"])
def test_alerts_follow_the_visitors_rules(server: Server, page: Page, before: str) -> None:
    page.add_init_script(before)
    page.add_init_script(
        "localStorage.setItem('pitwall_settings', JSON.stringify("
        "{chance: '50', flags: 'yes', title: 'yes', sound: 'yes'}))"
    )
    scene = shown_scene(page, server)
    line = page.locator("#alert-line")
    expect(line).to_be_empty()

    scene.p = 0.62

    expect(line).to_have_text(re.compile(r" attacks .*: 60 % or more$"), timeout=SOON_MS)
    expect(page).to_have_title(re.compile("^● "))
    expect(page.locator("#favicon")).to_have_attribute("href", "/favicon-alert.svg")
    scene.status = TrackStatus.SAFETY_CAR
    expect(line).to_have_text("Safety car", timeout=SOON_MS)
    assert int(page.locator("html").get_attribute("data-rang") or 0) == 2


def test_without_a_rule_there_is_no_alert(server: Server, page: Page) -> None:
    scene = shown_scene(page, server)

    scene.p, scene.status = 0.9, TrackStatus.SAFETY_CAR

    expect(page.locator(".flag.flag-safety")).to_be_visible(timeout=SOON_MS)
    page.wait_for_timeout(1_000)
    expect(page.locator("#alert-line")).to_be_empty()
    expect(page).to_have_title("Pitwall · live battles")


def test_unlit_segments_are_not_read_aloud_and_the_page_is_named_among_the_links(
    server: Server, page: Page
) -> None:
    stage(page, lambda _nth: make_frame(8))
    page.goto(server.url)
    expect(page.locator(".tower .line").first).to_be_visible(timeout=SOON_MS)

    tree = page.locator(".dial-lap").aria_snapshot()

    assert "88" not in tree
    expect(page.locator("nav [aria-current=page]")).to_have_text("Live")


@pytest.mark.parametrize("path", ["/about", "/settings", "/no/such/page"])
def test_plain_pages_keep_nobody_out(server: Server, page: Page, path: str) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(f"{server.url}{path}")
    expect(page.locator("h1")).to_be_visible(timeout=SOON_MS)

    assert page.evaluate("document.documentElement.scrollWidth") == 375
    assert page.evaluate(POOR_CONTRAST) == []
    assert axe.faults(page) == []
    if path == "/no/such/page":
        expect(page.get_by_role("heading", name="No such page")).to_be_visible()


def test_the_app_can_be_installed_and_says_so_without_a_network(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/about")
    manifest = page.request.get(f"{server.url}/pitwall.webmanifest")
    assert manifest.headers["content-type"].startswith("application/manifest+json")
    for icon in manifest.json()["icons"]:
        assert page.request.get(f"{server.url}{icon['src']}").ok
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    page.context.set_offline(True)
    page.goto(f"{server.url}/races")

    expect(page.get_by_role("heading", name="No network")).to_be_visible(timeout=SOON_MS)
    page.context.set_offline(False)
