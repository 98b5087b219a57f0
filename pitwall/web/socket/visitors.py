"""Who is behind a tab: what its socket was opened with, and nothing that is kept of it.

A log-in cookie is no part of a tab's state: states are kept, logged when something breaks, and
sent to the page, whose scripts may not read the cookie.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from pitwall.accounts.tokens import token_in

GUEST: Final = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who opened a socket.

    Attributes:
        log_in: The token of the log-in; "" of a guest.
        address: Where from, as it is counted.
    """

    log_in: str = GUEST
    address: str = "unknown"


_NOBODY: Final = Visitor()


class TabVisitors:
    """Who is behind each open tab of this worker, by client token."""

    def __init__(self) -> None:
        self._known: dict[str, Visitor] = {}

    def came(self, tab: str, visitor: Visitor) -> None:
        """Note who is behind a tab."""
        self._known[tab] = visitor

    def left(self, tab: str) -> None:
        """Forget who was behind a tab."""
        self._known.pop(tab, None)

    def of(self, tab: str) -> Visitor:
        """Return who is behind a tab; a guest from nowhere when it is closed."""
        return self._known.get(tab, _NOBODY)

    def logged_in(self) -> dict[str, Visitor]:
        """Return the tabs that came with a log-in."""
        return {tab: visitor for tab, visitor in self._known.items() if visitor.log_in}


def log_in_of(cookie: str, origin: str) -> str:
    """Return the token of a log-in in a Cookie header; "" where there is none."""
    return token_in(cookie, is_secure=origin.startswith("https:")) or GUEST


def key_of_tab(token: str, log_in: str) -> str:
    """Return under which name the state of a tab is kept.

    A tab's token lies in its browser for whoever gets hold of it. Alone it opens nothing: the
    name is made of the token and the log-in, so that another visitor finds a fresh state.
    """
    made = hashlib.blake2b(token.encode(), key=log_in.encode()[:64], digest_size=20)
    return made.hexdigest()


visitors = TabVisitors()
"""Those of this worker."""
