"""Test tower, race control and what takes the place of battles, in a real browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import Compound, ControlMessage, Stint
from pitwall.domain.rulings import rulings_of
from tests.browser import axe
from tests.browser.conftest import Server
from tests.browser.staging import stage
from tests.web.frames import LIGHTS_OUT, make_frame

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 60_000  # a busy machine
SAID = (
    ("CAR 77 (BOT) STOPPED AT TURN 4", None),
    ("WAVED BLUE FLAG FOR CAR 11 (PER) TIMED AT 15:17:15", "BLUE"),
    ("FIA STEWARDS: 5 SECOND TIME PENALTY FOR CAR 1 (VER) - TRACK LIMITS", None),
    ("WAVED BLUE FLAG FOR CAR 77 (BOT) TIMED AT 15:18:15", "BLUE"),
)


def busy(scene: str = "racing") -> LiveFrame:
    """Return a frame in which every column of the tower and every part of the log is filled."""
    control = tuple(
        ControlMessage(LIGHTS_OUT + timedelta(minutes=30, seconds=index), "Other", text, flag)
        for index, (text, flag) in enumerate(SAID)
    )
    rulings = rulings_of(control)
    frame = make_frame(8, scene)
    tower = tuple(
        replace(
            car,
            sectors_s=(25.1, 30.2, None),
            best_sectors_s=(25.1, 30.0, None),
            segments=((2049, 2051, 2048), (2064, 0), (0, 0)),
            stints=(Stint(1, Compound.SOFT, tyre_life_laps=9), Stint(2, car.compound)),
            rulings=rulings.get(car.number, car.rulings),
        )
        for car in frame.tower
    )
    return replace(frame, control=control, tower=tower, flag_cause=control[0])


@pytest.fixture
def tower_page(server: Server, page: Page) -> Page:
    stage(page, lambda _: busy())
    page.goto(server.url)
    expect(page.locator(".race-tower .line").first).to_be_visible(timeout=SOON_MS)
    return page


def test_columns_are_chosen_by_key_and_stay_chosen(tower_page: Page) -> None:
    line = tower_page.locator(".race-tower .line").nth(2)
    expect(line.locator(".cell-gap")).to_be_visible()
    tower_page.get_by_role("radio", name="Gaps").focus()

    shown = {"Laps": ".cell-last", "Tyres": ".cell-stints", "Stewards": ".cell-hangs"}
    for cell in shown.values():
        tower_page.keyboard.press("ArrowRight")
        expect(line.locator(cell)).to_be_visible()
        expect(line.locator(".cell-gap")).to_be_hidden()
    tower_page.reload()

    expect(line.locator(".cell-hangs")).to_be_visible(timeout=SOON_MS)
    expect(tower_page.get_by_role("radio", name="Stewards")).to_be_checked()
    expect(line.locator(".cell-hangs")).to_contain_text("5 s penalty for track limits")


def test_names_are_there_for_readers_and_in_view_when_asked_for(tower_page: Page) -> None:
    first = tower_page.locator(".race-tower .line").first.locator(".cell-driver")

    assert "Oscar Piastri" in first.aria_snapshot()
    assert "PIA" not in first.aria_snapshot()
    tower_page.get_by_role("checkbox", name="Names").check(force=True)
    expect(first.locator(".full-name")).to_be_visible()
    expect(first.locator(".letters")).to_be_hidden()


def test_unlit_segments_are_not_read_aloud(tower_page: Page) -> None:
    said = tower_page.locator(".dial-lap").aria_snapshot()

    assert "88" not in said
    assert "23" in said


def test_blue_flags_are_hidden_until_asked_for_and_never_replace_a_message(
    tower_page: Page,
) -> None:
    log = tower_page.locator(".log-panel")

    expect(tower_page.locator(".control .message")).to_contain_text("5 SECOND TIME PENALTY")
    expect(log.locator(".log-row:visible")).to_have_count(2)
    log.get_by_role("checkbox", name="Blue flags").check(force=True)
    expect(log.locator(".log-row:visible")).to_have_count(4)
    log.get_by_role("checkbox", name="Incidents").uncheck(force=True)
    expect(log.locator(".log-row:visible")).to_have_count(3)
    tower_page.reload()
    expect(log.locator(".log-row:visible")).to_have_count(3, timeout=SOON_MS)


@pytest.mark.parametrize(
    ("scene", "panel", "words"),
    [
        ("racing", ".race-tower", "PIA"),
        ("safety_car", ".pause-safety", "To watch at the restart"),
        ("over", ".pause-over", "Fastest lap"),
        ("qualifying", ".standings", "SQ2"),
    ],
)
@pytest.mark.parametrize("width", [375, 1440])
def test_no_state_overflows_or_keeps_anybody_out(
    server: Server, context: BrowserContext, scene: str, panel: str, words: str, width: int
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(reduced_motion="reduce")
    stage(page, lambda _: busy(scene))
    page.goto(server.url)
    expect(page.locator(panel).first).to_be_attached(timeout=SOON_MS)
    expect(page.locator("#live")).to_contain_text(words, ignore_case=True)

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert axe.faults(page) == []
    page.close()
