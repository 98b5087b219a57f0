"""Reading and changing ASGI headers, which are pairs of bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.types import Message, Scope, Send

Header = tuple[bytes, bytes]


def header(scope: Scope, name: bytes) -> str:
    """Return the first header of this (lower-case) name; "" where there is none."""
    for key, value in scope.get("headers", ()):
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""


def headers_joined(scope: Scope, name: bytes) -> str:
    """Return all headers of this (lower-case) name as the one list that they are."""
    return ", ".join(
        value.decode("latin-1") for key, value in scope.get("headers", ()) if key == name
    )


def changing_headers(send: Send, change: Callable[[list[Header]], Iterable[Header]]) -> Send:
    """Return a `send` that changes the headers of the response, and nothing else of it."""

    async def send_changed(message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.accept"}:
            message = {**message, "headers": list(change(list(message.get("headers", ()))))}
        await send(message)

    return send_changed
