"""The log-in cookie: HttpOnly, SameSite=Lax, and Secure wherever that can be.

Over https it is called `__Host-pitwall`: browsers take that name only with Secure, for this
host alone, so that no sibling host can set it. Over plain http, which is for this machine
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
    """Let the browser keep the token for as long as any may hold; the store knows better."""
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
    """Let the browser drop the token."""
    response.delete_cookie(
        cookie_name(is_secure=_is_secure(request.url)),
        path="/",
        secure=_is_secure(request.url),
        httponly=True,
        samesite="lax",
    )


def check_channel(request: Request, plain_http: Literal["local", "allowed"]) -> None:
    """Refuse to take a password over plain http from another machine.

    Raises:
        ForbiddenError: Says what to do about it.
    """
    # A visitor chooses the Host; where the request comes from, no visitor chooses.
    local = request.url.hostname in _THIS_MACHINE and is_this_machine(request.scope)
    if _is_secure(request.url) or local or plain_http == "allowed":
        return
    message = (
        "Passwords are taken over https only. Behind a proxy that ends TLS set "
        "PITWALL_TRUSTED_PROXIES; in a network that you trust set PITWALL_PLAIN_HTTP=allowed."
    )
    raise ForbiddenError(message)


def _is_secure(url: URL) -> bool:
    return url.scheme == "https"
