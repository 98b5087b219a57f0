"""Conditional requests, content negotiation and HEAD, as RFC 9110 has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'

_ONE: Final = re.compile(_TAG)

_NEXT: Final = re.compile(rf"[\s,]*({_TAG})[ \t]*(?=,|$)")

_QUALITY: Final = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether `If-None-Match` names a representation: it is compared weakly (13.1.2).

    What is no list of entity tags names nothing, from where it goes wrong on.

    Example:
        >>> is_known('"a", W/"b"', '"b"'), is_known("*", '"b"'), is_known('"ab"', '"b"')
        (True, True, False)
    """
    if if_none_match.strip() == "*":
        return True
    at = 0
    while found := _NEXT.match(if_none_match, at):
        if found[1].removeprefix("W/") == etag.removeprefix("W/"):
            return True
        at = found.end()
    return False


def is_same(if_range: str, etag: str) -> bool:
    """Whether `If-Range` names exactly this representation: one tag, compared strongly (13.1.5).

    Example:
        >>> is_same('"a"', '"a"'), is_same('"a-gzip"', '"a"'), is_same('W/"a"', 'W/"a"')
        (True, False, False)
    """
    given = if_range.strip()
    return not given.startswith("W/") and bool(_ONE.fullmatch(given)) and given == etag


def takes_gzip(accept_encoding: str) -> bool:
    """Whether gzip is what a client likes at least as much as bytes as they are (12.5.3).

    Example:
        >>> takes_gzip("gzip, br"), takes_gzip("gzip;q=0"), takes_gzip("*;q=0.5"), takes_gzip("")
        (True, False, True, False)
        >>> takes_gzip("identity, gzip;q=0.5")
        False
    """
    liked: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = (each.strip() for each in parameter.partition("="))
            if key == "q":
                quality = float(value) if _QUALITY.fullmatch(value) else 0.0
        liked[name] = quality
    zipped = liked.get("gzip", liked.get("x-gzip", liked.get("*", 0.0)))
    return zipped > 0 and zipped >= liked.get("identity", 0.0)


_ASKED: Final = "pitwall.head"


class Heads:
    """Lets the routes of the API answer HEAD as GET, and keeps the body to itself.

    Args:
        app: The API and what is mounted below it.
        folders: The first parts of the paths that are the API's; pages know HEAD themselves.
    """

    def __init__(self, app: ASGIApp, folders: frozenset[str]) -> None:
        self._app = app
        self._folders = folders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, as a GET where it is a HEAD for the API."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or not self._is_api(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET", _ASKED: True}, receive, send_head)

    def _is_api(self, path: str) -> bool:
        return path.removeprefix("/").partition("/")[0] in self._folders


def is_head(scope: Mapping[str, Any]) -> bool:
    """Whether nobody will read the body: a route whose body costs much leaves it out."""
    return bool(scope.get(_ASKED))
