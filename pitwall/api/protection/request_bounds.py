"""Bound request bodies, and the number of requests that one address may have open at once.

A body is read here, up to a limit in bytes and in seconds, and passed on whole. So no route, and
nothing that Reflex mounts, sees a body that is too long, that never ends, or that is nested so
deeply that parsing it costs more than reading it.

The server limits connections in total and closes those without a request; the limits here stop
one address from taking all of them. Each worker counts for itself.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pitwall.api.problems import plain_problem
from pitwall.api.protection.addresses import counted_as, is_this_machine
from pitwall.api.protection.headers import header

MOST_BYTES: Final = 65_536

WITHIN_S: Final = 5.0

DEEPEST: Final = 32

_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)

_OPENING: Final = b"[{"

_ALL_BUT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))

# Served by Reflex and used by no page: uploads, and routes that reveal its internals.
_CLOSED: Final = ("/_upload", "/_all_routes", "/_health", "/auth-codespace")


class Bodies:
    """Refuses bodies that are too long, too slow or too deep, and routes that nothing uses.

    Args:
        app: The app to protect.
        most_bytes: Length of the longest body allowed.
        within_s: How long a body may take to arrive, seconds.
    """

    def __init__(
        self, app: ASGIApp, most_bytes: int = MOST_BYTES, within_s: float = WITHIN_S
    ) -> None:
        self._app = app
        self._most = most_bytes
        self._within_s = within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request whose body is within the limits; refuse others."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].startswith(_CLOSED):
            detail = f"There is nothing at {scope['path']}."
            await plain_problem(scope, send, HTTPStatus.NOT_FOUND, detail)
        elif not _has_body(scope):
            await self._app(scope, receive, send)
        else:
            await self._with_body(scope, receive, send)

    async def _with_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = header(scope, b"content-length")
        if length and (not length.isdecimal() or len(length) > 18 or int(length) > self._most):
            await self._refuse(scope, send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        try:
            async with asyncio.timeout(self._within_s):
                body = await self._read(receive)
        except TimeoutError:
            await self._refuse(scope, send, HTTPStatus.REQUEST_TIMEOUT)
            return
        if body is None:  # the client has gone
            return
        if len(body) > self._most:
            await self._refuse(scope, send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif is_deep(body):
            await self._refuse(scope, send, HTTPStatus.BAD_REQUEST)
        else:
            await self._app(scope, _again(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """Return the body, or enough of it to know that it is too long; None if it breaks off."""
        body = bytearray()
        while len(body) <= self._most:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        return bytes(body)

    async def _refuse(self, scope: Scope, send: Send, status: HTTPStatus) -> None:
        detail = {
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"A body may have at most {self._most} bytes.",
            HTTPStatus.REQUEST_TIMEOUT: f"The body did not arrive within {self._within_s:g} s.",
        }.get(status, f"The body is nested more than {DEEPEST} levels deep.")
        # Otherwise the rest of the body would be read as the next request.
        await plain_problem(scope, send, status, detail, {"Connection": "close"})


def is_deep(body: bytes) -> bool:
    """Whether a text, read as JSON, has brackets nested deeper than any request needs.

    Example:
        >>> is_deep(b"[" * 33), is_deep(b'{"a": "' + b"[" * 33 + b'"}')
        (True, False)
    """
    if sum(map(body.count, (b"[", b"{"))) <= DEEPEST:
        return False
    depth = 0
    for bracket in _STRINGS.sub(b"", body).translate(None, _ALL_BUT_BRACKETS):
        depth += 1 if bracket in _OPENING else -1
        if depth > DEEPEST:
            return True
    return False


def _has_body(scope: Scope) -> bool:
    length = header(scope, b"content-length")
    return bool(header(scope, b"transfer-encoding")) or length not in {"", "0"}


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that first gives the body, and then what really arrives."""
    handed_over = False

    async def receive_again() -> Message:
        nonlocal handed_over
        if handed_over:
            return await receive()
        handed_over = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


AT_ONCE: Final = 256  # a large household has some dozens of tabs with a socket each

_COME_BACK_S: Final = "5"

_TRY_AGAIN_LATER: Final = 1013


class Crowds:
    """Refuses requests and sockets of one address beyond its limit.

    This machine itself is not limited: it is the owner's, or runs an undeclared proxy through which
    everybody comes.

    Args:
        app: The app to protect.
        at_once: Requests and sockets of one address, or of one IPv6 /64; 0 is no limit.
    """

    def __init__(self, app: ASGIApp, at_once: int = AT_ONCE) -> None:
        self._app = app
        self._at_once = at_once
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it is within the limit."""
        is_counted = scope["type"] in {"http", "websocket"} and self._at_once > 0
        if not is_counted or is_this_machine(scope):
            await self._app(scope, receive, send)
            return
        shares = counted_as(scope).shares(self._at_once)
        if any(self._open[who] >= share for who, share in shares.items()):
            await self._refuse(scope, receive, send)
            return
        self._open.update(shares.keys())
        try:
            await self._app(scope, receive, send)
        finally:
            self._open.subtract(shares.keys())
            for who in shares:
                if not self._open[who]:
                    del self._open[who]

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()  # the connect
            await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})
            return
        detail = f"{self._at_once} requests and sockets of your address are open already."
        headers = {"Retry-After": _COME_BACK_S, "Connection": "close"}
        await plain_problem(scope, send, HTTPStatus.TOO_MANY_REQUESTS, detail, headers)
