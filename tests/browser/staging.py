"""Let a test decide which race the page shows, by replacing the server's frames."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

from pitwall.domain.frames import LiveFrame
from pitwall.web.shared.page_rows import PageRows, page_rows
from pitwall.web.shared.relay import VARIABLE_SUFFIX

_EVENT = "42/_event,"  # Socket.IO: an event in Reflex's namespace
_TELLTALE = f"pulse{VARIABLE_SUFFIX}"


def stage(page: Page, frame_of: Callable[[int], LiveFrame]) -> None:
    """Replace every emit of the server by all rows of `frame_of(0)`, `frame_of(1)` and so on.

    Everything else is the real thing: the build, the socket and what draws the rows. Call it
    before the page is opened.
    """
    shown = 0

    def restage(message: str | bytes) -> str | bytes:
        nonlocal shown
        if not isinstance(message, str) or not message.startswith(_EVENT):
            return message
        name, update = json.loads(message.removeprefix(_EVENT))
        for variables in update.get("delta", {}).values():
            if _is_emit_of_live_rows(variables):
                variables.clear()
                variables.update(_suffixed(page_rows(frame_of(shown))))
                shown += 1
        return _EVENT + json.dumps([name, update])

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda message: socket.send(restage(message)))

    page.route_web_socket("**/_event/**", connect)


def _is_emit_of_live_rows(variables: Mapping[str, Any]) -> bool:
    """Whether this came from the relay: it alone sends a pulse with a frame's number."""
    return bool(variables.get(_TELLTALE, {}).get("sequence", -1) >= 0)


def _suffixed(rows: PageRows) -> PageRows:
    return {f"{name}{VARIABLE_SUFFIX}": value for name, value in rows.items()}
