"""State of the account pages: who looks, and what is his.

Nothing is changed here. The forms ask the `/auth` routes by `assets/account.js`, so that pages and
programs go through one door with its limits, and a password never passes a Reflex event. A tab
knows its log-in from the cookie with which its socket was opened: after logging in or out the
page is loaded anew.
"""

from __future__ import annotations

from dataclasses import asdict

import reflex as rx

from pitwall import services
from pitwall.domain.accounts import Account
from pitwall.errors import PitwallError
from pitwall.web.broadcast import relay
from pitwall.web.door.visitors import visitors
from pitwall.web.rows.account import KeyRow, LogInRow, key_row, log_in_row
from pitwall.web.rows.page import PageRows

shows_account: set[str] = set()
"""The tabs that show somebody's account."""


class AccountState(rx.State):
    """Who looks at this tab."""

    email: str = ""
    is_owner: bool = False
    log_ins: list[LogInRow] = []
    keys: list[KeyRow] = []

    @rx.event
    async def recognise(self) -> None:
        """Say who is logged in, for the header of any page; without a database nobody is."""
        tab = self.router.session.client_token
        shows_account.discard(tab)
        await _tell(tab, _who(await account_of(tab)))

    @rx.event
    async def show(self) -> object:
        """Show what is theirs; a guest is sent to log in first."""
        tab = self.router.session.client_token
        account = await account_of(tab)
        if account is None:
            shows_account.discard(tab)
            await forget_person(tab)
            return rx.redirect("/login?next=/account")
        people = services.current().people()
        log_ins = [
            log_in_row(log_in, account.credential_id)
            for log_in in await people.accounts.log_ins(account)
        ]
        keys = [key_row(key) for key in await people.keys.list(account)]
        rows = {"log_ins": [asdict(row) for row in log_ins], "keys": [asdict(row) for row in keys]}
        shows_account.intersection_update(visitors.logged_in())  # those that are still open
        shows_account.add(tab)
        await _tell(tab, {**_who(account), **rows})
        return None


async def account_of(tab: str) -> Account | None:
    """Return whose tab it is; None for a guest, and where there is no database."""
    log_in = visitors.of(tab).log_in
    if not log_in:
        return None
    try:
        return await services.current().people().accounts.whose_log_in(log_in)
    except PitwallError:
        return None


async def forget_person(tab: str) -> None:
    """Take everything personal off a tab."""
    await _tell(tab, {**_who(None), "log_ins": [], "keys": []})


def _who(account: Account | None) -> PageRows:
    if account is None:
        return {"email": "", "is_owner": False}
    return {"email": account.email, "is_owner": account.is_owner}


async def _tell(tab: str, rows: PageRows) -> None:
    await relay.show_tab(tab, {}, {AccountState.get_full_name(): rows})
