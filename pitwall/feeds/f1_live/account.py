"""Track whether the F1 TV token is still accepted, and explain when it is not."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta

import orjson

PUBLIC_ONLY = "Car telemetry is missing, the rest is complete."
_ASK_AGAIN = timedelta(minutes=10)


def expires_at(token: str) -> datetime | None:
    """Return when a JWT expires, by its `exp` claim; None when it has none.

    The signature is not checked: the server does that.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    body = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(body))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (binascii.Error, ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


class F1TvToken:
    """A token that may be absent, expire or be refused; then the public topics remain.

    Attributes:
        detail: What is wrong with it, as a sentence; "" while it works, or without a token.
    """

    def __init__(self, text: str) -> None:
        self._text = text.strip()
        self._expires_at = expires_at(self._text)
        self._refused_at: datetime | None = None
        self.detail = ""

    def usable(self, now: datetime) -> str:
        """Return the token to send; "" when no token can be accepted now.

        A refused token is tried again after ten minutes, in case the server was wrong.
        """
        if not self._text:
            return ""
        if self._expires_at is not None and now >= self._expires_at:
            self.detail = f"The F1 TV token expired on {self._expires_at:%d %B %Y}. {PUBLIC_ONLY}"
            return ""
        if self._refused_at is not None and now - self._refused_at < _ASK_AGAIN:
            return ""
        return self._text

    def refuse(self, why: str, now: datetime) -> None:
        """Note that the server refused the token."""
        self._refused_at = now
        self.detail = f"The F1 TV token was refused ({why}). {PUBLIC_ONLY}"

    def accept(self) -> None:
        """Note that the server accepted the token."""
        self._refused_at = None
        self.detail = ""
