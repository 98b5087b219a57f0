"""Bounds on what a request may bring, kept before anything of it is parsed or looked up.

A body is read here, up to a bound in bytes and in seconds, and handed on whole: no route, and
nothing that Reflex mounts, sees one that is longer, that never ends, or that nests so deep that
parsing it costs more than reading it.
"""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pitwall.api.problems import plain_problem
from pitwall.api.protection.headers import header

MOST_BYTES: Final = 65_536
WITHIN_S: Final = 5.0
DEEPEST: Final = 32

_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_OPENING: Final = b"[{"
_ALL_BUT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
# Served by Reflex and used by no page: uploads, and what tells strangers of its insides.
_CLOSED: Final = ("/_upload", "/_all_routes", "/_health", "/auth-codespace")


class Bodies:
    """Refuses bodies that are too long, too slow or too deep, and routes that nothing uses.

    Args:
        app: What is behind.
        most_bytes: The longest body.
        within_s: How long one may take to arrive, seconds.
    """

    def __init__(
        self, app: ASGIApp, most_bytes: int = MOST_BYTES, within_s: float = WITHIN_S
    ) -> None:
        self._app = app
        self._most = most_bytes
        self._within_s = within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a request whose body is within the bounds; answer the others."""
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
        told = header(scope, b"content-length")
        if told and (not told.isdecimal() or len(told) > 18 or int(told) > self._most):
            await self._refuse(scope, send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        try:
            async with asyncio.timeout(self._within_s):
                body = await self._read(receive)
        except TimeoutError:
            await self._refuse(scope, send, HTTPStatus.REQUEST_TIMEOUT)
            return
        if body is None:  # who asked has gone
            return
        if len(body) > self._most:
            await self._refuse(scope, send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif is_deep(body):
            await self._refuse(scope, send, HTTPStatus.BAD_REQUEST)
        else:
            await self._app(scope, _again(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """Return the body, or as much of it as shows that it is too long; None without its end."""
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
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"A body may have {self._most} bytes.",
            HTTPStatus.REQUEST_TIMEOUT: f"The body did not arrive within {self._within_s:g} s.",
        }.get(status, f"The body is nested more than {DEEPEST} deep.")
        # What is left of the body would else be read as the next request.
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
    """Return a `receive` that hands the body over, and then what really comes."""
    handed_over = False

    async def receive_again() -> Message:
        nonlocal handed_over
        if handed_over:
            return await receive()
        handed_over = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
