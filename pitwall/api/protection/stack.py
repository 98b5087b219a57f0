"""Put the protections together around an app, the outermost first."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pitwall.api.problems import UNEXPECTED, plain_problem
from pitwall.api.protection.addresses import read_address
from pitwall.api.protection.content_policy import content_policy
from pitwall.api.protection.headers import (
    RateLimitHeaders,
    RequestIds,
    SecurityHeaders,
    headers_joined,
)
from pitwall.api.protection.hosts import Hosts
from pitwall.api.protection.kept_answers import KeptAnswers
from pitwall.api.protection.origins import Origins
from pitwall.api.protection.request_bounds import AT_ONCE, Bodies, Crowds

log = logging.getLogger(__name__)

_SECURE = {"http": "https", "ws": "wss"}


class Visitors:
    """Replaces the nearest proxy's address and scheme by the visitor's own.

    Anybody can send `X-Forwarded-For`, so only as many of its entries count, from the right, as
    there are trusted proxies. A proxy may extend the line that it received or add a line of its
    own: all lines are read as one list. If there are fewer entries than proxies, the first one was
    written by a proxy too, as each writes one.

    Args:
        app: The app to protect.
        trusted_proxies: Number of proxies in front of the server; 0 trusts no header.
    """

    def __init__(self, app: ASGIApp, trusted_proxies: int) -> None:
        self._app = app
        self._trusted = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the visitor's address."""
        if scope["type"] in {"http", "websocket"}:
            scope = {**scope, "client": self._client(scope), "scheme": self._scheme(scope)}
        await self._app(scope, receive, send)

    def _client(self, scope: Scope) -> tuple[str, int] | None:
        passed = _entries(scope, b"x-forwarded-for") if self._trusted else []
        if passed:
            return read_address(passed[-min(self._trusted, len(passed))]), 0
        client: tuple[str, int] | None = scope.get("client")
        # An IPv4 visitor of an IPv6 socket comes as ::ffff:a.b.c.d: one /64 for all of them.
        return (read_address(client[0]), client[1]) if client else None

    def _scheme(self, scope: Scope) -> str:
        scheme: str = scope.get("scheme", "http")
        # Of the nearest proxy alone, which either knows the scheme or passes on what it was told.
        schemes = _entries(scope, b"x-forwarded-proto")[-1:] if self._trusted else []
        return _SECURE.get(scheme, scheme) if schemes in (["https"], ["wss"]) else scheme


def _entries(scope: Scope, name: bytes) -> list[str]:
    passed = (part.strip() for part in headers_joined(scope, name).split(","))
    return [part for part in passed if part]


class Failures:
    """Answers requests whose route raised an unexpected error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, and stop any error that it raises."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception as error:
            log.error(  # noqa: TRY400  one line: a visitor who repeats it must not fill the log
                "request failed", extra={"path": scope["path"], "because": _in_a_line(error)}
            )
            log.debug("where it failed", exc_info=error)
            if not has_begun:  # otherwise the answer is cut, so that its reader notices
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                await plain_problem(scope, send, status, UNEXPECTED)


def _in_a_line(error: BaseException) -> str:
    """Return what went wrong and where, on one line."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if "/pitwall/" in each.filename] or frames
    place = f" at {own[-1].filename.rpartition('/pitwall/')[2]}:{own[-1].lineno}" if own else ""
    return f"{type(error).__name__}: {str(error)[:200]!r}{place}"


@dataclass(frozen=True, slots=True)
class Protection:
    """The settings of the protections.

    Attributes:
        cors_origins: Other origins whose pages may send requests.
        trusted_proxies: Number of proxies in front of the server.
        script_hashes: Hashes of the inline scripts of the built pages.
        hosts: Names under which the server answers; None is every name.
        at_once: How many requests and sockets one address may have open; 0 is no limit.
    """

    cors_origins: frozenset[str] = frozenset()
    trusted_proxies: int = 0
    script_hashes: frozenset[str] = frozenset()
    hosts: frozenset[str] | None = None
    at_once: int = AT_ONCE


def protected(app: ASGIApp, protection: Protection) -> ASGIApp:
    """Return the app with all protections around it."""
    app = Failures(KeptAnswers(app))
    app = Origins(Bodies(RateLimitHeaders(app)), protection.cors_origins)
    app = Crowds(Hosts(app, protection.hosts), protection.at_once)
    app = SecurityHeaders(app, content_policy(protection.script_hashes))
    return RequestIds(Visitors(app, protection.trusted_proxies))
