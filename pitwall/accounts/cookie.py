"""What the log-in cookie is called, for routes, which set it, and pages, which only read it."""

from __future__ import annotations

from typing import Final

from starlette.requests import cookie_parser

SECURE_NAME: Final = "__Host-pitwall"
PLAIN_NAME: Final = "pitwall"
COOKIE_NAMES: Final = (SECURE_NAME, PLAIN_NAME)


def cookie_name(*, is_secure: bool) -> str:
    """Return the cookie's name over https or plain http."""
    return SECURE_NAME if is_secure else PLAIN_NAME


def token_in(cookie_header: str, *, is_secure: bool) -> str | None:
    """Return the token in a Cookie header; None where there is none.

    Example:
        >>> token_in("a=1; pitwall=xyz", is_secure=False)
        'xyz'
        >>> token_in("pitwall=xyz", is_secure=True) is None
        True
    """
    return cookie_parser(cookie_header).get(cookie_name(is_secure=is_secure))
