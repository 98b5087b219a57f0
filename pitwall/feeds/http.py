"""What feeds share over HTTP: TLS, `Retry-After`, and errors in words."""

from __future__ import annotations

import re
import ssl
from functools import cache

import httpx

_LONGEST_WAIT_S = 120.0

_ERRNO = re.compile(r"\[Errno -?\d+\] ")


@cache
def tls() -> ssl.SSLContext:
    """Return what checks certificates; reading them takes 60 ms, so it is done once."""
    return httpx.create_ssl_context()


def retry_after_s(answer: httpx.Response) -> float | None:
    """Return the seconds that a server asks to wait, at most two minutes; None without a word."""
    text = answer.headers.get("Retry-After", "")
    return min(float(text), _LONGEST_WAIT_S) if text.isascii() and text.isdigit() else None


def why(error: Exception) -> str:
    """Return what an error says, without its number and its full stop."""
    return _ERRNO.sub("", str(error)).rstrip(".") or type(error).__name__
