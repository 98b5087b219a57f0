"""A name for each request, in its log records and in its answer."""

from __future__ import annotations

import re
from typing import Final
from uuid import uuid4

from starlette.types import ASGIApp, Receive, Scope, Send

from pitwall import logs
from pitwall.api.protection.headers import changing_headers, header

NAME: Final = b"x-request-id"
_TAKEN: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")  # nothing that could forge a line of the log


class RequestIds:
    """Takes the request id that a proxy gave, or makes one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request under its name."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = header(scope, NAME)
        name = given if _TAKEN.fullmatch(given) else uuid4().hex
        told = (NAME, name.encode())
        before = logs.request_id.set(name)
        try:
            await self._app(
                scope, receive, changing_headers(send, lambda headers: [*headers, told])
            )
        finally:
            logs.request_id.reset(before)
