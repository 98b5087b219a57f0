"""Measure how long a byte of the live feed takes to a browser tab, stage by stage.

A local hub plays a recorded sprint at its own pace over a real socket, and at random moments sends
a message that contains a number. The benchmark notes when each number arrives: in the frames of an
ingest in this process, in what the real server sends to a tab, and in the page of a real browser.
All times are read from this machine's clock.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from websockets.asyncio.client import connect

from benchmarks.tabs import ROOT, free_port, join
from pitwall.app.container import load_predictor
from pitwall.app.settings import Settings
from pitwall.cache.memory import MemoryLiveCache
from pitwall.domain.frames import LiveFrame
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.f1_live import F1LiveFeed
from pitwall.live.ingest import Ingest
from pitwall.live.intake import Intake
from pitwall.live.publishing import Publisher
from pitwall.wire.message import RawMessage
from tests.chaos.races import load, shortened
from tests.chaos.signalr_server import SignalRServer

SHARED = Path(os.environ.get("PITWALL_SHARED", Path(__file__).parents[2] / "shared"))
RACE = SHARED / "data" / "wire" / "static" / "2023_Azerbaijan_Grand_Prix_Sprint"
MARKS = 150
_MARK = re.compile(r"MARK (\d+)")
_WATCH = """() => {
  window.marks = {};
  const note = () => {
    const shown = document.querySelector(".control.panel");
    const mark = shown && shown.textContent.match(/MARK (\\d+)/);
    if (mark && !(mark[1] in window.marks)) {
      window.marks[mark[1]] = performance.timeOrigin + performance.now();
    }
  };
  new MutationObserver(note).observe(document.body,
    { childList: true, subtree: true, characterData: true });
}"""

Times = dict[int, float]
"""Seconds since 1970 by number of the mark."""


def main() -> None:
    """Print a row for each stage."""
    sys.stdout.write(
        "\nFrom a byte on the feed's socket to the page, ms, each mark from its send\n"
    )
    if not RACE.is_dir():
        sys.stdout.write(f"  no recordings at {SHARED}\n")
        return
    sys.stdout.write(f"  load average at the beginning {os.getloadavg()[0]:.1f}\n")
    asyncio.run(_measure())


class Marker(MemoryLiveCache):
    """Notes when the frame with each mark was published."""

    def __init__(self) -> None:
        super().__init__()
        self.times: Times = {}

    async def publish(self, frame: LiveFrame) -> None:
        """Note the mark in race control's last word."""
        if found := _MARK.search(frame.header.latest_control):
            self.times.setdefault(int(found[1]), time.time())
        await super().publish(frame)


async def _measure() -> None:
    rng = random.Random(1)  # noqa: S311  where the marks fall
    lasts_s = MARKS * 0.8 + 60
    race = shortened(load(RACE), rng, lasts_s, datetime.now(UTC))
    server = SignalRServer(race, lambda: datetime.now(UTC))
    async with server.http:
        url = server.http.url
        playing = asyncio.create_task(server.play())
        marker, tab, page = Marker(), dict[int, float](), dict[int, float]()
        async with _ingest(url, marker), _app(url) as port, _tab(port, tab), _browser(port, page):
            await asyncio.sleep(3)
            sent = await _send_marks(server, rng)
        playing.cancel()
        with suppress(asyncio.CancelledError):
            await playing
    _row("socket -> frame published", sent, marker.times)
    _row("socket -> a tab's socket", sent, tab)
    _row("socket -> the browser's page", sent, page)
    sys.stdout.write(f"  load average at the end {os.getloadavg()[0]:.1f}\n")


async def _send_marks(server: SignalRServer, rng: random.Random) -> Times:
    sent: Times = {}
    for number in range(1, MARKS + 1):
        await asyncio.sleep(rng.uniform(0.4, 1.2))
        body = json.dumps({"Messages": {str(5000 + number): {"Message": f"MARK {number}"}}})
        sent[number] = time.time()
        for hub in list(server.hubs):
            server.deliver(hub, RawMessage(datetime.now(UTC), "RaceControlMessages", body.encode()))
    await asyncio.sleep(2)
    return sent


def _row(stage: str, sent: Times, seen: Times) -> None:
    delays_ms = sorted(1000 * (seen[number] - sent[number]) for number in sent if number in seen)
    if not delays_ms:
        sys.stdout.write(f"  {stage:30s} nothing seen\n")
        return
    p99_ms = delays_ms[int(0.99 * (len(delays_ms) - 1))]
    sys.stdout.write(
        f"  {stage:30s} p50 {statistics.median(delays_ms):5.0f}  p99 {p99_ms:5.0f}"
        f"  longest {delays_ms[-1]:5.0f}  ({len(delays_ms)} of {len(sent)} marks)\n"
    )


@asynccontextmanager
async def _ingest(url: str, marker: Marker) -> AsyncIterator[None]:
    publisher = Publisher(marker, "")
    intake = Intake(RaceEngine(load_predictor(Settings())))
    running = asyncio.create_task(Ingest(F1LiveFeed(base_url=url), intake, publisher).run())
    yield
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@asynccontextmanager
async def _app(url: str) -> AsyncIterator[int]:
    port = free_port()
    with TemporaryDirectory() as data:
        settings = {
            "PITWALL_PORT": str(port),
            "PITWALL_FEED": "f1_live",
            "PITWALL_F1_URL": url,
            "PITWALL_DATA": data,
        }
        server = subprocess.Popen(  # noqa: ASYNC220  once, before anything is measured
            [sys.executable, "-m", "pitwall.serve"],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            await _until_it_listens(port)
            yield port
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            await asyncio.to_thread(server.wait, 20)


async def _until_it_listens(port: int) -> None:
    for _ in range(600):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    message = "the server did not start: is the front end built? (make build)"
    raise RuntimeError(message)


@asynccontextmanager
async def _tab(port: int, seen: Times) -> AsyncIterator[None]:
    reading = asyncio.create_task(_read_tab(port, seen))
    yield
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading


async def _read_tab(port: int, seen: Times) -> None:
    token = str(uuid.uuid4())
    url = f"ws://127.0.0.1:{port}/_event/?EIO=4&transport=websocket&token={token}"
    async with connect(url, max_size=None) as tab:
        await tab.recv()  # Engine.IO: open
        await join(tab)
        async for text in tab:
            if text == "2":  # Engine.IO: ping
                await tab.send("3")
            elif found := _MARK.search(str(text)):
                seen.setdefault(int(found[1]), time.time())


@asynccontextmanager
async def _browser(port: int, seen: Times) -> AsyncIterator[None]:
    from playwright.async_api import async_playwright

    path = os.environ.get("PITWALL_CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        await page.wait_for_selector(".control.panel")
        await page.evaluate(_WATCH)
        yield
        marks = await page.evaluate("() => window.marks")
        seen.update({int(number): at_ms / 1000 for number, at_ms in marks.items()})
        await browser.close()
