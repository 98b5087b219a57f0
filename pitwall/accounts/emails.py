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
    email = unicodedata.normalize("NFKC", typed).strip().lower()
    if len(email) > LONGEST or not email.isprintable() or not _SHAPE.fullmatch(email):
        field, reason = "email", "An e-mail address looks like name@example.org."
        raise RefusedFieldError(field, reason)
    return email
