"""Pass only known events of known tabs to Reflex, few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from reflex import constants
from reflex.app import App, EventNamespace
from reflex.utils import format as reflex_format
from reflex_base.event.processor.future import EventFuture

from pitwall.web.socket.accepted_events import Offers, RefusedEventError
from pitwall.web.socket.server import DoorServer, address_of
from pitwall.web.socket.visitors import Visitor, key_of_tab, log_in_of, visitors

PENDING_AT_MOST: Final = 40
_TOKEN_AT_MOST: Final = 64
_HEADERS_KEPT: Final = ("origin", "host")
_HEADER_AT_MOST: Final = 300


class DoorNamespace(EventNamespace):
    """Reflex's socket namespace, with checks.

    Args:
        namespace: Its path.
        app: The app that handles the events.
        offers: The events that pages can send.
        left: Called with the name of a tab's state when its socket is closed.
    """

    server: DoorServer

    def __init__(
        self, namespace: str, app: App, offers: Callable[[], Offers], left: Callable[[str], None]
    ) -> None:
        super().__init__(namespace, app)
        self._offers = offers
        self._left = left
        self._pending: dict[str, set[EventFuture]] = {}
        self._visitors: dict[str, Visitor] = {}

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> bool | None:  # noqa: ANN401
        """Accept a tab under its token, or refuse it."""
        tokens = [
            part for part in environ.get("QUERY_STRING", "").split("&") if part[:6] == "token="
        ]
        if len(tokens) != 1 or not 1 <= len(tokens[0]) - 6 <= _TOKEN_AT_MOST:
            self.server.complaints.note("a socket without a token of its own")
            return False
        spoken = environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL")
        if spoken and spoken != constants.Reflex.VERSION:
            self.server.complaints.note("a page of another version", spoken)
            environ = {k: v for k, v in environ.items() if k != "HTTP_SEC_WEBSOCKET_PROTOCOL"}
        self._visitors[sid] = Visitor(
            log_in_of(environ.get("HTTP_COOKIE", ""), environ.get("HTTP_ORIGIN", "")),
            address_of(environ).household,
        )
        self._pending[sid] = set()
        await super().on_connect(sid, environ, auth if isinstance(auth, dict) else None)
        return None

    async def link_token_to_sid(self, sid: str, token: str, *, update_state: bool = True) -> None:  # noqa: ARG002
        """Link a socket to the state of its token and log-in; a copied tab gets a new token.

        No state is made or touched before the first event, so that a mere connection leaves none.
        """
        visitor = self._visitors.get(sid, Visitor())
        tokens = self._token_manager
        key = key_of_tab(token, visitor.log_in)
        if await tokens.link_token_to_sid(key, sid) is not None:
            # The tab was duplicated. Reflex made a name, which is no token: make it one.
            made = tokens.sid_to_token[sid]
            await tokens.disconnect_token(made, sid)
            fresh = made
            key = key_of_tab(fresh, visitor.log_in)
            await tokens.link_token_to_sid(key, sid)
            await self.emit("new_token", fresh, to=sid)
        visitors.add(tokens.sid_to_token[sid], visitor)

    def _build_static_router_data(self, sid: str, environ: dict[str, Any]) -> dict[str, Any]:
        """Return what a state stores of its connection: no cookie, and no header without a use."""
        router_data = super()._build_static_router_data(sid, environ)
        headers = router_data[constants.RouteVar.HEADERS]
        router_data[constants.RouteVar.HEADERS] = {
            name: headers[name][:_HEADER_AT_MOST] for name in _HEADERS_KEPT if name in headers
        }
        return router_data

    async def on_event(self, sid: str, data: Any) -> None:  # noqa: ANN401  as it was sent
        """Handle an event of a page; refuse all else, logged in one short line a minute."""
        token = self.sid_to_token.get(sid)
        static = self._static_router_data.get(sid)
        pending = self._pending.get(sid)
        if token is None or static is None or pending is None:
            self.server.complaints.note("an event of a socket that has not joined")
            return
        try:
            event = self._offers().read(data)
        except RefusedEventError as error:
            self.server.complaints.note(error.reason, error.name)
            self.server.strike(sid)
            return
        if len(pending) >= PENDING_AT_MOST:
            self.server.complaints.note("more events of a tab than wait for their turn")
            return
        where = event.router_data
        path = where.get(constants.RouteVar.PATH)
        where.update(static)
        where[constants.RouteVar.HEADERS] = dict(static[constants.RouteVar.HEADERS])
        where[constants.RouteVar.QUERY] = reflex_format.format_query_params(where)
        where[constants.RouteVar.CLIENT_TOKEN] = token
        route = (self.app.router(path) or "404") if path else "404"
        where[constants.RouteVar.PATH] = "/" + route.removeprefix("/")
        future = await self.app.event_processor.enqueue(token, event)
        pending.add(future)
        future.add_done_callback(pending.discard)

    def on_disconnect(self, sid: str) -> asyncio.Task[Any] | None:
        """Forget a tab and its waiting events."""
        for future in self._pending.pop(sid, set()):
            future.cancel()
        self._visitors.pop(sid, None)
        token = self.sid_to_token.get(sid)
        task = super().on_disconnect(sid)
        if token is not None:
            visitors.remove(token)
            self._left(token)
        return task
