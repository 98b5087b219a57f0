"""Which passwords are taken: long ones that are not the first that anybody would try."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

from pitwall.errors import RefusedFieldError

SHORTEST: Final = 10
LONGEST: Final = 256  # of characters; more would only be work for the hash
_COMMON: Final = Path(__file__).with_name("common_passwords.txt")


def normalise_password(typed: str) -> str:
    """Return the form of a password that is hashed: NFKC, so that every keyboard types the same.

    Blanks are part of it; nothing is cut off.
    """
    return unicodedata.normalize("NFKC", typed)


def check_password(password: str, email: str, field: str = "password") -> None:
    """Refuse a normalised password that is too short, too common, or the e-mail itself.

    Nothing is asked of its letters and digits: length is what counts (NIST SP 800-63B, 5.1.1).

    Raises:
        RefusedFieldError: With the reason, for people to read.
    """
    reason = _why_not(password, email)
    if reason:
        raise RefusedFieldError(field, reason)


def _why_not(password: str, email: str) -> str:
    folded = password.casefold()
    if len(password) < SHORTEST:
        return f"A password needs at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    if folded in common_passwords() or len(set(folded)) < 3:
        return "This password is among the first that anybody would try. Choose another one."
    if folded in {email, email.partition("@")[0]}:
        return "A password must not be the e-mail address."
    return ""


@cache
def common_passwords() -> frozenset[str]:
    """Return common passwords of at least ten characters, in lower case."""
    return frozenset(_COMMON.read_text(encoding="utf-8").split())
