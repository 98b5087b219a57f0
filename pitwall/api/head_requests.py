"""Answer HEAD for the routes of the API, following RFC 9110."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pitwall.http_semantics import HEAD_MARK


class Heads:
    """Lets the routes of the API answer HEAD as they answer GET, without the body.

    Args:
        app: The API and what is mounted below it.
        folders: First parts of the API's paths; the pages answer HEAD themselves.
    """

    def __init__(self, app: ASGIApp, folders: frozenset[str]) -> None:
        self._app = app
        self._folders = folders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a HEAD for the API as a GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or not self._is_api(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET", HEAD_MARK: True}, receive, send_head)

    def _is_api(self, path: str) -> bool:
        return path.removeprefix("/").partition("/")[0] in self._folders
