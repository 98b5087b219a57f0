"""Test the bounds on what a socket sends and on what waits for it.

These tests fail when an upgrade of python-socketio or python-engineio changes what they rely on.
"""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from pitwall.web.socket.connection import BYTES_AT_MOST, PACKETS_AT_MOST, PACKETS_BEHIND
from pitwall.web.socket.refusal_log import Complaints
from pitwall.web.socket.server import (
    BEHIND_S,
    EVENTS_AT_ONCE,
    EXCESS_AT_ONCE,
    JOINS_WITHIN_S,
    SOCKETS_OF_ADDRESS,
    STRIKES,
    UNREAD_S,
    Caller,
    DoorServer,
    _why_not,
)

EVENT = '42/_event,["event",{}]'


class Browser:
    """The other side of a WebSocket, as the server's ASGI calls see it."""

    def __init__(self) -> None:
        self.says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heard: list[str] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.is_closed = False

    def say(self, *frames: str) -> None:
        for frame in frames:
            self.says.put_nowait({"type": "websocket.receive", "text": frame})

    async def receive(self) -> dict[str, Any]:
        return await self.says.get()

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            await self.reads.wait()
            self.heard.append(message["text"])
        self.is_closed = self.is_closed or message["type"] == "websocket.close"


class Door:
    """A door and the sockets that are open at it."""

    def __init__(self) -> None:
        self.server = DoorServer(
            Complaints(),
            async_mode="asgi",
            cors_allowed_origins=[],
            async_handlers=False,
            transports=["websocket"],
            max_http_buffer_size=64_000,
        )
        self.events: list[object] = []
        self.server.on("event", self._note, namespace="/_event")
        self.server.on("connect", self._joined, namespace="/_event")
        self.running: list[asyncio.Task[Any]] = []

    async def _joined(self, *_said: object) -> None: ...

    async def _note(self, _sid: str, said: object) -> None:
        self.events.append(said)

    async def open(self, browser: Browser, address: str = "192.0.2.1") -> Caller:
        environ = {
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": "EIO=4&transport=websocket&token=t",
            "HTTP_CONNECTION": "upgrade",
            "HTTP_UPGRADE": "websocket",
            "asgi.scope": {"type": "websocket", "client": (address, 1)},
            "asgi.receive": browser.receive,
            "asgi.send": browser.send,
        }
        before = set(self.server.callers)
        handled = self.server.eio._handle_connect(environ, "websocket")
        self.running.append(asyncio.create_task(handled))
        browser.say("40/_event,")
        for _ in range(20):
            await asyncio.sleep(0)
        [opened] = set(self.server.callers) - before
        return self.server.callers[opened]


async def settle() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


@pytest.fixture
def door() -> Door:
    return Door()


async def test_a_page_is_heard(door: Door) -> None:
    browser = Browser()
    await door.open(browser)

    browser.say('42/_event,["event",{"name":"x"}]', "3")
    await settle()

    assert door.events == [{"name": "x"}]
    assert any(frame.startswith("40/_event,") for frame in browser.heard)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "9",
        "2probe",
        "3" * 1_000,
        "4" + "[" * 30_000,
        "42/elsewhere,[]",
        "45/_event,1-[]",
        "451-/_event,[]",
        "43/_event,7[]",
        "40/_event,",
        '42["event",{}]',
        "42/_event,",
        "42/_event,{}",
        "42/_event,[]",
        "42/_event," + "[" * 30_000,
        '42/_event,["event"]',
        '42/_event,["event",{},{}]',
        '42/_event,["connect",{"QUERY_STRING":"token=mine"}]',
        '42/_event,["disconnect"]',
        '42/_event,["disconnect","x"]',
        '42/_event,[["event"],{}]',
        '42/_event,["event",' + "9" * 5_000 + "]",
    ],
    ids=lambda frame: frame[:40] or "empty",
)
async def test_what_no_page_says_is_counted_and_soon_ends_the_socket(
    door: Door, frame: str, capfd: pytest.CaptureFixture[str]
) -> None:
    browser = Browser()
    await door.open(browser)

    browser.say(*[frame] * (STRIKES - 1))
    await settle()
    assert not browser.is_closed
    browser.say(frame)
    await settle()

    assert browser.is_closed
    assert door.server.callers == {}
    assert door.events == []
    assert "Traceback" not in capfd.readouterr().err


