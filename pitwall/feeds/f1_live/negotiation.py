"""Negotiate a SignalR Core connection: the load balancer's cookie, then a connection token."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import orjson

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.http import retry_after_s, tls, why
from pitwall.feeds.response_body import ASKED, pieces_up_to

HUB = "/signalrcore"

_REFUSED = frozenset({401, 403})

_LARGEST_ANSWER = 64 * 1024  # an answer has a few hundred bytes


class F1TokenRefusedError(FeedUnavailableError):
    """The server refused the token; without one it may still answer."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """The address of the WebSocket, and the headers to open it with."""

    url: str
    headers: dict[str, str]


async def negotiate(base_url: str, token: str, within_s: float) -> Agreed:
    """Return the address and headers for the WebSocket.

    The session cookie ties all requests to one server behind the load balancer; the other
    servers do not know its connection token.

    Raises:
        F1TokenRefusedError: A request with a token was answered 401 or 403.
        FeedUnavailableError: The negotiation failed in any other way.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with httpx.AsyncClient(
            base_url=base_url,
            headers={**headers, "Accept-Encoding": ASKED},
            timeout=within_s,
            verify=await asyncio.to_thread(tls),
        ) as client:
            async with client.stream("OPTIONS", f"{HUB}/negotiate") as asked:
                _check(asked, token)
            params = {"negotiateVersion": "1"}
            async with client.stream("POST", f"{HUB}/negotiate", params=params) as answer:
                _check(answer, token)
                body = b"".join([piece async for piece in pieces_up_to(answer, _LARGEST_ANSWER)])
            cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FeedUnavailableError(f"F1 live timing cannot be reached: {why(error)}.") from error
    if cookie:
        headers["Cookie"] = cookie
    websocket = "ws" + base_url.removeprefix("http") if base_url.startswith("http") else base_url
    return Agreed(f"{websocket}{HUB}?id={quote(_connection_token(body))}", headers)


def _check(answer: httpx.Response, token: str) -> None:
    status = answer.status_code
    if status < 400 or status == 405:  # some servers do not answer OPTIONS, and set no cookie
        return
    if status in _REFUSED and token:
        raise F1TokenRefusedError(str(status))
    raise FeedUnavailableError(
        f"F1 live timing answered {status} {answer.reason_phrase}.".replace(" .", "."),
        retry_after_s(answer),
    )


def _connection_token(body: bytes) -> str:
    try:
        agreed = orjson.loads(body)
        token = agreed.get("connectionToken") or agreed.get("connectionId")
    except (ValueError, AttributeError):
        token = None
    if not isinstance(token, str) or not token:
        raise FeedUnavailableError("F1 live timing's negotiation named no connection.")
    return token
