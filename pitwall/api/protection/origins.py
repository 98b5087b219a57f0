"""Keep other web sites from using this server through a visitor's browser, unless allowed.

A browser sends the visitor's cookies with requests that other sites cause. So requests that change
something, and sockets, are refused unless the browser confirms that a page of this server sent them
(by `Sec-Fetch-Site`, or by `Origin` in browsers from before 2023). Origins named in the settings
may send requests, but never with cookies: their programs send an API key.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from pitwall.accounts.tokens import COOKIE_NAMES
from pitwall.api.problems import plain_problem
from pitwall.api.protection.headers import Header, changing_headers, header

_SAFE: Final = {"GET", "HEAD", "OPTIONS", "TRACE"}
_POLICY_VIOLATION: Final = 1008
_PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"GET, POST, DELETE, PATCH"),
    (b"access-control-allow-headers", b"authorization, content-type, if-none-match, x-request-id"),
    (b"access-control-max-age", b"600"),
)
_EXPOSED: Final = (
    b"access-control-expose-headers",
    b"etag, ratelimit, ratelimit-policy, retry-after, x-request-id",
)


class Origins:
    """Answers CORS preflights, and refuses requests that another site makes a browser send.

    Args:
        app: The app to protect. Its own CORS headers are dropped, as they are set here only.
        allowed: Origins that may send requests, such as `https://example.org`.
    """

    def __init__(self, app: ASGIApp, allowed: frozenset[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it is allowed."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket" and not self._may_open(scope):
            await receive()  # the connect
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = header(scope, b"origin")
        asked = scope["method"]
        if asked == "OPTIONS" and origin and header(scope, b"access-control-request-method"):
            await self._preflight(origin, scope, send)
            return
        refusal = self._refusal(scope, origin) if asked not in _SAFE else ""
        if refusal:
            await plain_problem(scope, send, HTTPStatus.FORBIDDEN, refusal)
            return
        if origin in self._allowed:
            scope = _without_cookies(scope)
        cors = self._cors_headers(origin)
        await self._app(scope, receive, changing_headers(send, lambda them: [*_own(them), *cors]))

    async def _preflight(self, origin: str, scope: Scope, send: Send) -> None:
        if origin not in self._allowed:
            detail = "Pages of other sites may not use this server; see PITWALL_CORS_ORIGINS."
            await plain_problem(scope, send, HTTPStatus.FORBIDDEN, detail)
            return
        headers = [*self._cors_headers(origin), *_PREFLIGHT]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _cors_headers(self, origin: str) -> list[Header]:
        if not self._allowed:
            return []
        headers: list[Header] = [(b"vary", b"Origin")]
        if origin in self._allowed:
            headers += [(b"access-control-allow-origin", origin.encode("latin-1")), _EXPOSED]
        return headers

    def _refusal(self, scope: Scope, origin: str) -> str:
        """Return why a request that changes something is refused; "" if it is allowed."""
        site = header(scope, b"sec-fetch-site")
        if site in {"same-origin", "none"} or origin in self._allowed:
            return ""
        if site or (origin and not _is_own(origin, scope)):
            return "A page of another site may not ask this."
        if not origin and _has_own_cookie(scope):
            return (
                "A request with a log-in cookie needs the header Origin or Sec-Fetch-Site. "
                "Programs use an API key instead."
            )
        return ""

    def _may_open(self, scope: Scope) -> bool:
        """Whether a socket may be opened: by own pages, or by programs, which send no origin."""
        origin = header(scope, b"origin")
        return not origin or origin in self._allowed or _is_own(origin, scope)


def _is_own(origin: str, scope: Scope) -> bool:
    """Whether an origin has this server's host and port.

    The scheme is ignored, as the server may not know its own behind a proxy.
    """
    return bool(origin) and urlsplit(origin).netloc == header(scope, b"host")


def _own(headers: list[Header]) -> list[Header]:
    return [item for item in headers if not item[0].lower().startswith(b"access-control-")]


def _without_cookies(scope: Scope) -> Scope:
    return {**scope, "headers": [item for item in scope["headers"] if item[0] != b"cookie"]}


def _has_own_cookie(scope: Scope) -> bool:
    cookies = cookie_parser(header(scope, b"cookie"))
    return any(name in cookies for name in COOKIE_NAMES)
