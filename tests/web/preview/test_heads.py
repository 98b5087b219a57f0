"""Test that pages leave with the tags of their address, and that all else passes unchanged."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from pitwall.api.app import build_api
from pitwall.api.protection.stack import Protection, protected
from pitwall.web.preview import heads
from pitwall.web.preview.heads import LinkHeads
from pitwall.web.preview.routes import PICTURES, router
from tests.api.conftest import HOST, Clients, House, clients, house, protection

__all__ = ["clients", "house", "protection"]

PAGE = (
    '<html><head><title>Pitwall</title><meta content="/favicon.svg" property="og:image"/>'
    "</head><body>{}</body></html>"
)
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    for name in ("index", "races", "ledger", "about", "login", "__spa-fallback"):
        (tmp_path / f"{name}.html").write_text(PAGE.format(name))
    return tmp_path


@pytest.fixture
async def client(house: House, built: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(LinkHeads(PlainTextResponse("the app"), built))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/", "index"),
        ("/races", "races"),
        ("/ledger", "ledger"),
        ("/about", "about"),
        ("/replay/2025-dutch-grand-prix-race?t=13:42&battle=NOR-PIA", "__spa-fallback"),
    ],
)
async def test_a_page_has_its_tags_in_its_head(
    client: httpx.AsyncClient, path: str, page: str
) -> None:
    answer = await client.get(path, headers=BROWSER)

    head, _, body = answer.text.partition("</head>")
    assert body == f"<body>{page}</body></html>"
    assert head.count('property="og:image"') == 1
    assert f'<meta property="og:image" content="{HOST}/preview/' in head
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["/login", "/assets/x.js", "/preview/about.png", "/history/x"])
async def test_all_else_passes(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers=BROWSER)).text == "the app"
    assert (await client.post("/", headers=BROWSER)).text == "the app"


async def test_a_path_that_programs_share_is_a_page_for_browsers_and_for_those_who_show_links(
    client: httpx.AsyncClient,
) -> None:
    program = await client.get("/ledger", headers={"User-Agent": "python-httpx"})
    shower = await client.get("/ledger", headers={"User-Agent": "Slackbot-LinkExpanding 1.0"})

    assert program.text == "the app"
    assert "The ledger" in shower.text
    # A cache in between must not give the page to programs.
    assert "Accept, User-Agent" in shower.headers["vary"]
    assert "Accept, " not in (await client.get("/about", headers=BROWSER)).headers["vary"]


async def test_it_is_compressed_where_that_is_liked_and_not_sent_twice(
    client: httpx.AsyncClient,
) -> None:
    plain = await client.get("/about", headers={"Accept-Encoding": "gzip;q=0"})
    async with client.stream("GET", "/about", headers={"Accept-Encoding": "gzip"}) as answer:
        zipped = b"".join([piece async for piece in answer.aiter_raw()])
    again = await client.get("/about", headers={"If-None-Match": plain.headers["etag"]})
    for known in ("*", f'"other", {plain.headers["etag"].removeprefix("W/")}'):
        assert (await client.get("/about", headers={"If-None-Match": known})).status_code == 304
    head = await client.head("/about", headers={"Accept-Encoding": "identity"})

    assert "content-encoding" not in plain.headers
    assert gzip.decompress(zipped) == plain.content
    assert (again.status_code, again.content) == (304, b"")
    assert head.headers["content-length"] == str(len(plain.content))
    assert head.content == b""


async def test_hostile_addresses_neither_write_html_nor_fill_the_memory(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "PAGES_HELD", 4)
    for turn in range(20):
        answer = await client.get(f'/replay/x{turn}?t="><script>{turn}</script>&battle=<b>')
        assert not re.search(r"<script|<b>", answer.text)
        assert answer.status_code == 200

    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    assert isinstance(transport.app, LinkHeads)
    assert len(transport.app._ready) == 4


@pytest.fixture
def app(house: House, protection: Protection) -> ASGIApp:
    return protected(build_api(router), protection)


async def test_pictures_are_for_everybody_and_counted(clients: Clients) -> None:
    client = await clients.guest()

    first = await client.get("/preview/about.png")
    codes = [(await client.get("/preview/live.png")).status_code for _ in range(PICTURES.quota)]

    assert first.content.startswith(b"\x89PNG")
    assert first.headers["content-type"] == "image/png"
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "set-cookie" not in first.headers
    assert codes == [200] * (PICTURES.quota - 1) + [429]


async def test_a_picture_of_nothing_is_not_found(clients: Clients) -> None:
    client = await clients.guest()

    assert (await client.get("/preview/login.png")).status_code == 404
    assert (await client.get("/preview/replay/no-such-race.png?t=1")).status_code == 200
