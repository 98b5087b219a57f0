"""Read and set the log-in cookie: HttpOnly, SameSite=Lax, and Secure over https.

Over https it is called `__Host-pitwall`: browsers accept that name only with Secure and for this
host alone, so that no sibling host can set it. Over plain http, which is meant for this machine
itself, it is called `pitwall` and lacks Secure. Each is read only over the scheme on which it
is set.
"""

from __future__ import annotations

from typing import Final, Literal

from fastapi import Request, Response
from starlette.datastructures import URL

from pitwall.accounts.service import HOLDS_AT_MOST
from pitwall.accounts.tokens import cookie_name
from pitwall.api.protection.addresses import is_this_machine
from pitwall.errors import ForbiddenError

_THIS_MACHINE: Final = {"localhost", "127.0.0.1", "::1"}


def token_of(request: Request) -> str | None:
    """Return the token in the request's log-in cookie; None where there is none."""
    return request.cookies.get(cookie_name(is_secure=_is_secure(request.url)))


def set_token(response: Response, request: Request, token: str) -> None:
    """Set the cookie for the longest possible log-in; the store decides when it really ends."""
    response.set_cookie(
        cookie_name(is_secure=_is_secure(request.url)),
        token,
        max_age=round(HOLDS_AT_MOST.total_seconds()),
        path="/",
        secure=_is_secure(request.url),
        httponly=True,
        samesite="lax",
    )


def forget_token(response: Response, request: Request) -> None:
    """Delete the cookie."""
    response.delete_cookie(
        cookie_name(is_secure=_is_secure(request.url)),
        path="/",
        secure=_is_secure(request.url),
        httponly=True,
        samesite="lax",
    )


def check_channel(request: Request, plain_http: Literal["local", "allowed"]) -> None:
    """Refuse a password that is sent over plain http from another machine.

    Raises:
        ForbiddenError: Its message says what to do.
    """
    # A visitor can choose the Host header, but not the address that the request comes from.
    local = request.url.hostname in _THIS_MACHINE and is_this_machine(request.scope)
    if _is_secure(request.url) or local or plain_http == "allowed":
        return
    message = (
        "Passwords are accepted over https only. Behind a proxy that terminates TLS, set "
        "PITWALL_TRUSTED_PROXIES; on a network that you trust, set PITWALL_PLAIN_HTTP=allowed."
    )
    raise ForbiddenError(message)


def _is_secure(url: URL) -> bool:
    return url.scheme == "https"
