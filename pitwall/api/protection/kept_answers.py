"""Answer again what was answered about the newest frame, before a request reaches its route.

FastAPI finds the route, reads the query and builds a response for each request, which costs ten
times what sending the bytes does. So the first answer to each path and query is kept as it was
sent, until there is another frame. The protections around the app hold for every request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pitwall import services
from pitwall.api.protection.headers import headers_joined
from pitwall.domain.frames import LiveFrame
from pitwall.http_semantics import is_known
from pitwall.live.event_ring import moment_id

PATHS: Final = frozenset({"/live", "/live-battles"})
"""Routes whose answer depends on the newest frame and the query alone, and names both in its tag.

None of them has a rate limit, asks who the visitor is, or reads a header but `If-None-Match`.
"""
MOST_ANSWERS: Final = 64
_MOST_BYTES: Final = 4_000_000
_OF_A_BODY: Final = frozenset({b"content-length", b"content-type"})


@dataclass(frozen=True, slots=True)
class _KeptAnswer:
    """An answer of a route, as it was sent."""

    etag: str
    start: Message
    body: Message
    not_modified: Message


class KeptAnswers:
    """Keeps answers of routes about the newest frame.

    Args:
        app: The app with the routes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._about: LiveFrame | None = None
        self._answers: dict[tuple[str, bytes], _KeptAnswer] = {}
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is known; let the route answer everything else."""
        if scope["type"] != "http" or scope["path"] not in PATHS or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        frame = await services.current().live.latest()
        if frame is not self._about:
            self._about, self._answers, self._bytes = frame, {}, 0
        asked = scope["path"], scope["query_string"]
        answer = self._answers.get(asked)
        if answer is None:
            await self._app(scope, receive, self._noting(asked, frame, send))
            return
        known = headers_joined(scope, b"if-none-match")
        if known and is_known(known, answer.etag):
            await send(answer.not_modified)
            await send({"type": "http.response.body"})
        else:
            await send(answer.start)
            await send(answer.body)

    def _noting(self, asked: tuple[str, bytes], frame: LiveFrame | None, send: Send) -> Send:
        """Return a `send` that keeps an answer which is sent in one piece."""
        start: Message | None = None

        async def send_noted(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            elif start is not None and frame is not None and not message.get("more_body"):
                self._keep(asked, frame, _answer(start, message))
            await send(message)

        return send_noted

    def _keep(self, asked: tuple[str, bytes], frame: LiveFrame, answer: _KeptAnswer | None) -> None:
        # The route read the newest frame by itself, and it may have been the next one.
        if answer is None or frame is not self._about or moment_id(frame) not in answer.etag:
            return
        size = len(answer.body["body"])
        if len(self._answers) < MOST_ANSWERS and self._bytes + size <= _MOST_BYTES:
            self._answers[asked] = answer
            self._bytes += size


def _answer(start: Message, body: Message) -> _KeptAnswer | None:
    """Return an answer that can be given again; None for a refusal or one without a tag."""
    headers: list[Any] = list(start.get("headers", ()))
    etag = next((value for name, value in headers if name == b"etag"), b"").decode("latin-1")
    if start["status"] != 200 or not etag:
        return None
    about = [item for item in headers if item[0] not in _OF_A_BODY]
    return _KeptAnswer(etag, start, body, {**start, "status": 304, "headers": about})
