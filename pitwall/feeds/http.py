"""Share HTTP helpers between feeds: TLS, `Retry-After`, and errors as text."""

from __future__ import annotations

import re
import ssl
from email.utils import parsedate_to_datetime
from functools import cache

import httpx

_LONGEST_WAIT_S = 120.0

_ERRNO = re.compile(r"\[Errno -?\d+\] ")


@cache
def tls() -> ssl.SSLContext:
    """Return the TLS context; reading the certificates takes 60 ms, so it is built once."""
    return httpx.create_ssl_context()


def retry_after_s(answer: httpx.Response) -> float | None:
    """Return the seconds of `Retry-After`, at most two minutes; None when the server sent none.

    The header may name a date instead, which is read by the server's own clock.
    """
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
        sent = parsedate_to_datetime(answer.headers.get("Date", ""))
        return min(max(0.0, (until - sent).total_seconds()), _LONGEST_WAIT_S)
    except (TypeError, ValueError):  # no date, or one with and one without a zone
        return None


def why(error: Exception) -> str:
    """Return the text of an error, without its number and its full stop."""
    return _ERRNO.sub("", str(error)).rstrip(".") or type(error).__name__
