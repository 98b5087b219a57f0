"""Describe faults to strangers: what is wrong, without the machine's addresses, paths or names."""

from __future__ import annotations

import re
from typing import Final

_PLACES: Final = re.compile(
    r"""
    \w+://                               # an address of something
    | \d{1,3}(?:\.\d{1,3}){3}            # of IPv4
    | ::[0-9a-f]|(?:[0-9a-f]{1,4}:){4}   # of IPv6
    | \bport\b | \b[a-z][\w.-]*:\d{2,5}\b  # HOST:PORT
    | (?<![\w.])(?:~|\.{1,2})?/\w[\w.-]*/   # a path
    | \b[A-Za-z]:\\                      # and one of Windows
    | \b(?:Errno|host|user|role|database|schema|relation|file)\b\s?["'\d]
    | \b(?:host\ ?name|name\ or\ service|getaddrinfo|password\ authentication)\b
    | \.(?:db|sqlite3?|sock|py|jsonl|zst)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ELSEWHERE: Final = "The server's log says why."


def for_strangers(reason: str) -> str:
    """Return a reason without details of the machine; the log has it in full.

    A reason that names a host, an address, a path or a login is cut at the sentence break before.

    Example:
        >>> for_strangers("The database does not answer: connect to ('10.0.0.7', 5432) failed.")
        "The database does not answer. The server's log says why."
        >>> for_strangers("3 messages were set aside: they hold no time.")
        '3 messages were set aside: they hold no time.'
    """
    found = _PLACES.search(reason)
    if found is None:
        return reason
    before = reason[: found.start()]
    end = before.find(": ") if ": " in before else before.rfind(". ")
    whole = before[:end].rstrip(" .;:") if end > 0 else "A service that the server needs is away"
    return f"{whole}. {_ELSEWHERE}"
