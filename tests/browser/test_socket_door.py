"""Test the real server's event socket with a client that sends arbitrary frames."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser.conftest import ROOT, Server
from tests.servers.ports import free_port
from tests.sockets.raw import ACCOUNT, LIVE, RACES, STATES, RawSocket

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EMAIL, PASSWORD = "ada@example.org", "an engine of brass"
FORGED = "no.such\nWARNING forged: a line of my own"
SOON_S = 20.0


class Logged(Server):
    """A server whose log can be read."""

    def __init__(self, data: Path) -> None:
        super().__init__(free_port(), data)
        self.log = data / "log"

    def start(self) -> None:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pitwall.serve"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 180
        while not self._answers():
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def server(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    running = Logged(tmp_path_factory.mktemp("door"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


async def log_in(server: Server) -> str:
    """Return the Cookie header of somebody who is logged in."""
    url = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=url, headers={"Origin": url}) as asking:
        body = {"email": EMAIL, "password": PASSWORD}
        await asking.post("/auth/register", json=body)
        (await asking.post("/auth/login", json=body)).raise_for_status()
        return "; ".join(f"{name}={value}" for name, value in asking.cookies.items())


async def test_what_no_page_sends_is_refused_in_one_line_without_the_cookie(
    server: Logged,
) -> None:
    async with RawSocket(server.port, cookie="pitwall=THE-SECRET") as socket:
        await socket.told(STATES, is_hydrated=True)
        update = f"{STATES}.reflex___state____update_vars_internal_state.update_vars_internal"
        await socket.send(update, vars={f"{LIVE}.tv_delay": "x" * 40_000})
        for _ in range(20):
            await socket.send(FORGED + "x" * 1_000)
        await asyncio.wait_for(socket.is_closed.wait(), SOON_S)

    log = server.log.read_text()
    assert log.count("an event that no page offers") == 1
    assert "THE-SECRET" not in log
    assert not any(line.startswith("WARNING forged") for line in log.splitlines())
    assert "Traceback" not in log
    told = [each for delta in socket.deltas(LIVE) for each in delta.values()]
    assert not any("x" * 100 in str(value) for value in told)


async def test_while_one_floods_the_others_get_their_frames(server: Logged) -> None:
    before = server.log.stat().st_size

    async def flood() -> None:
        async with RawSocket(server.port, path="/races") as socket:
            for number in range(20_000):
                if socket.is_closed.is_set():
                    return
                await socket.send(f"{RACES}.search", text=f"a{number}")
                if number % 50 == 0:
                    await asyncio.sleep(0)
            # All this fits into the buffers on the way, so the end may come after the last word.
            await asyncio.wait_for(socket.is_closed.wait(), SOON_S)

    async with RawSocket(server.port) as watching:
        await watching.told(STATES, is_hydrated=True)
        floods = await asyncio.gather(*(flood() for _ in range(3)), return_exceptions=True)
        assert not any(isinstance(each, TimeoutError) for each in floods)
        had, began = len(watching.deltas(LIVE)), time.monotonic()
        await watching.until(lambda: len(watching.deltas(LIVE)) >= had + 12)
        assert time.monotonic() - began < 10.0  # three seconds of frames, on a busy machine

    assert server.log.stat().st_size - before < 20_000


async def test_a_token_opens_nothing_without_its_log_in(server: Logged) -> None:
    cookie = await log_in(server)
    async with RawSocket(server.port, cookie=cookie, path="/account") as theirs:
        await theirs.told(ACCOUNT, email=EMAIL)
        assert any(delta.get("log_ins_rx_state_") for delta in theirs.deltas(ACCOUNT))
        assert cookie.partition("=")[2] not in str(theirs.heard)  # which scripts may not read

    for path in ("/account", "/"):
        async with RawSocket(server.port, token=theirs.token, path=path) as guest:
            await guest.told(ACCOUNT, email="")
            await asyncio.sleep(0.5)
        assert EMAIL not in str(guest.heard)
        assert not any(delta.get("log_ins_rx_state_") for delta in guest.deltas(ACCOUNT))


async def test_an_open_tab_is_a_guests_soon_after_its_log_in_has_ended(server: Logged) -> None:
    cookie = await log_in(server)
    url = f"http://127.0.0.1:{server.port}"
    async with RawSocket(server.port, cookie=cookie, path="/account") as socket:
        await socket.told(ACCOUNT, email=EMAIL)
        async with httpx.AsyncClient(headers={"Origin": url, "Cookie": cookie}) as asking:
            (await asking.post(f"{url}/auth/logout")).raise_for_status()

        await socket.told(ACCOUNT, email="", keys=[], log_ins=[])
        await socket.until(lambda: "/login?next=/account" in str(socket.heard))
