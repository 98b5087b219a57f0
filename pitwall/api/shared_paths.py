"""Routes that share their path with a page: a browser that asks for one is given the page."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope


class ForPrograms(APIRoute):
    """A route that is not there for who asks for HTML, so that the page below it answers."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether the route answers a request."""
        if wants_page(scope.get("headers", ())):
            return Match.NONE, {}
        return super().matches(scope)


def wants_page(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request asks for HTML, as browsers do when they open an address.

    Example:
        >>> wants_page([(b"accept", b"text/html,application/xhtml+xml,*/*;q=0.8")])
        True
        >>> wants_page([(b"accept", b"*/*")])
        False
    """
    return any(name == b"accept" and b"text/html" in value.lower() for name, value in headers)
