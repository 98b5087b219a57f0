"""Rows of the account page: log-ins and API keys, ready to draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pitwall.domain.accounts import ApiKey, LogIn

# The first that is found names it: Edge also says Chrome, and Chrome also says Safari.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
_LONGEST: Final = 48


@dataclass(frozen=True, slots=True)
class LogInRow:
    """One log-in.

    Attributes:
        browser: In words.
        used, since, until: Moments in words, UTC.
        is_current: Whether it is the one of this page.
    """

    id: str
    browser: str
    used: str
    since: str
    until: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One API key; `made` and `used` are moments in words, UTC."""

    id: str
    name: str
    prefix: str
    made: str
    used: str


def log_in_row(log_in: LogIn, current: UUID) -> LogInRow:
    """Return the row of a log-in; `current` is the one that looks."""
    return LogInRow(
        str(log_in.id),
        browser_words(log_in.user_agent),
        moment(log_in.last_used_at),
        moment(log_in.created_at),
        moment(log_in.expires_at),
        log_in.id == current,
    )


def key_row(key: ApiKey) -> KeyRow:
    """Return the row of an API key."""
    used = moment(key.last_used_at) if key.last_used_at else "never used"
    return KeyRow(str(key.id), key.name, key.prefix, moment(key.created_at), used)


def moment(at: datetime) -> str:
    """Return a moment in words, to the minute.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 3, 1, 9, 5, 59, tzinfo=UTC))
    '2026-03-01 09:05 UTC'
    """
    return f"{at:%Y-%m-%d %H:%M} UTC"


def browser_words(user_agent: str) -> str:
    """Return which browser on which system, as far as it tells.

    >>> browser_words("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox on Linux'
    >>> browser_words("curl/8.1"), browser_words("")
    ('curl/8.1', 'A browser that does not tell')
    """
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return user_agent[:_LONGEST] or "A browser that does not tell"
