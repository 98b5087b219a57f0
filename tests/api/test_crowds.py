"""Test the limit of open requests for each address, and answers to unexpected errors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from pitwall.api.protection.request_bounds import Crowds
from tests.api.conftest import Clients

Ask = Callable[..., Awaitable[str]]


class Room:
    """An app whose requests last until they are let go, behind a limit of two."""

    def __init__(self) -> None:
        self.end = asyncio.Event()
        self.inside = 0
        self.app = Crowds(self._stay, 2)
        self.going: list[asyncio.Task[str]] = []

    async def _stay(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.inside += 1
        await self.end.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ask(self, host: str, kind: str = "http") -> str:
        """Return what came of a request, "" while it lasts."""
        said: list[Message] = []

        async def send(message: Message) -> None:
            said.append(message)

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        scope = {"type": kind, "method": "GET", "path": "/", "client": (host, 1), "headers": []}
        scope |= {"query_string": b"", "scheme": "http", "server": ("localhost", 80)}

        async def run() -> str:
            await self.app(scope, receive, send)
            return str(said[0].get("status", said[0].get("code")))

        task = asyncio.create_task(run())
        self.going.append(task)
        done, _ = await asyncio.wait([task], timeout=0.05)
        return task.result() if done else ""


@pytest.fixture
async def room() -> Room:
    return Room()


async def test_one_address_has_its_share_and_others_have_theirs(room: Room) -> None:
    first = [await room.ask("1.2.3.4"), await room.ask("::ffff:1.2.3.4", "websocket")]

    assert first == ["", ""]
    assert await room.ask("1.2.3.4") == "429"
    assert await room.ask("1.2.3.4", "websocket") == "1013"
    assert await room.ask("1.2.3.5") == ""
    room.end.set()
    await asyncio.gather(*room.going)
    assert await room.ask("1.2.3.4") == "200"
    assert not room.app._open  # nobody is remembered for having been here


async def test_an_ipv6_household_is_one_and_its_network_has_a_looser_share(room: Room) -> None:
    said = [await room.ask(f"2001:db8::{number}") for number in range(3)]
    others = [await room.ask(f"2001:db8:0:{number}::1") for number in range(1, 8)]

    assert said == ["", "", "429"]
    assert others == [""] * 6 + ["429"]
    assert await room.ask("2001:db8:1::1") == ""
    room.end.set()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.8.8.8"])
async def test_this_machine_has_no_limit(room: Room, host: str) -> None:
    assert [await room.ask(host) for _ in range(5)] == [""] * 5
    room.end.set()


async def test_a_failure_is_one_line_and_a_problem(
    clients: Clients, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_args: object) -> None:
        raise ZeroDivisionError("a secret\nERROR forged")

    monkeypatch.setattr("pitwall.cache.memory.MemoryLiveCache.latest", fail)
    browser = await clients.guest()

    with caplog.at_level(logging.INFO):
        answers: list[httpx.Response] = [await browser.get("/live-battles")]

    assert answers[0].status_code == 500
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert "secret" not in answers[0].text
    assert "Traceback" not in answers[0].text
    (record,) = [each for each in caplog.records if each.name.startswith("pitwall")]
    assert record.exc_info is None
    because: str = record.__dict__["because"]
    assert because.startswith("ZeroDivisionError: 'a secret\\nERROR forged' at ")
    assert "\n" not in because
