"""Turn open tabs whose log-in has ended into tabs of a guest.

A log-in ends by logging out, by time, or by force. One loop in each worker checks one log-in after
another, so that a thousand tabs need one database connection. It is no part of the account page:
replays end with the log-in as well.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import reflex as rx

from pitwall import services
from pitwall.errors import PitwallError
from pitwall.web.replay.tab import LOG_IN_ENDED, tabs
from pitwall.web.shared.account_state import forget_person, shows_account
from pitwall.web.shared.relay import relay
from pitwall.web.socket.visitors import Visitor, visitors

LOOKS_EVERY_S: Final = 2.0

log = logging.getLogger(__name__)


async def watch_log_ins() -> None:
    """Check the log-ins of open tabs, without end: a lifespan task of each worker."""
    while True:
        await asyncio.sleep(LOOKS_EVERY_S)
        try:
            await end_what_ended()
        except Exception:  # one bad tab must not leave the others logged in
            log.exception("the log-ins of open tabs could not be checked")


async def end_what_ended() -> None:
    """Turn the tabs of every log-in that has ended into tabs of a guest."""
    tabs_of: dict[str, list[tuple[str, Visitor]]] = {}
    for tab, visitor in visitors.logged_in().items():
        tabs_of.setdefault(visitor.log_in, []).append((tab, visitor))
    for log_in, its_tabs in tabs_of.items():
        try:
            if await services.current().people().accounts.whose_log_in(log_in) is not None:
                continue
        except PitwallError:
            return  # without a database this cannot be known, and nothing can be read either
        for tab, visitor in its_tabs:
            await _end(tab, visitor)


async def _end(tab: str, visitor: Visitor) -> None:
    visitors.add(tab, Visitor(address=visitor.address))
    await forget_person(tab)
    replay = tabs.get(tab)
    if replay is not None and replay.is_members:
        replay.end(LOG_IN_ENDED)
    if tab in shows_account:
        shows_account.discard(tab)
        await relay.send_event(tab, rx.redirect("/login?next=/account"))
