"""HEAD: what GET would answer, without its body (RFC 9110, 9.3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ASKED: Final = "pitwall.head"


class Heads:
    """Lets the routes of the API answer HEAD as GET, and keeps the body to itself.

    Args:
        app: The API and what is mounted below it.
        folders: The first parts of the paths that are the API's; pages know HEAD themselves.
    """

    def __init__(self, app: ASGIApp, folders: frozenset[str]) -> None:
        self._app = app
        self._folders = folders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, as a GET where it is a HEAD for the API."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or not self._is_api(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET", _ASKED: True}, receive, send_head)

    def _is_api(self, path: str) -> bool:
        return path.removeprefix("/").partition("/")[0] in self._folders


def is_head(scope: Mapping[str, Any]) -> bool:
    """Whether nobody will read the body: a route whose body costs much leaves it out."""
    return bool(scope.get(_ASKED))
