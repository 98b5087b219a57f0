"""Test that a chart is drawn in a real browser under the policy of every page."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from pitwall.api.protection.content_policy import content_policy
from pitwall.web.shared.chart_theme import Figure, axis, layout
from tests.browser.conftest import ROOT, Server
from tests.browser.test_live_page import PHONE, SOON_MS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIGURE: Figure = {
    "data": [{"type": "scatter", "mode": "lines+markers", "x": [1, 2, 3], "y": [0.1, 0.7, 0.4]}],
    "layout": layout(axis("lap"), axis("P(overtake)", range=[0, 1])),
}
HARNESS = """
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { Chart } from "./chart.jsx";

const root = createRoot(document.getElementById("root"));
window.picked = [];
window.show = (props) =>
  root.render(createElement(Chart, { ...props, onPick: (x) => window.picked.push(x) }));
"""
PAGE = """<!doctype html><html lang="en"><title>chart</title>
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><link rel="stylesheet" href="/chart.css"><div id="root"></div>
<script type="module" src="/harness.js"></script></html>"""


class _WithPolicy(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", content_policy())
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def stage(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the component alone, bundled from what the front end is built from."""
    place = tmp_path_factory.mktemp("chart")
    (place / "node_modules").symlink_to(ROOT / ".web" / "node_modules")
    shutil.copy(ROOT / "assets" / "chart.jsx", place)
    (place / "harness.jsx").write_text(HARNESS)
    site = place / "site"
    bun = shutil.which("bun", path=str(ROOT / ".tools" / "node_modules" / ".bin")) or "bun"
    subprocess.run(
        [bun, "build", "harness.jsx", "--splitting", "--production", "--outdir", str(site)],
        cwd=place,
        check=True,
        capture_output=True,
    )
    shutil.copy(ROOT / "assets" / "chart.css", site)
    (site / "index.html").write_text(PAGE)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_WithPolicy, directory=str(site)))
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://localhost:{server.server_address[1]}"
    server.shutdown()
    serving.join()
    server.server_close()


def show(page: Page, **props: Any) -> None:
    page.wait_for_function("window.show !== undefined")
    page.evaluate(f"show({json.dumps({'figure': FIGURE, 'label': 'Three laps', **props})})")


def test_a_chart_is_drawn_under_the_policy_of_every_page(stage: str, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(stage)
    show(page)

    expect(page.get_by_role("img", name="Three laps")).to_have_attribute(
        "data-state", "drawn", timeout=SOON_MS
    )
    expect(page.locator(".scatterlayer .point")).to_have_count(3)
    # The style sheet that Plotly fills by script is in force, not refused.
    assert page.evaluate("getComputedStyle(document.querySelector('.main-svg')).position") == (
        "absolute"
    )
    assert complaints == []


def test_the_cursor_moves_without_drawing_the_chart_anew(stage: str, page: Page) -> None:
    page.goto(stage)
    show(page, cursor="1")
    line = page.locator(".shapelayer path")
    expect(line).to_have_count(1, timeout=SOON_MS)
    before = line.get_attribute("d")
    page.evaluate("window.kept = document.querySelector('.scatterlayer .point')")

    page.evaluate(
        "(figure) => { window.figure = figure; show({figure, label: 'Three laps', cursor: '1'}) }",
        FIGURE,
    )
    page.evaluate("show({figure: window.figure, label: 'Three laps', cursor: '2.5'})")

    expect(line).not_to_have_attribute("d", before or "", timeout=SOON_MS)
    expect(line).to_have_count(1)
    assert page.evaluate("window.kept.isConnected")


def test_a_click_on_a_point_tells_its_place(stage: str, page: Page) -> None:
    page.goto(stage)
    show(page)
    point = page.locator(".scatterlayer .point").nth(1)
    expect(point).to_be_visible(timeout=SOON_MS)
    box = point.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    page.wait_for_function("window.picked.length === 1")
    assert page.evaluate("window.picked") == ["2"]


def test_a_chart_fits_a_phone_and_follows_its_turning(stage: str, page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict
    page.goto(stage)
    show(page)
    drawn = page.locator(".main-svg").first
    expect(drawn).to_be_visible(timeout=SOON_MS)
    width = page.evaluate("document.querySelector('.chart').clientWidth")
    expect(drawn).to_have_attribute("width", str(width))
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]

    page.set_viewport_size({"width": PHONE["height"], "height": PHONE["width"]})
    wider = page.evaluate("document.querySelector('.chart').clientWidth")
    expect(drawn).to_have_attribute("width", str(wider), timeout=SOON_MS)
    assert wider > width


def test_a_chart_that_cannot_be_fetched_says_so(stage: str, page: Page) -> None:
    page.route("**/plotly*", lambda route: route.abort())
    page.goto(stage)
    show(page)

    expect(page.get_by_text("The chart could not be drawn.")).to_be_visible(timeout=SOON_MS)


def test_a_page_without_charts_loads_no_plotly(server: Server, page: Page) -> None:
    fetched: list[Request] = []
    page.on("requestfinished", lambda request: fetched.append(request))  # noqa: PLW0108
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)

    scripts = [request for request in fetched if request.resource_type == "script"]
    sizes = {each.url: len(each.response().body()) for each in scripts}  # type: ignore[union-attr]
    assert scripts
    assert not [url for url in sizes if "plotly" in url]
    assert max(sizes.values()) < 400_000  # plotly is three times that
