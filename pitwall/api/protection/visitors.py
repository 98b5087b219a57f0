"""Who asks, and over which scheme, where proxies stand in front of the server."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from pitwall.api.protection.headers import header

_SECURE = {"http": "https", "ws": "wss"}


class Visitors:
    """Puts the visitor's own address and scheme in place of the nearest proxy's.

    Anybody can send `X-Forwarded-For`, so only as many of its entries count, from the right, as
    proxies are known to stand in front.

    Args:
        app: What is behind.
        trusted_proxies: How many proxies stand in front; 0 believes no header.
    """

    def __init__(self, app: ASGIApp, trusted_proxies: int) -> None:
        self._app = app
        self._trusted = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its visitor named."""
        if self._trusted and scope["type"] in {"http", "websocket"}:
            scope = {**scope, "client": self._client(scope), "scheme": self._scheme(scope)}
        await self._app(scope, receive, send)

    def _client(self, scope: Scope) -> tuple[str, int] | None:
        passed = [part.strip() for part in header(scope, b"x-forwarded-for").split(",")]
        passed = [part for part in passed if part]
        if not passed:
            client: tuple[str, int] | None = scope.get("client")
            return client
        return (passed[-min(self._trusted, len(passed))], 0)

    def _scheme(self, scope: Scope) -> str:
        scheme: str = scope.get("scheme", "http")
        told = header(scope, b"x-forwarded-proto").rpartition(",")[2].strip()
        return _SECURE.get(scheme, scheme) if told in {"https", "wss"} else scheme
