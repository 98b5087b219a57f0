"""One spelling for each e-mail address, so that nobody has two accounts by accident."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from pitwall.errors import RefusedFieldError

LONGEST: Final = 254  # RFC 5321, 4.5.3.1.3 less the angle brackets
# No mail is ever sent, so the shape is all that can be asked for. The domain needs no dot: a
# server at home may call its owner owner@localhost.
_SHAPE: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+")


def account_key(typed: str) -> str:
    """Return by what attempts at an account are counted: all spellings that lead to it are one.

    What is no e-mail address is nobody's account; it is counted as it is, folded.

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

    The part before the @ is lowered too: by the standard its case may matter, for no provider
    of today it does, and two accounts told apart by it are a trap.

    Raises:
        RefusedFieldError: It has not the shape of an address.

    Example:
        >>> normalise_email("  Ada@Example.ORG ")
        'ada@example.org'
    """
    email = _folded(typed)
    if len(email) > LONGEST or not email.isprintable() or not _SHAPE.fullmatch(email):
        field, reason = "email", "An e-mail address looks like name@example.org."
        raise RefusedFieldError(field, reason)
    return email


def _folded(typed: str) -> str:
    return unicodedata.normalize("NFKC", typed).strip().lower()
