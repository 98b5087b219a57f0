"""The `RateLimit` headers: where an asker stands (draft-ietf-httpapi-ratelimit-headers-10)."""

from __future__ import annotations

import math
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from pitwall.api.protection.headers import Header, changing_headers
from pitwall.domain.limits import Standing

STANDINGS: Final = "pitwall.standings"
"""Under this key of the scope a route leaves each `Standing` of the request."""


class RateLimitHeaders:
    """Tells of every limit under which a request was counted, whatever came of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, and add to its answer."""
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
