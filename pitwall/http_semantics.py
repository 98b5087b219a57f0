"""Decide conditional requests, content negotiation and HEAD, following RFC 9110."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'

_ONE: Final = re.compile(_TAG)

_NEXT: Final = re.compile(rf"[\s,]*({_TAG})[ \t]*(?=,|$)")

_QUALITY: Final = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether `If-None-Match` names a representation, by weak comparison (13.1.2).

    In a malformed list of entity tags, only those before the error count.

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
    """Whether `If-Range` names exactly this representation, by strong comparison (13.1.5).

    Example:
        >>> is_same('"a"', '"a"'), is_same('"a-gzip"', '"a"'), is_same('W/"a"', 'W/"a"')
        (True, False, False)
    """
    given = if_range.strip()
    return not given.startswith("W/") and bool(_ONE.fullmatch(given)) and given == etag


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client accepts gzip at least as gladly as an unencoded body (12.5.3).

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


HEAD_MARK: Final = "pitwall.head"
"""The key of the scope that marks a HEAD which is answered as a GET without its body."""


def is_head(scope: Mapping[str, Any]) -> bool:
    """Whether the body will not be sent, so that a route with a costly body can skip it."""
    return bool(scope.get(HEAD_MARK))
