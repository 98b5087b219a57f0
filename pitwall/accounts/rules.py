"""Normalise e-mail addresses and passwords, and refuse passwords that are easily guessed."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

from pitwall.errors import RefusedFieldError

LONGEST_EMAIL: Final = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets

# No mail is ever sent, so only the shape can be checked. The domain needs no dot, because the owner
# of a server at home may be owner@localhost.
_SHAPE: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+")


def account_key(typed: str) -> str:
    """Return the key by which attempts at an account are counted, the same for all spellings.

    Text that is no e-mail address belongs to no account; its key is the folded text.

    Example:
        >>> account_key("\uff21DA@example.org") == account_key("ada@EXAMPLE.org")
        True
    """
    try:
        return normalise_email(typed)
    except RefusedFieldError:
        return _folded(typed)


def normalise_email(typed: str) -> str:
    """Return the one spelling of an e-mail address: NFKC, lower case, no blanks around it.

    The part before the @ is lowered too: by the standard its case may matter, but no provider
    today makes a difference, and two accounts that differ only in case are a trap.

    Raises:
        RefusedFieldError: The text does not have the shape of an address.

    Example:
        >>> normalise_email("  Ada@Example.ORG ")
        'ada@example.org'
    """
    email = _folded(typed)
    if len(email) > LONGEST_EMAIL or not email.isprintable() or not _SHAPE.fullmatch(email):
        field, reason = "email", "An e-mail address looks like name@example.org."
        raise RefusedFieldError(field, reason)
    return email


def _folded(typed: str) -> str:
    return unicodedata.normalize("NFKC", typed).strip().lower()


SHORTEST_PASSWORD: Final = 10

LONGEST_PASSWORD: Final = 256  # characters; more would only make the hash slower

_COMMON: Final = Path(__file__).with_name("common_passwords.txt")


def normalise_password(typed: str) -> str:
    """Return the form of a password that is hashed: NFKC, the same from every keyboard.

    Blanks are part of it; nothing is cut off.
    """
    return unicodedata.normalize("NFKC", typed)


def check_password(password: str, email: str, field: str = "password") -> None:
    """Refuse a normalised password that is too short, too long, too common, or the e-mail address.

    There are no rules for letters and digits, because length is what counts (NIST SP 800-63B,
    5.1.1).

    Raises:
        RefusedFieldError: The password is refused; the error holds the reason for people.
    """
    reason = _why_not(password, email)
    if reason:
        raise RefusedFieldError(field, reason)


def _why_not(password: str, email: str) -> str:
    folded = password.casefold()
    if len(password) < SHORTEST_PASSWORD:
        return f"A password needs at least {SHORTEST_PASSWORD} characters."
    if len(password) > LONGEST_PASSWORD:
        return f"A password has at most {LONGEST_PASSWORD} characters."
    if folded in common_passwords() or len(set(folded)) < 3:
        return "This password is too common. Choose another one."
    if folded in {email, email.partition("@")[0]}:
        return "A password must not be the e-mail address."
    return ""


@cache
def common_passwords() -> frozenset[str]:
    """Return common passwords of at least ten characters, in lower case."""
    return frozenset(_COMMON.read_text(encoding="utf-8").split())
