"""Test the panels about a chosen battle of a stored race in a real browser."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Locator, Page, Request, expect

from pitwall.domain.records import PredictionRecord
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.recording.race_recorder import stored_info
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_writer import SqlRaceWriter
from tests.browser import axe
from tests.browser.conftest import Server
from tests.browser.replays import SIMULATED, SOON_MS, head_of, opened, stands_at
from tests.browser.test_live_page import PHONE, POOR_CONTRAST
from tests.browser.watching import Watch
from tests.servers.ports import free_port
from tests.short_feeds import Short
from tests.store.races import batch_of, keep

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MESSAGES = 6_500


@dataclass(frozen=True)
class Scene:
    """A server with a kept race, and a moment of it at which two cars fight."""

    server: Server
    more: str  # of the address
    at: PredictionRecord


async def kept(data: Path) -> PredictionRecord:
    """Keep the beginning of a race, and return a forecast in the middle of a battle that lasted."""
    database = Database(database_url(None, data))
    await migrations.upgrade(database)
    feed = Short(SimulatedFeed(7), MESSAGES)
    batch = batch_of(feed)
    batch.info = stored_info(batch.info, feed.source, feed.name)
    await keep(SqlRaceWriter(database), feed, batch)
    await database.close()
    laps = {(lap.car, lap.lap) for lap in batch.laps.values() if lap.lap_time_s}
    fought: dict[tuple[int, int], list[PredictionRecord]] = {}
    for row in batch.predictions.values():
        # Two laps of both are done by then, so that there is a lap to compare.
        if {(row.attacker, 3), (row.defender, 3)} <= laps and row.lap > 4:
            fought.setdefault((row.attacker, row.defender), []).append(row)
    longest = max(fought.values(), key=len)
    close = [row for row in longest[20:] if 0.4 < row.interval_s < 1.6]
    return min(close, key=lambda row: abs(row.p_overtake - 0.4))


def described(data: Path) -> None:
    """Describe the simulated circuit by hand; its corners have no official numbers."""
    told = {
        "CornerNumber": list(range(1, 13)),
        "X": [0] * 12,
        "Y": [0] * 12,
        "Distance": [200, 290, 380, 900, 1300, 1700, 2100, 2600, 3000, 3500, 3900, 4200],
        "source": "a test, made up",
    }
    file = data / "circuits" / "sierra-alta.json"
    file.parent.mkdir()
    file.write_text(json.dumps(told))


@pytest.fixture(scope="module")
def scene(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    data = tmp_path_factory.mktemp("room")
    with ThreadPoolExecutor(1) as elsewhere:  # Playwright has a loop in this thread
        row = elsewhere.submit(asyncio.run, kept(data)).result()
    described(data)
    server = Server(free_port(), data, PITWALL_FEED="simulated:8")
    more = f"?t={row.made_at:%Y-%m-%dT%H:%M:%SZ}&battle={row.attacker}-{row.defender}"
    try:
        server.start()
        yield Scene(server, more, row)
    finally:
        server.stop()


# What is there when a panel is ready: a chart by its words, or none where it has none.
READY = {"forecast": "Forecast of", "gaps": "Gap of", "laps": "On lap", "telemetry": "Lap "}


def panels(page: Page, scene: Scene, panel: str = "forecast") -> Page:
    """Open the replay at the battle, and wait until a panel about it is drawn."""
    opened(page, scene.server, f"{scene.more}&panel={panel}")
    is_drawn(page, panel)
    return page


def is_drawn(page: Page, panel: str) -> None:
    if panel in READY:
        drawn = chart(page, READY[panel]).first
        expect(drawn).to_have_attribute("data-state", "drawn", timeout=SOON_MS)
    else:
        expect(page.locator(".what-if .model-forecast-percent")).to_be_visible(timeout=SOON_MS)


def chart(page: Page, words: str) -> Locator:
    return page.get_by_role("img", name=re.compile(re.escape(words)))


def test_everything_about_the_battle_is_drawn_and_the_console_stays_clean(
    scene: Scene, page: Page
) -> None:
    watch = Watch(page)
    panels(page, scene)

    for panel, tab in zip(READY, ("Forecast", "Gaps", "Laps", "Telemetry"), strict=True):
        page.get_by_role("tab", name=tab).click()
        is_drawn(page, panel)
    page.get_by_role("tab", name="Forecast").click()
    seen = page.locator(".details-panel").filter(has_text="What the model saw")
    p = scene.at.p_overtake
    expected = "<1" if p < 0.01 else ">99" if p > 0.99 else str(round(100 * p))
    expect(seen.locator(".model-forecast-percent")).to_have_text(expected)
    expect(seen.locator(":is(.expert, .move-bar)")).to_have_count(3)
    assert watch.complaints == []


def test_the_charts_are_there_as_tables(scene: Scene, page: Page) -> None:
    panels(page, scene)
    panel = page.locator(".details-panel").filter(has_text="Forecast over time")

    panel.get_by_text("Show as a table").click()

    expect(panel.get_by_role("columnheader", name="P(overtake) %")).to_be_visible()
    assert panel.locator("tbody tr").count() > 5


def test_a_slider_asks_what_if_by_keyboard_and_the_race_stands_still(
    scene: Scene, page: Page
) -> None:
    panels(page, scene, "what-if")
    told = page.locator(".model-forecast-beside").last
    expect(told).to_contain_text("no change")
    before = head_of(page)["atS"]
    slider = page.get_by_role("slider", name=re.compile("^Gap"))

    slider.focus()
    page.keyboard.press("End" if scene.at.p_overtake > 0.3 else "Home")

    expect(told).to_contain_text("point", timeout=SOON_MS)
    expect(page.locator(".what-if-slider output").first).to_have_text(
        re.compile(re.escape(slider.input_value()))
    )
    page.get_by_role("button", name="Reset").click()
    expect(told).to_contain_text("no change", timeout=SOON_MS)
    expect(slider).to_have_value(f"{scene.at.interval_s:.2f}")
    assert head_of(page)["atS"] == before


def test_a_click_on_a_chart_goes_there(scene: Scene, page: Page) -> None:
    panels(page, scene)
    before = float(head_of(page)["atS"])
    area = page.locator(".chart .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None

    x, y = box["x"] + box["width"] * 0.02, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.move(x + 1, y)
    page.mouse.click(x + 1, y)

    page.wait_for_function(
        "at => Number(document.querySelector('#replay-head').dataset.atS) < at - 1",
        arg=before,
        timeout=SOON_MS,
    )


def test_another_lap_is_compared(scene: Scene, page: Page) -> None:
    panels(page, scene, "telemetry")
    lap = page.locator(".lap-steps strong")
    expect(lap).to_have_text(re.compile(r"lap \d+"), timeout=SOON_MS)
    shown = int((lap.text_content() or "").split()[1])

    page.get_by_role("button", name="The lap before").click()

    expect(lap).to_have_text(f"lap {shown - 1}", timeout=SOON_MS)


@pytest.mark.parametrize("width", [1440, PHONE["width"]])
def test_corners_are_numbered_on_the_telemetry_and_no_two_numbers_overlap(
    scene: Scene, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    panels(page, scene, "telemetry")
    panel = page.locator(".details-panel").filter(has_text="Telemetry compared")
    names = [str(nth) for nth in range(1, 13)]

    # Two rows: of three corners within 180 m the third has room in none, on a phone.
    numbers = panel.locator(".annotation-text").filter(has_text=re.compile(r"^\d+$"))
    expect(numbers).to_have_count(11, timeout=SOON_MS)
    assert set(numbers.all_text_contents()) == set(names) - {"3"}
    boxes = [box for box in (each.bounding_box() for each in numbers.all()) if box is not None]
    assert [(one, other) for one, other in combinations(boxes, 2) if overlaps(one, other)] == []
    expect(panel.locator(".corners-from")).to_contain_text("a test, made up")
    panel.get_by_text("Show as a table").click()
    expect(panel.get_by_role("columnheader", name="corner")).to_be_visible()
    expect(panel.get_by_role("cell", name="12 to line").first).to_be_visible()


def overlaps(one: FloatRect, other: FloatRect) -> bool:
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )


def test_without_a_chosen_battle_there_is_a_word_and_no_plotly(scene: Scene, page: Page) -> None:
    fetched: list[str] = []

    def note(request: Request) -> None:
        fetched.append(request.url)

    page.on("request", note)
    opened(page, scene.server, "?t=300&panel=forecast")
    stands_at(page, 300)

    expect(page.get_by_text("Choose a battle to see its forecasts")).to_be_visible(timeout=SOON_MS)
    assert not [url for url in fetched if "plotly" in url]


@pytest.mark.parametrize("panel", [*READY, "what-if"])
def test_nobody_is_kept_out_and_a_phone_has_room(scene: Scene, page: Page, panel: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict
    panels(page, scene, panel)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.evaluate(POOR_CONTRAST) == []
    assert axe.faults(page) == []


def test_a_race_that_may_not_be_seen_has_no_panels(scene: Scene, page: Page) -> None:
    page.goto(f"{scene.server.url}/replay/2026-another-race{scene.more}")

    page.wait_for_url("**/login?next=**", timeout=SOON_MS)
    assert SIMULATED not in page.url
    expect(page.locator("#battle-details")).to_have_count(0)
