"""Read and change ASGI headers: request ids, rate limits, security headers."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pitwall import logs
from pitwall.domain.limits import Standing

Header = tuple[bytes, bytes]
HeaderChange = Callable[[list[Header]], Iterable[Header]]


def header(scope: Scope, name: bytes) -> str:
    """Return the first header with this (lower-case) name; "" where there is none."""
    for key, value in scope.get("headers", ()):
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""


def headers_joined(scope: Scope, name: bytes) -> str:
    """Return all headers with this (lower-case) name, joined to one list."""
    return ", ".join(
        value.decode("latin-1") for key, value in scope.get("headers", ()) if key == name
    )


class _ChangedSend:
    """A `send` that changes the headers of the response, by several functions one after another.

    Several protections change headers. Were each a coroutine around the next, every piece of a
    body would pass through all of them.
    """

    __slots__ = ("_changes", "_send")

    def __init__(self, send: Send, changes: tuple[HeaderChange, ...]) -> None:
        self._send = send
        self._changes = changes

    async def __call__(self, message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.accept"}:
            headers = list(message.get("headers", ()))
            for change in self._changes:
                headers = list(change(headers))
            message = {**message, "headers": headers}
        await self._send(message)

    def after(self, change: HeaderChange) -> _ChangedSend:
        """Return a `send` that makes one more change, before these."""
        return _ChangedSend(self._send, (change, *self._changes))


def changing_headers(send: Send, change: HeaderChange) -> Send:
    """Return a `send` that changes the headers of the response and nothing else."""
    if isinstance(send, _ChangedSend):
        return send.after(change)
    return _ChangedSend(send, (change,))


NAME: Final = b"x-request-id"

_ACCEPTED: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")  # no characters that could forge a log line


# Names of log lines, no secrets. To ask the system for each would let go of the interpreter's lock
# in the middle of every request, and wait for it again.
_names: Final = random.Random()  # noqa: S311


class RequestIds:
    """Uses the request id that a proxy gave, or makes one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request under its id."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = header(scope, NAME)
        name = given if _ACCEPTED.fullmatch(given) else f"{_names.getrandbits(128):032x}"
        answered = (NAME, name.encode())
        before = logs.request_id.set(name)
        try:
            await self._app(
                scope, receive, changing_headers(send, lambda headers: [*headers, answered])
            )
        finally:
            logs.request_id.reset(before)


STANDINGS: Final = "pitwall.standings"
"""The key of the scope under which a route puts each `Standing` of the request."""


class RateLimitHeaders:
    """Adds headers on every rate limit against which a request was counted, even if refused."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, and add the headers to its answer."""
        if scope["type"] == "http":
            standings: list[Standing] = []
            scope = {**scope, STANDINGS: standings}
            send = changing_headers(send, lambda headers: [*headers, *_headers(standings)])
        await self._app(scope, receive, send)


def _headers(standings: list[Standing]) -> list[Header]:
    if not standings:
        return []
    policies = ", ".join(
        f'"{each.policy.name}";q={each.policy.quota};w={each.policy.window_s}' for each in standings
    )
    limits = ", ".join(
        f'"{each.policy.name}";r={each.remaining};t={math.ceil(each.reset_s)}' for each in standings
    )
    return [(b"ratelimit-policy", policies.encode()), (b"ratelimit", limits.encode())]


_NOT_USED: Final = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer",
    "microphone", "midi", "payment", "publickey-credentials-get", "serial", "usb",
)  # fmt: skip

_POLICY: Final = b"content-security-policy"
_NO_FRAMES: Final = b"x-frame-options"
_NO_GUESSING: Final = b"x-content-type-options"
_SAME_ORIGIN: Final = b"cross-origin-resource-policy"

_ALWAYS: Final[dict[bytes, str]] = {
    _NO_GUESSING: "nosniff",
    b"referrer-policy": "same-origin",
    b"permissions-policy": ", ".join(f"{feature}=()" for feature in _NOT_USED),
    _NO_FRAMES: "DENY",  # for browsers that do not know frame-ancestors
    b"cross-origin-opener-policy": "same-origin",
    _SAME_ORIGIN: "same-origin",
}

_BUILT: Final = "/assets/"
"""Where the built scripts, styles and fonts are, with the hash of their contents in each name."""

_FILES: Final = (".js", ".css", ".svg", ".png", ".woff2")

_WORKER: Final = "/offline.js"  # what a worker may fetch is in its script's own policy

_OF_FILES: Final[list[Header]] = [
    (_POLICY, b"default-src 'none'; frame-ancestors 'none'"),
    *((name, _ALWAYS[name].encode()) for name in (_NO_GUESSING, _SAME_ORIGIN)),
]

_FOR_EVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")

_STAY_SECURE: Final = (b"strict-transport-security", b"max-age=31536000")


class SecurityHeaders:
    """Adds security headers that an answer does not have already.

    A script, style, font or picture is no page and gets only the headers that bind a file: one and
    a half kilobytes less for each of two dozen files. A built one may be kept for ever. A page
    whose address ends like a file's, as that of a replay may, stays a page.

    Args:
        app: The app to protect.
        policy: The Content-Security-Policy of pages and all other answers.
    """

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        headers = {_POLICY: policy} | _ALWAYS
        self._headers = [(name, value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, and add the headers to its answer; sockets do not need them."""
        if scope["type"] == "http":
            path = scope["path"]
            is_built = path.startswith(_BUILT)
            is_file = is_built or (path.endswith(_FILES) and path != _WORKER)
            secure = [_STAY_SECURE] if scope["scheme"] == "https" else []

            def complete(headers: list[Header]) -> list[Header]:
                as_file = is_file and not _is_page(headers)
                return _completed(headers, [*(_OF_FILES if as_file else self._headers), *secure])

            completed = changing_headers(send, complete)
            send = _kept_for_ever(completed) if is_built else completed
        await self._app(scope, receive, send)


def _is_page(headers: list[Header]) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in headers
    )


def _kept_for_ever(send: Send) -> Send:
    kept = changing_headers(send, lambda headers: [*headers, _FOR_EVER])

    async def send_kept(message: Message) -> None:
        is_there = message.get("status") in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}
        await (kept if is_there else send)(message)

    return send_kept


def _completed(headers: list[Header], added: list[Header]) -> list[Header]:
    present = {name.lower() for name, _ in headers}
    if any(name.lower() == _POLICY and _may_be_framed(value) for name, value in headers):
        present.add(_NO_FRAMES)
    return [*headers, *(item for item in added if item[0] not in present)]


def _may_be_framed(policy: bytes) -> bool:
    """Whether an answer's own policy says who may frame it, which `X-Frame-Options` can not."""
    return b"frame-ancestors" in policy and b"frame-ancestors 'none'" not in policy
