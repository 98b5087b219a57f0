"""Read an F1 TV token, track whether it is still accepted, and explain when it is not."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import orjson

from pitwall.domain.countdown import countdown
from pitwall.errors import TokenError

MISSING = (
    "Without it car telemetry, the cars' places on the map, pit-stop times and team radio are "
    "missing; the rest is complete."
)
WARNED_BEFORE = timedelta(days=1)
_ASK_AGAIN = timedelta(minutes=10)
_PARTS = 3
_WHERE = "It is the subscriptionToken in the cookie loginSession of f1tv.formula1.com."


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a token says about itself.

    Attributes:
        expires_at: When it runs out.
        status: The state of the subscription, such as `active`; "" when it does not say.
    """

    expires_at: datetime
    status: str


def token_in(text: str) -> str:
    """Return the token in a text: the text itself, or that in the value of `loginSession`."""
    text = text.strip()
    if not text.startswith(("{", "%7B", "%7b")):
        return text
    try:
        token = orjson.loads(unquote(text))["data"]["subscriptionToken"]
    except (ValueError, KeyError, TypeError):
        return text
    return token if isinstance(token, str) else text


def read_claims(token: str) -> TokenClaims:
    """Return what a token says about itself. The signature is not checked: the server does that.

    Raises:
        TokenError: It is no token, or does not say when it runs out.
    """
    parts = token.split(".")
    if len(parts) != _PARTS or not all(parts):
        message = f"an F1 TV token has three parts with dots between, this has {len(parts)}"
        raise TokenError(f"{message}. {_WHERE}")
    body = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        claims: Any = orjson.loads(base64.b64decode(body, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise TokenError(f"the middle part of the token cannot be read. {_WHERE}") from None
    try:
        expires_at = datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        raise TokenError(f"the token does not say when it runs out. {_WHERE}") from None
    return TokenClaims(expires_at, str(claims.get("SubscriptionStatus") or ""))


def expires_at(token: str) -> datetime | None:
    """Return when a token expires; None when it does not say."""
    try:
        return read_claims(token).expires_at
    except TokenError:
        return None


def expiry_words(expires: datetime | None, now: datetime, *, in_use: bool = False) -> str:
    """Return a warning from a day before a token runs out; "" earlier, or when that is not known.

    Args:
        expires: When the token runs out.
        now: The wall clock.
        in_use: Whether a connection that was opened with it is still open.
    """
    if expires is None or now < expires - WARNED_BEFORE:
        return ""
    when = _when(expires)
    if now < expires:
        return f"The F1 TV token runs out in {countdown(expires - now)}, on {when}. {MISSING}"
    if in_use:
        return (
            f"The F1 TV token ran out on {when}; the connection opened with it goes on. {MISSING}"
        )
    since = "Since then car telemetry, the cars' places on the map, pit-stop times and team radio"
    return f"The F1 TV token ran out on {when}. {since} are missing; the rest is complete."


def _when(instant: datetime) -> str:
    return f"{instant:%d %B %Y at %H:%M} UTC".lstrip("0")


class F1TvToken:
    """A token that may be absent, expire or be refused; then the public topics remain.

    Args:
        text: The token, or the value of the cookie that holds it.
    """

    def __init__(self, text: str) -> None:
        self._text = token_in(text)
        self._expires_at = expires_at(self._text)
        self._refused_at: datetime | None = None
        self._refusal = ""
        self._in_use = False

    def detail(self, now: datetime) -> str:
        """Return what is or will be wrong with it; "" while it works, or without a token."""
        if not self._text:
            return ""
        return self._refusal or expiry_words(self._expires_at, now, in_use=self._in_use)

    def usable(self, now: datetime) -> str:
        """Return the token to send; "" when no token can be accepted now.

        A refused token is tried again after ten minutes, in case the server was wrong.
        """
        self._in_use = False
        if not self._text:
            return ""
        if self._expires_at is not None and now >= self._expires_at:
            self._refusal = ""  # that it ran out says more
            return ""
        if self._refused_at is not None and now - self._refused_at < _ASK_AGAIN:
            return ""
        return self._text

    def refuse(self, why: str, now: datetime) -> None:
        """Note that the server refused the token."""
        self._refused_at = now
        self._refusal = f"The F1 TV token was refused on {_when(now)} ({why}). {MISSING}"

    def accept(self) -> None:
        """Note that the server accepted the token."""
        self._refused_at, self._refusal, self._in_use = None, "", True