async def test_a_frame_that_is_too_large_ends_the_socket_at_once(door: Door) -> None:
    browser = Browser()
    await door.open(browser)

    browser.say('42/_event,["event",' + json.dumps("x" * 70_000) + "]")
    await settle()

    assert browser.is_closed
    assert door.events == []


async def test_a_flood_is_left_out_and_then_ended(door: Door) -> None:
    browser, other = Browser(), Browser()
    await door.open(browser)
    await door.open(other)

    browser.say(*[EVENT] * 10_000)
    for _ in range(20):
        await settle()

    assert browser.is_closed
    assert len(door.events) < EVENTS_AT_ONCE + 20
    assert browser.says.qsize() > 10_000 - EVENTS_AT_ONCE - EXCESS_AT_ONCE - 100  # left unread
    assert len(door.server.callers) == 1
    other.say(EVENT)
    before = len(door.events)
    await settle()
    assert len(door.events) == before + 1


async def test_one_address_has_a_share_of_sockets(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SOCKETS_OF_ADDRESS > 2_000  # a load test comes from one address
    monkeypatch.setattr("pitwall.web.socket.server.SOCKETS_OF_ADDRESS", 1)
    await door.open(Browser(), "2001:db8::1")

    with pytest.raises(ValueError, match="unpack"):
        await door.open(Browser(), "2001:db8::2")  # of the same household
    await door.open(Browser(), "2001:db8:1::2")


async def test_a_network_of_many_households_has_a_share_of_sockets(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pitwall.web.socket.server.SOCKETS_OF_NETWORK", 2)
    browser = Browser()
    await door.open(browser, "2001:db8::1")
    await door.open(Browser(), "2001:db8:0:1::1")

    with pytest.raises(ValueError, match="unpack"):
        await door.open(Browser(), "2001:db8:0:2::1")
    await door.open(Browser(), "2001:db8:1::1")  # of another network
    await door.open(Browser(), "192.0.2.7")

    browser.say(*["nonsense"] * STRIKES)
    await settle()
    await door.open(Browser(), "2001:db8:0:2::1")  # a place has become free


async def test_a_socket_that_does_not_read_is_bounded_and_cut(door: Door) -> None:
    browser = Browser()
    caller = await door.open(browser)
    [sid] = [sid for sid, _ in door.server.manager.get_participants("/_event", None)]
    browser.reads.clear()

    for _ in range(PACKETS_BEHIND + 2):
        await door.server.emit("event", {"x": "y"}, room=sid, namespace="/_event")
        await asyncio.sleep(0)
    assert caller.outbox.is_behind
    assert door.server.is_behind(sid)
    assert caller.wire is not None
    assert caller.wire.writing_since is not None
    assert "does not read" in _why_not(caller, caller.wire.writing_since + UNREAD_S + 1)
    for _ in range(3 * PACKETS_AT_MOST):
        await door.server.emit("event", {"x": "y"}, room=sid, namespace="/_event")
    await settle()

    assert browser.is_closed
    assert caller.outbox.qsize() <= PACKETS_AT_MOST
    assert door.server.callers == {}
    assert all(task.done() for task in door.running)


async def test_what_waits_is_bounded_in_bytes_too(door: Door) -> None:
    browser = Browser()
    caller = await door.open(browser)
    [sid] = [sid for sid, _ in door.server.manager.get_participants("/_event", None)]
    browser.reads.clear()

    for _ in range(12):
        await door.server.emit("event", "x" * 500_000, room=sid, namespace="/_event")
        await asyncio.sleep(0)
    await settle()

    assert browser.is_closed
    assert caller.outbox.waiting_bytes <= BYTES_AT_MOST


async def test_who_reads_slowly_or_never_joins_is_closed_in_the_end(door: Door) -> None:
    caller = await door.open(Browser())
    now = caller.opened_s
    assert _why_not(caller, now + 1_000) == ""

    for _ in range(PACKETS_BEHIND):
        caller.outbox.put_nowait(SimpleNamespace(data=""))
    assert _why_not(caller, now) == ""
    assert "too slowly" in _why_not(caller, now + BEHIND_S + 1)
    caller.outbox.drop()
    assert _why_not(caller, now + BEHIND_S + 2) == ""

    caller.is_joined = False
    assert "never joined" in _why_not(caller, now + JOINS_WITHIN_S + 1)
