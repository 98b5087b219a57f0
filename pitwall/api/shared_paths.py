"""Let a route share its path with a page: browsers get the page, programs the route."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope


class ForPrograms(APIRoute):
    """A route that does not match requests for HTML, so that the page below it answers them."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether the route answers a request."""
        if wants_page(scope.get("headers", ())):
            return Match.NONE, {}
        return super().matches(scope)


def wants_page(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request accepts HTML, as browsers do when they open an address.

    Example:
        >>> wants_page([(b"accept", b"text/html,application/xhtml+xml,*/*;q=0.8")])
        True
        >>> wants_page([(b"accept", b"*/*")])
        False
    """
    return any(name == b"accept" and b"text/html" in value.lower() for name, value in headers)
