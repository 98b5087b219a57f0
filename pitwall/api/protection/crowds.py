"""How many requests and sockets one address may have open at once.

The server bounds connections in all, and gives up those on which no request comes; here nobody
takes all of what is left. Counted in each worker by itself.
"""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from pitwall.api.problems import plain_problem
from pitwall.api.protection.addresses import counted_as, is_this_machine

AT_ONCE: Final = 256  # a large household has some dozens of tabs, each one socket
_HOUSEHOLDS: Final = 4  # that may be full in one IPv6 /48
_COME_BACK_S: Final = "5"
_TRY_AGAIN_LATER: Final = 1013


class Crowds:
    """Refuses what one address opens beyond its share.

    This machine itself is not limited: here sits the owner, or a proxy that was not declared and
    brings everybody.

    Args:
        app: What is behind.
        at_once: Requests and sockets of one address, of IPv6 of one /64; 0 does not count them.
    """

    def __init__(self, app: ASGIApp, at_once: int = AT_ONCE) -> None:
        self._app = app
        self._at_once = at_once
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is within the share."""
        is_counted = scope["type"] in {"http", "websocket"} and self._at_once > 0
        if not is_counted or is_this_machine(scope):
            await self._app(scope, receive, send)
            return
        household, network = counted_as(scope)
        shares = {household: self._at_once}
        if network is not None:
            shares[network] = self._at_once * _HOUSEHOLDS
        if any(self._open[who] >= share for who, share in shares.items()):
            await self._refuse(scope, receive, send)
            return
        self._open.update(shares.keys())
        try:
            await self._app(scope, receive, send)
        finally:
            self._open.subtract(shares.keys())
            for who in shares:
                if not self._open[who]:
                    del self._open[who]

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()  # the connect
            await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})
            return
        detail = f"{self._at_once} requests and sockets of your address are open already."
        headers = {"Retry-After": _COME_BACK_S, "Connection": "close"}
        await plain_problem(scope, send, HTTPStatus.TOO_MANY_REQUESTS, detail, headers)
