"""Remember the visitor of each open tab: the log-in and address with which its socket was opened.

The log-in cookie is not part of a tab's state, because states are stored, logged when something
breaks, and sent to the page, whose scripts may not read the cookie.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from pitwall.accounts.tokens import token_in

GUEST: Final = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The visitor who opened a socket.

    Attributes:
        log_in: The token of the log-in; "" for a guest.
        address: The household from which they came, as it is counted.
    """

    log_in: str = GUEST
    address: str = "unknown"


_NOBODY: Final = Visitor()


class TabVisitors:
    """The visitor of each open tab of this worker, by client token."""

    def __init__(self) -> None:
        self._known: dict[str, Visitor] = {}

    def add(self, tab: str, visitor: Visitor) -> None:
        """Note the visitor of a tab."""
        self._known[tab] = visitor

    def remove(self, tab: str) -> None:
        """Forget the visitor of a tab."""
        self._known.pop(tab, None)

    def of(self, tab: str) -> Visitor:
        """Return the visitor of a tab; a guest without an address when it is closed."""
        return self._known.get(tab, _NOBODY)

    def logged_in(self) -> dict[str, Visitor]:
        """Return the tabs of logged-in visitors."""
        return {tab: visitor for tab, visitor in self._known.items() if visitor.log_in}


def log_in_of(cookie: str, origin: str) -> str:
    """Return the log-in token in a Cookie header; "" where there is none."""
    return token_in(cookie, is_secure=origin.startswith("https:")) or GUEST


def key_of_tab(token: str, log_in: str) -> str:
    """Return the name under which the state of a tab is stored.

    A tab's token is stored in its browser, where somebody else may get hold of it. The token alone
    is useless: the name depends on the token and the log-in, so that another visitor gets a fresh
    state.
    """
    made = hashlib.blake2b(token.encode(), key=log_in.encode()[:64], digest_size=20)
    return made.hexdigest()


visitors = TabVisitors()
"""The visitors of this worker's tabs."""
