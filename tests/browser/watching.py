"""Record what a page logs to the console and which addresses it requests."""

from __future__ import annotations

import re

from playwright.sync_api import ConsoleMessage, Page


class Watch:
    """Notes of one page.

    Attributes:
        asked: Every address that was asked, by request or socket.
        complaints: Errors and warnings of the console, and what was thrown.
    """

    def __init__(self, page: Page) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def foreign(self, port: int) -> list[str]:
        """Return the addresses that are none of the server on this port."""
        own = re.compile(rf"(https?|ws)://(localhost|127\.0\.0\.1):{port}/|data:|blob:")
        return [url for url in self.asked if not own.match(url)]

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)
