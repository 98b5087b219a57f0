"""What browsers are told about every answer: what pages may do, and who may frame them."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from pitwall.api.protection.headers import Header, changing_headers

_NOT_USED: Final = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer",
    "microphone", "midi", "payment", "publickey-credentials-get", "serial", "usb",
)  # fmt: skip

_ALWAYS: Final[dict[bytes, str]] = {
    b"x-content-type-options": "nosniff",
    b"referrer-policy": "same-origin",
    b"permissions-policy": ", ".join(f"{feature}=()" for feature in _NOT_USED),
    b"x-frame-options": "DENY",  # for browsers that do not know frame-ancestors
    b"cross-origin-opener-policy": "same-origin",
    b"cross-origin-resource-policy": "same-origin",
}
_STAY_SECURE: Final = (b"strict-transport-security", b"max-age=31536000")


class SecurityHeaders:
    """Adds the headers that an answer does not bring itself.

    Args:
        app: What is behind.
        policy: The Content-Security-Policy of pages and of everything else.
    """

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        told = {b"content-security-policy": policy} | _ALWAYS
        self._headers = [(name, value.encode()) for name, value in told.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add to the answer; sockets have no use for these headers."""
        if scope["type"] == "http":
            added = [*self._headers, *([_STAY_SECURE] if scope["scheme"] == "https" else [])]
            send = changing_headers(send, lambda headers: _completed(headers, added))
        await self._app(scope, receive, send)


def _completed(headers: list[Header], added: list[Header]) -> list[Header]:
    brought = {name.lower() for name, _ in headers}
    return [*headers, *(item for item in added if item[0] not in brought)]
