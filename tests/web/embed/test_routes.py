"""Test what embeds are served with: who may frame them, what they may do, and how they are fed."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

from pitwall import services
from pitwall.api.app import build_api
from pitwall.api.protection.stack import Protection, protected
from pitwall.domain.frames import LiveFrame
from pitwall.live.event_ring import EventRing
from pitwall.web.embed import feed
from pitwall.web.embed.routes import router
from tests.api.conftest import Clients, House, clients, house, protection
from tests.web.frames import make_frame

__all__ = ["clients", "house", "protection"]


@pytest.fixture
def app(house: House, protection: Protection) -> ASGIApp:
    return protected(build_api(router), protection)


@pytest.fixture
def ring(house: House) -> EventRing:
    ring = EventRing()
    services.install(replace(house.services, events=ring))
    return ring


def directives(policy: str) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


@pytest.mark.parametrize("kind", ["battle", "tower", "map"])
async def test_an_embed_may_be_framed_sets_no_cookie_and_runs_own_files_only(
    clients: Clients, kind: str
) -> None:
    client = await clients.guest()

    answer = await client.get(f"/embed/{kind}?theme=light")

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "x-frame-options" not in answer.headers
    policy = directives(answer.headers["content-security-policy"])
    assert policy["frame-ancestors"] == "*"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert not re.search(r"<style|<script(?![^>]* src=)| on\w+=| style=", answer.text)


async def test_the_owner_says_who_may_frame(clients: Clients, house: House) -> None:
    client = await clients.guest()
    services.install(replace(house.services, embed_ancestors="'self' https://a.example"))

    answer = await client.get("/embed/battle")

    policy = directives(answer.headers["content-security-policy"])
    assert policy["frame-ancestors"] == "'self' https://a.example"


@pytest.mark.parametrize("path", ["/embed", "/health", "/docs"])
async def test_nothing_else_may_be_framed(clients: Clients, path: str) -> None:
    client = await clients.guest()

    answer = await client.get(path)

    assert answer.headers["x-frame-options"] == "DENY"
    policy = directives(answer.headers["content-security-policy"])
    assert policy["frame-ancestors"] == "'none'"


async def test_a_wrong_address_is_explained_on_the_embed(clients: Clients) -> None:
    client = await clients.guest()

    answer = await client.get("/embed/battle", params={"accent": "<b>red"})

    assert answer.status_code == 422
    assert "accent is six hexadecimal digits" in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/embed/weather", 422),
        ("/embed/battle/now?drivers=VERSTAPPEN", 422),
        ("/embed/battle/more", 404),
        ("/embed/fonts/..%2F..%2Frouter.py", 404),
        ("/embed/fonts/arial.woff2", 404),
    ],
)
async def test_there_is_nothing_else(
    clients: Clients, ring: EventRing, path: str, status: int
) -> None:
    ring.add(make_frame())
    client = await clients.guest()

    assert (await client.get(path)).status_code == status


async def test_fonts_are_those_of_the_style_sheet(clients: Clients) -> None:
    client = await clients.guest()
    sheet = (await client.get("/embed/fonts.css")).text
    addresses = re.findall(r'url\("([^"]+)"\)', sheet)

    for address in addresses:
        font = await client.get(address)
        assert font.headers["content-type"] == "font/woff2"
        assert font.content.startswith(b"wOF2")
    assert len(addresses) == 4


async def test_before_the_first_frame_there_is_nothing_to_show(
    clients: Clients, ring: EventRing
) -> None:
    client = await clients.guest()

    answer = await client.get("/embed/battle/now")

    assert answer.status_code == 503
    assert answer.json()["detail"] == "No frame has been published yet."


async def test_what_is_shown_now_comes_once(clients: Clients, ring: EventRing) -> None:
    ring.add(make_frame(8))
    client = await clients.guest()

    first = await client.get("/embed/map/now")
    again = await client.get("/embed/map/now", headers={"If-None-Match": first.headers["etag"]})
    anything = await client.get("/embed/map/now", headers={"If-None-Match": "*"})
    assert anything.status_code == 304
    part = await client.get("/embed/map/now?without=track")

    assert {"pulse", "head", "track", "marks", "cars", "places", "battles"} == set(first.json())
    assert again.status_code == 304
    assert set(first.json()) - set(part.json()) == {"track"}


class EmbedReader:
    """A browser that follows an embed's stream."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.leaves = asyncio.Event()

    async def receive(self) -> Message:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif message.get("more_body"):
            self.pieces.put_nowait(message["body"])

    async def piece(self) -> bytes:
        return await asyncio.wait_for(self.pieces.get(), 5)

    async def news(self) -> dict[str, Any]:
        """Return the pieces of the next event."""
        text = (await self.piece()).decode()
        assert text.startswith("data: ")
        assert text.endswith("\n\n")
        found: dict[str, Any] = json.loads(text.removeprefix("data: "))
        return found


@asynccontextmanager
async def reading(app: ASGIApp, path: str) -> AsyncIterator[EmbedReader]:
    reader = EmbedReader()
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"localhost:8000")], "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    task = asyncio.ensure_future(app(scope, reader.receive, reader.send))
    try:
        assert await reader.piece() == b"retry: 2000\n\n"
        yield reader
    finally:
        reader.leaves.set()
        await asyncio.wait_for(task, 5)


def next_of(frame: LiveFrame, **changes: Any) -> LiveFrame:
    return replace(frame, sequence=frame.sequence + 1, **changes)


async def test_a_stream_tells_everything_once_and_then_what_has_changed(
    app: ASGIApp, ring: EventRing
) -> None:
    frame = make_frame(8)
    ring.add(frame)

    async with reading(app, "/embed/battle/stream") as reader:
        first = await reader.news()
        ring.add(next_of(frame, data_age_s=0.9))
        second = await reader.news()

    assert reader.headers["content-type"].startswith("text/event-stream")
    assert "set-cookie" not in reader.headers
    assert set(first) == {"pulse", "head", "battle", "reading", "empty"}
    assert set(second) == {"pulse"}
    assert len(feed.EmbedFan.of(ring)) == 0


async def test_a_quiet_race_sends_a_sign_of_life(
    app: ASGIApp, ring: EventRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed.EmbedFan, "heartbeat_s", 0.05)
    ring.add(make_frame())

    async with reading(app, "/embed/tower/stream") as reader:
        await reader.news()

        assert await reader.piece() == b": alive\n\n"


async def test_readers_that_show_the_same_share_what_is_made(
    app: ASGIApp, ring: EventRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    real = feed._encoded

    def encoded(piece: object) -> bytes:
        made.append(piece)
        return real(piece)

    monkeypatch.setattr(feed, "_encoded", encoded)
    ring.add(make_frame(12))

    async with reading(app, "/embed/tower/stream") as one:
        await one.news()
        once = len(made)
        async with reading(app, "/embed/tower/stream") as other:
            assert (await other.news())["tower"]

    assert len(made) == once > 0


async def test_the_number_of_streams_is_bounded(
    clients: Clients, ring: EventRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed.EmbedFan, "most_readers", 0)
    ring.add(make_frame())
    client = await clients.guest()

    answer = await client.get("/embed/map/stream")

    assert answer.status_code == 503
    assert "Too many embeds" in answer.json()["detail"]


async def test_asking_for_the_head_of_a_stream_ends(clients: Clients, ring: EventRing) -> None:
    ring.add(make_frame())
    client = await clients.guest()

    answer = await client.head("/embed/battle/stream")

    assert (answer.status_code, answer.content) == (200, b"")
