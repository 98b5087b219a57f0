"""Test that the stream tells every reader what it asked for, once encoded, and lets go of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

from pitwall import services
from pitwall.aio import end
from pitwall.api import live_stream
from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import TrackStatus
from pitwall.live.event_ring import EventRing
from tests.api.conftest import Clients, House
from tests.live.frames import a_frame, later, with_header


class Reader:
    """A program that reads the stream, at its own pace."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()
        self.leaves = asyncio.Event()
        self.is_over = False

    async def receive(self) -> Message:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self.reads.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif message.get("more_body"):
            self.pieces.put_nowait(message["body"])
        else:
            self.is_over = True

    async def messages(self) -> list[dict[str, str]]:
        """Wait for the next piece, and return its messages."""
        piece = await asyncio.wait_for(self.pieces.get(), 5)
        texts = piece.decode().removesuffix("\n\n").split("\n\n")
        return [dict(line.split(": ", 1) for line in text.splitlines()) for text in texts]


@asynccontextmanager
async def reading(app: ASGIApp, query: str = "", last: str = "") -> AsyncIterator[Reader]:
    reader = Reader()
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "path": "/live-battles/stream", "raw_path": b"/live-battles/stream",
        "query_string": query.encode(), "root_path": "", "scheme": "http",
        "headers": [(b"host", b"localhost:8000"), (b"last-event-id", last.encode())],
        "client": ("127.0.0.1", 50_000), "server": ("localhost", 8_000), "state": {},
    }  # fmt: skip
    answering = asyncio.ensure_future(app(scope, reader.receive, reader.send))
    try:
        yield reader
    finally:
        await end(answering)


@pytest.fixture
def ring(house: House) -> EventRing:
    ring = EventRing()
    services.install(replace(house.services, events=ring))
    return ring


def yellow(frame: LiveFrame) -> LiveFrame:
    return later(with_header(frame, track_status=TrackStatus.YELLOW))


async def test_a_reader_is_sent_frames_and_events(app: ASGIApp, ring: EventRing) -> None:
    first = replace(a_frame(), battles=())
    ring.add(first)
    async with reading(app) as reader:
        assert await reader.messages() == [{"retry": "2000"}]
        (message,) = await reader.messages()
        assert reader.status == 200
        assert reader.headers["content-type"].startswith("text/event-stream")
        assert "content-length" not in reader.headers
        assert message["event"] == "frame"
        assert json.loads(message["data"])["battles"] == []

        second = replace(a_frame(sequence=2), published_at=later(first).published_at)
        ring.add(with_header(second, track_status=TrackStatus.YELLOW))
        flag, opened, frame = await reader.messages()
        assert flag["event"] == "flag"
        assert json.loads(flag["data"])["track_status"] == "yellow"
        assert opened["event"] == "battle_opened"
        assert json.loads(opened["data"])["battle"]["attacker"]["number"] == 81
        assert json.loads(frame["data"])["battles"] == [json.loads(opened["data"])["battle"]]
        assert [bool(each.get("id")) for each in (flag, opened, frame)] == [False, False, True]


@pytest.mark.parametrize(
    ("query", "battles"),
    [
        ("", 1), ("min_p=0.99", 0), ("drivers=pia", 1), ("drivers=44,81", 1), ("drivers=44", 0),
    ],
)  # fmt: skip
async def test_filters_narrow_a_frame(
    app: ASGIApp, ring: EventRing, query: str, battles: int
) -> None:
    ring.add(a_frame())
    async with reading(app, query) as reader:
        await reader.messages()
        (message,) = await reader.messages()
        assert len(json.loads(message["data"])["battles"]) == battles


async def test_a_reader_of_flags_alone_is_sent_no_frame(app: ASGIApp, ring: EventRing) -> None:
    frame = a_frame()
    ring.add(frame)
    async with reading(app, "events=flag") as reader:
        await reader.messages()
        ring.add(later(frame))
        ring.add(yellow(later(frame)))
        (message,) = await reader.messages()
        assert message["event"] == "flag"
        assert message["id"]


