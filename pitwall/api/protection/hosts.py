"""Refuse requests for host names that are not this server's, against DNS rebinding.

A stranger can point a name at this server's address, which makes the stranger's page and this
server one site to a browser. So only names known to be this server's are accepted: `Origins` and
the plain-http guard rely on the `Host` that was accepted here.
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
        app: The app to protect.
        names: Names that are accepted, lower case; None accepts every name. IP addresses and
            localhost are always accepted, as nobody can point those elsewhere.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str] | None) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it is for this server."""
        name = host_name(header(scope, b"host")) if self._names is not None else ""
        if scope["type"] not in {"http", "websocket"} or self._is_own(name):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()  # the connect
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            detail = f"This server does not answer for {name[:100]!r}; see PITWALL_HOSTS."
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


def own_names(configured: Iterable[str], trusted_proxies: int) -> frozenset[str] | None:
    """Return the names under which the server answers.

    Args:
        configured: Names from the settings. Without any it is this machine's own name, or behind a
            proxy, which knows its names, every name.
        trusted_proxies: Number of proxies in front of the server.
    """
    names = frozenset(host_name(name) for name in configured)
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
