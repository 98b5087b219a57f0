"""Test which host names are accepted, and from where passwords over plain http are."""

from __future__ import annotations

import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pitwall.api.protection.hosts import Hosts, own_names
from pitwall.api.protection.stack import Protection
from tests.api.conftest import HOST, PASSWORD, Clients

ADA = {"email": "ada@example.org", "password": PASSWORD}


@pytest.fixture
def protection() -> Protection:
    return Protection(hosts=own_names(["Pitwall.Example"], 0))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200), ("127.0.0.1", 200), ("192.168.1.5:8000", 200), ("[::1]:8000", 200),
        ("pitwall.example", 200), ("PITWALL.example.:443", 200), ("me.localhost", 200),
        ("evil.example", 421), ("pitwall.example.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("evil.example:8000", 421), ("localhost.evil.example", 421), ("[evil.example]", 421),
    ],
)  # fmt: skip
async def test_a_name_that_is_not_its_own_is_refused(
    clients: Clients, host: str, status: int
) -> None:
    answer = await (await clients.guest()).get("/openapi.json", headers={"Host": host})

    assert answer.status_code == status
    if status == 421:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "PITWALL_HOSTS" in answer.json()["detail"]


async def test_a_rebound_page_is_no_own_page(clients: Clients) -> None:
    evil = {"Host": "evil.example:8000", "Origin": "http://evil.example:8000"}

    answer = await (await clients.guest()).post("/auth/register", json=ADA, headers=evil)

    assert answer.status_code == 421


async def test_a_socket_of_another_name_is_refused() -> None:
    sent: list[Message] = []

    async def inner(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise AssertionError

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "headers": [(b"host", b"evil.example")]}
    await Hosts(inner, frozenset())(scope, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_behind_a_proxy_every_name_counts_unless_some_are_named() -> None:
    assert own_names([], 1) is None
    assert own_names(["a.example"], 1) == frozenset({"a.example"})
    assert own_names([], 0)


@pytest.mark.parametrize(
    ("client", "host", "status"),
    [
        ("127.0.0.1", HOST, 202),
        ("::1", "http://[::1]:8000", 202),
        ("::ffff:127.0.0.1", HOST, 202),
        ("192.168.1.77", HOST, 403),
        ("127.0.0.1", "http://192.168.1.5:8000", 403),
    ],
)
async def test_who_says_localhost_from_elsewhere_is_not_believed(
    app: ASGIApp, client: str, host: str, status: int
) -> None:
    transport = httpx.ASGITransport(app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url=host) as program:
        answer = await program.post("/auth/register", json=ADA)

    assert answer.status_code == status