async def test_a_reader_that_comes_back_is_told_what_it_missed(
    app: ASGIApp, ring: EventRing
) -> None:
    frame = a_frame()
    ring.add(frame)
    async with reading(app) as reader:
        await reader.messages()
        last = (await reader.messages())[-1]["id"]
    ring.add(yellow(frame))
    ring.add(later(yellow(frame)))
    async with reading(app, last=last) as reader:
        await reader.messages()
        events = [message["event"] for message in await reader.messages()]
    assert events == ["flag", "frame"]
    async with reading(app, last="of-another-server") as reader:
        await reader.messages()
        events = [message["event"] for message in await reader.messages()]
    assert events == ["missed", "frame"]


async def test_a_slow_reader_is_given_the_newest_frame_only(app: ASGIApp, ring: EventRing) -> None:
    frame = a_frame()
    ring.add(frame)
    async with reading(app) as reader:
        await reader.messages()
        await reader.messages()
        reader.reads.clear()
        for _ in range(20):
            frame = later(frame)
            ring.add(frame)
            await asyncio.sleep(0)
        reader.reads.set()
        sequences = [json.loads((await reader.messages())[0]["data"])["sequence"] for _ in range(2)]
        assert sequences[-1] == 21


async def test_a_reader_that_stops_reading_is_let_go(
    app: ASGIApp, ring: EventRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_stream, "STALLED_S", 0.05)
    frame = a_frame()
    ring.add(frame)
    async with reading(app) as reader:
        await reader.messages()
        await reader.messages()
        reader.reads.clear()
        ring.add(later(frame))
        await asyncio.sleep(0.3)
        reader.reads.set()
        await asyncio.sleep(0.05)
        assert reader.is_over


async def test_a_silent_server_sends_heartbeats(
    app: ASGIApp, ring: EventRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_stream, "HEARTBEAT_S", 0.05)
    async with reading(app) as reader:
        await reader.messages()
        (message,) = await reader.messages()
        assert message["event"] == "heartbeat"
        assert json.loads(message["data"])["feed_state"] is None
    ring.add(a_frame())
    async with reading(app, "events=passed") as reader:
        await reader.messages()
        (message,) = await reader.messages()
        assert json.loads(message["data"])["feed_state"] == "flowing"


async def test_each_frame_is_encoded_once_for_all_who_ask_for_the_same(
    app: ASGIApp, ring: EventRing
) -> None:
    ring.add(a_frame())
    async with reading(app) as one, reading(app) as other, reading(app, "min_p=0.6") as third:
        for reader in (one, other, third):
            await reader.messages()
        pieces = [await reader.pieces.get() for reader in (one, other, third)]
    assert pieces[0] is pieces[1]
    assert pieces[0] != pieces[2]


async def test_a_reader_that_leaves_is_forgotten(app: ASGIApp, ring: EventRing) -> None:
    ring.add(a_frame())
    async with reading(app) as reader:
        await reader.messages()
        assert live_stream.EventStream._open == 1
        reader.leaves.set()
        await asyncio.sleep(0.01)
        assert live_stream.EventStream._open == 0


async def test_only_so_many_streams_are_served(
    clients: Clients, app: ASGIApp, ring: EventRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_stream, "MOST_READERS", 1)
    guest = await clients.guest()
    ring.add(a_frame())
    async with reading(app) as reader:
        await reader.messages()
        answer = await guest.get("/live-battles/stream")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "Too many streams are open; try again later."


@pytest.mark.parametrize("query", ["drivers=banana", "min_p=2", "events=frames"])
async def test_a_wrong_filter_is_refused(clients: Clients, ring: EventRing, query: str) -> None:
    ring.add(a_frame())
    answer = await (await clients.guest()).get(f"/live-battles/stream?{query}")
    assert answer.status_code == 422
    assert answer.json()["invalid"][0]["name"].startswith(f"query.{query.partition('=')[0]}")


async def test_head_ends_at_once(clients: Clients, ring: EventRing) -> None:
    ring.add(a_frame())
    answer = await (await clients.guest()).head("/live-battles/stream")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
