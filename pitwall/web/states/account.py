"""State of the account pages: who looks, and what is his.

Nothing is changed here. The forms ask the `/auth` routes by `assets/account.js`, so that pages and
programs go through one door with its limits, and a password never passes a Reflex event. A tab
knows its log-in from the cookie with which its socket was opened: after logging in or out the
page is loaded anew.
"""

from __future__ import annotations

import reflex as rx

from pitwall import services
from pitwall.accounts.cookie import token_in
from pitwall.domain.accounts import Account
from pitwall.errors import PitwallError
from pitwall.web.rows.account import KeyRow, LogInRow, key_row, log_in_row


class AccountState(rx.State):
    """Who looks at this tab."""

    email: str = ""
    is_owner: bool = False
    log_ins: list[LogInRow] = []
    keys: list[KeyRow] = []

    @rx.event
    async def recognise(self) -> None:
        """Say who is logged in, for the header of any page; without a database nobody is."""
        account = await self._account()
        self.email = account.email if account else ""
        self.is_owner = account is not None and account.is_owner

    @rx.event
    async def show(self) -> object:
        """Show what is his; a guest is sent to log in first."""
        account = await self._account()
        if account is None:
            return rx.redirect("/login?next=/account")
        self.email, self.is_owner = account.email, account.is_owner
        people = services.current().people()
        self.log_ins = [
            log_in_row(log_in, account.credential_id)
            for log_in in await people.accounts.log_ins(account)
        ]
        self.keys = [key_row(key) for key in await people.keys.list(account)]
        return None

    async def _account(self) -> Account | None:
        headers = self.router.headers
        return await account_of(headers.cookie, headers.origin)


async def account_of(cookie: str, origin: str) -> Account | None:
    """Return whose tab it is; None for a guest, and where there is no database.

    Args:
        cookie: The header with which the tab's socket was opened.
        origin: Of the page.
    """
    token = token_in(cookie, is_secure=origin.startswith("https:"))
    if token is None:
        return None
    try:
        return await services.current().people().accounts.whose_log_in(token)
    except PitwallError:
        return None
