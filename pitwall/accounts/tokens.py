"""Create and hash log-in tokens and API keys, and name the log-in cookie."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from starlette.requests import cookie_parser

_BYTES: Final = 32

_PREFIX_BYTES: Final = 6

_KEY: Final = re.compile(r"(pw_[0-9a-f]{12})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new API key with its secret, which is known only now.

    Attributes:
        secret: The whole key, shown to its user once.
        prefix: Its public part: `pw_` and twelve hexadecimal digits.
    """

    secret: str
    prefix: str


def new_token() -> str:
    """Return a new log-in token: 256 random bits as 43 characters that fit a cookie."""
    return secrets.token_urlsafe(_BYTES)


def new_key() -> NewKey:
    """Return a new API key: its public prefix, then 256 random bits."""
    prefix = f"pw_{secrets.token_hex(_PREFIX_BYTES)}"
    return NewKey(f"{prefix}_{new_token()}", prefix)


def prefix_of(key: str) -> str | None:
    """Return the public part of an API key; None if the text is no API key.

    Example:
        >>> prefix_of("pw_00c0ffee00aa_" + "x" * 43)
        'pw_00c0ffee00aa'
        >>> prefix_of("pw_short") is None
        True
    """
    found = _KEY.fullmatch(key)
    return found[1] if found else None


def hash_token(token: str) -> str:
    """Return the SHA-256 of a token, 64 hexadecimal digits.

    A password needs a slow hash because it can be guessed; 256 random bits cannot.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def same_hash(first: str, second: str) -> bool:
    """Whether two hashes are equal, compared in constant time."""
    return hmac.compare_digest(first, second)


SECURE_NAME: Final = "__Host-pitwall"

PLAIN_NAME: Final = "pitwall"

COOKIE_NAMES: Final = (SECURE_NAME, PLAIN_NAME)


def cookie_name(*, is_secure: bool) -> str:
    """Return the cookie's name over https or plain http."""
    return SECURE_NAME if is_secure else PLAIN_NAME


def token_in(cookie_header: str, *, is_secure: bool) -> str | None:
    """Return the token in a Cookie header; None where there is none.

    Example:
        >>> token_in("a=1; pitwall=xyz", is_secure=False)
        'xyz'
        >>> token_in("pitwall=xyz", is_secure=True) is None
        True
    """
    return cookie_parser(cookie_header).get(cookie_name(is_secure=is_secure))
