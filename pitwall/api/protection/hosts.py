"""Under which names this server answers: a page elsewhere may lend its name this address.

A name that its owner points at this address (DNS rebinding) makes a stranger's page and this
server one site to a browser. So only names count that are known to be this server's: `Origins`
and the plain-http guard rest on the `Host` that was let through here.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from pitwall.api.problems import plain_problem
from pitwall.api.protection.headers import header

_POLICY_VIOLATION = 1008


class Hosts:
    """Refuses requests for hosts that are not this server.

    Args:
        app: What is behind.
        names: Names under which it answers, lower case; None is every one. IP addresses and
            localhost always pass: nobody can lend those.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str] | None) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what was asked of this server."""
        name = host_name(header(scope, b"host")) if self._names is not None else ""
        if scope["type"] not in {"http", "websocket"} or self._is_own(name):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()  # the connect
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            detail = f"This server does not answer for {name[:100]!r} (PITWALL_HOSTS)."
            await plain_problem(scope, send, HTTPStatus.MISDIRECTED_REQUEST, detail)

    def _is_own(self, name: str) -> bool:
        if self._names is None or not name or name in self._names:  # HTTP/1.0 names no host
            return True
        return name == "localhost" or name.endswith(".localhost") or _is_address(name)


def host_name(host: str) -> str:
    """Return the name in a Host header, without its port.

    Example:
        >>> host_name("Pitwall.Example:8000"), host_name("[::1]:8000"), host_name("a.b.")
        ('pitwall.example', '::1', 'a.b')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".").lower()


def own_names(told: Iterable[str], trusted_proxies: int) -> frozenset[str] | None:
    """Return the names under which the server answers.

    Args:
        told: In the settings; nothing is this machine's own name, and behind a proxy, which
            knows for which names it stands there, every name.
        trusted_proxies: How many proxies stand in front.
    """
    names = frozenset(host_name(name) for name in told)
    if not names and trusted_proxies:
        return None
    own = socket.gethostname().lower()
    return names or frozenset({own, own.partition(".")[0], f"{own.partition('.')[0]}.local"})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
