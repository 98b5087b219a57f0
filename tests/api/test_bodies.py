"""Test that bodies that are too long, too slow or too deep are refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from pitwall.api.protection.request_bounds import MOST_BYTES, Bodies
from tests.api.conftest import PASSWORD, Clients

JSON = {"Content-Type": "application/json"}
ADA = {"email": "ada@example.org", "password": PASSWORD}


class Sender:
    """A client that sends a body piece by piece, and counts what was taken of it."""

    def __init__(self, piece: bytes, pieces: int) -> None:
        self.taken = 0
        self._piece, self._left = piece, pieces

    async def __call__(self) -> Message:
        if not self._left:
            await asyncio.Event().wait()  # never ends
        self._left -= 1
        self.taken += len(self._piece)
        return {"type": "http.request", "body": self._piece, "more_body": True}


async def ask(sender: Receive, *headers: tuple[bytes, bytes], within_s: float = 5) -> Any:
    """Return status and problem of a request to a route that must not be reached."""
    sent: list[Message] = []

    async def inner(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise AssertionError("the request was passed on")

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http", "method": "POST", "path": "/auth/login", "headers": list(headers),
        "query_string": b"", "server": ("localhost", 8000), "scheme": "http",
    }  # fmt: skip
    await Bodies(inner, within_s=within_s)(scope, sender, send)
    assert (b"connection", b"close") in sent[0]["headers"]
    return sent[0]["status"], json.loads(sent[1]["body"])


async def test_a_body_that_says_that_it_is_long_is_not_read() -> None:
    sender = Sender(b"x" * 65_536, 4)

    status, problem = await ask(sender, (b"content-length", b"200000000"))

    assert (status, sender.taken) == (413, 0)
    assert problem["detail"] == "A body may have at most 65536 bytes."


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"9" * 5_000])
async def test_a_length_that_is_none_is_refused(length: bytes) -> None:
    status, _ = await ask(Sender(b"", 0), (b"content-length", length))

    assert status == 413


async def test_a_body_of_untold_length_is_read_up_to_the_bound() -> None:
    sender = Sender(b"[[],", 10_000_000)

    status, _ = await ask(sender, (b"transfer-encoding", b"chunked"))

    assert status == 413
    assert sender.taken <= MOST_BYTES + 4


async def test_a_body_longer_than_it_says_is_refused_all_the_same() -> None:
    status, _ = await ask(Sender(b"x" * 1_000, 1_000), (b"content-length", b"10"))

    assert status == 413


async def test_a_body_that_never_ends_is_given_up() -> None:
    status, problem = await ask(Sender(b"{", 1), (b"content-length", b"100"), within_s=0.05)

    assert status == 408
    assert problem["detail"] == "The body did not arrive within 0.05 s."


@pytest.mark.parametrize(
    "text", ["[" * 60_000, "[[]," * 15_000, '{"a":' * 12_000, '"["' + "[" * 33]
)
@pytest.mark.parametrize("path", ["/auth/login", "/predict", "/nothing-there"])
async def test_deep_nesting_is_refused(clients: Clients, text: str, path: str) -> None:
    answer = await (await clients.guest()).post(path, content=text, headers=JSON)

    # `[[],[],` nests two deep and is merely no JSON.
    refused = answer.status_code == 400 and "nested" in answer.json()["detail"]
    assert refused or text.startswith("[[],")
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET"])
@pytest.mark.parametrize("path", ["/auth/login", "/auth/me", "/live-battles", "/_event/", "/"])
async def test_every_path_has_the_bound(clients: Clients, method: str, path: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 32_768

    browser = await clients.guest()

    for content in (b" " * 65_537, pieces()):
        answer = await browser.request(method, path, content=content, headers=JSON)
        assert answer.status_code == 413
        assert answer.json()["status"] == 413
        assert "content-security-policy" in answer.headers


async def test_what_is_within_the_bound_arrives_whole(clients: Clients) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for byte in json.dumps(ADA).encode():
            yield bytes([byte])

    browser = await clients.guest()
    padded = json.dumps(ADA).ljust(MOST_BYTES)

    assert (await browser.post("/auth/register", content=padded, headers=JSON)).status_code == 202
    answer = await browser.post("/auth/login", content=pieces(), headers=JSON)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/_upload", "/_upload/x", "/_health", "/_all_routes"])
async def test_what_pages_do_not_use_is_closed(clients: Clients, path: str) -> None:
    browser = await clients.guest()

    answers: list[httpx.Response] = [await browser.get(path), await browser.post(path)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].headers["content-type"] == "application/problem+json"
