"""Test embeds in a real browser: on a page of another site, transparent, and grey when old."""

from __future__ import annotations

import io
import re
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import axe
from tests.browser.conftest import Server
from tests.browser.watching import Watch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 60_000  # a busy machine
MAGENTA = (255, 0, 255)
CHANCE = re.compile(r"\d %|unlikely|no forecast")


class OtherSite:
    """A page of another origin, which frames what a test names."""

    def __init__(self) -> None:
        site = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(site.html.encode())

            def log_message(self, *_args: object) -> None:
                pass

        self.html = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def frame(self, *addresses: str) -> None:
        frames = (
            f'<iframe src="{each}" width="600" height="240" style="border:0;color-scheme:normal">'
            "</iframe>"
            for each in addresses
        )
        self.html = f'<body style="margin:0;background:#f0f">{"".join(frames)}</body>'

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def other_site() -> Iterator[OtherSite]:
    site = OtherSite()
    yield site
    site.stop()


def test_another_site_shows_a_battle_on_its_own_background_without_a_cookie(
    server: Server, other_site: OtherSite, context: BrowserContext, page: Page
) -> None:
    watch = Watch(page)
    other_site.frame(f"{server.url}/embed/battle")
    page.goto(other_site.url)
    embed = page.frame_locator("iframe")

    expect(embed.locator(".percent")).to_have_text(CHANCE, timeout=SOON_MS)
    expect(embed.locator(".source")).to_contain_text("Simulated race")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")

    assert picture.getpixel((595, 235)) == MAGENTA  # beside the plate
    assert picture.getpixel((300, 20)) != MAGENTA  # on it
    assert context.cookies() == []
    assert [each for each in watch.complaints if "favicon" not in each and "404" not in each] == []


def test_nothing_but_embeds_can_be_framed(
    server: Server, other_site: OtherSite, page: Page
) -> None:
    other_site.frame(server.url)
    page.goto(other_site.url)

    assert page.frames[1].url.startswith("chrome-error:")


def test_more_embeds_than_a_browser_has_connections_all_go_on(
    server: Server, other_site: OtherSite, page: Page
) -> None:
    other_site.frame(*[f"{server.url}/embed/tower?rows={rows}" for rows in range(1, 9)])
    page.goto(other_site.url)

    for nth in range(8):
        lines = page.frame_locator(f"iframe >> nth={nth}").locator(".line")
        expect(lines).to_have_count(nth + 1, timeout=SOON_MS)


def test_an_embed_goes_grey_when_the_server_dies_and_comes_back(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/embed/battle")
    expect(page.locator("html")).to_have_attribute("data-link", "up", timeout=SOON_MS)

    server.stop(signal.SIGKILL)
    try:
        expect(page.locator(".link")).to_contain_text("Disconnected", timeout=SOON_MS)
        assert page.locator(".body").evaluate("e => getComputedStyle(e).filter") == "grayscale(1)"
    finally:
        server.start()

    expect(page.locator("html")).to_have_attribute("data-link", "up", timeout=SOON_MS)
    assert page.locator(".body").evaluate("e => getComputedStyle(e).filter") == "none"


def test_a_tv_delay_holds_the_first_picture_back(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/embed/battle?delay=4&lang=de")

    expect(page.locator(".link")).to_contain_text("TV-Verzögerung: ", timeout=SOON_MS)
    assert page.locator(".race").inner_text() == ""
    expect(page.locator(".race")).not_to_have_text("", timeout=SOON_MS)
    expect(page.locator(".lap")).to_contain_text("Runde", timeout=SOON_MS)
    assert page.evaluate("performance.now()") > 4_000  # since the page was opened


@pytest.mark.parametrize("kind", ["battle", "tower", "map"])
def test_embeds_fit_every_width_and_keep_nobody_out(server: Server, page: Page, kind: str) -> None:
    watch = Watch(page)
    page.goto(f"{server.url}/embed/{kind}?background=solid")
    expect(page.locator("html")).to_have_attribute("data-link", "up", timeout=SOON_MS)

    for width in (320, 640, 1920):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert axe.faults(page) == []
    assert watch.foreign(server.port) == []
    assert watch.complaints == []


def test_an_embed_is_chosen_on_a_page_of_its_own(server: Server, page: Page) -> None:
    watch = Watch(page)
    page.goto(f"{server.url}/embed")
    page.fill("[name=drivers]", "VER")  # of a battle, not of the tower
    page.select_option("[name=kind]", "tower")
    page.select_option("[name=theme]", "light")
    page.fill("[name=rows]", "5")

    expect(page.locator("#address")).to_have_value(f"{server.url}/embed/tower?theme=light&rows=5")
    expect(page.locator("#snippet")).to_have_value(
        f'<iframe src="{server.url}/embed/tower?theme=light&amp;rows=5" width="300" height="250" '
        'style="border:0;color-scheme:normal" title="Pitwall"></iframe>'
    )
    expect(page.frame_locator("#shown").locator(".line")).to_have_count(5, timeout=SOON_MS)
    assert watch.complaints == []
    assert axe.faults(page) == []


def test_the_head_of_a_page_has_the_preview_and_the_page_still_starts(
    server: Server, page: Page
) -> None:
    watch = Watch(page)
    page.goto(server.url)
    expect(page.locator(".tower .line").first).to_be_visible(timeout=SOON_MS)

    picture = page.locator('meta[property="og:image"]').first.get_attribute("content")
    assert picture is not None
    answer = page.request.get(picture)
    assert Image.open(io.BytesIO(answer.body())).size == (1200, 630)
    assert watch.complaints == []
