"""Hold the visitor's account, log-ins, API keys and webhooks as rows for the pages.

Nothing is changed here. The forms call the API's routes through `assets/account.js`, so that pages
and programs share the same routes and limits, and a password never passes through a Reflex
event. A tab knows its log-in from the cookie with which its socket was opened, so the page is
loaded again after logging in or out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import reflex as rx

from pitwall import services
from pitwall.domain.accounts import Account, ApiKey, LogIn
from pitwall.domain.webhooks import DeliveryState
from pitwall.errors import PitwallError
from pitwall.web.shared.hook_rows import HookItem, hook_row
from pitwall.web.shared.page_rows import PageRows
from pitwall.web.shared.relay import relay
from pitwall.web.socket.visitors import visitors

# The first match wins: Edge also says Chrome, and Chrome also says Safari.
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
_LETTERS: Final = 20  # of the dead-letter list; the API shows all


@dataclass(frozen=True, slots=True)
class LogInItem:
    """One log-in.

    Attributes:
        browser: Browser and system, as text.
        used, since, until: Times as text, UTC.
        is_current: Whether it is the log-in of this page.
    """

    id: str
    browser: str
    used: str
    since: str
    until: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class KeyItem:
    """One API key; `made` and `used` are times as text, UTC."""

    id: str
    name: str
    prefix: str
    made: str
    used: str


def log_in_row(log_in: LogIn, current: UUID) -> LogInItem:
    """Return the row of a log-in; `current` is the id of the one in use."""
    return LogInItem(
        str(log_in.id),
        browser_words(log_in.user_agent),
        moment(log_in.last_used_at),
        moment(log_in.created_at),
        moment(log_in.expires_at),
        log_in.id == current,
    )


def key_row(key: ApiKey) -> KeyItem:
    """Return the row of an API key."""
    used = moment(key.last_used_at) if key.last_used_at else "never used"
    return KeyItem(str(key.id), key.name, key.prefix, moment(key.created_at), used)


def moment(at: datetime) -> str:
    """Return a time as text, to the minute.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 3, 1, 9, 5, 59, tzinfo=UTC))
    '2026-03-01 09:05 UTC'
    """
    return f"{at:%Y-%m-%d %H:%M} UTC"


def browser_words(user_agent: str) -> str:
    """Return the browser and system that a User-Agent header names.

    >>> browser_words("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox on Linux'
    >>> browser_words("curl/8.1"), browser_words("")
    ('curl/8.1', 'Unknown browser')
    """
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return user_agent[:_LONGEST] or "Unknown browser"


shows_account: set[str] = set()
"""The tabs that show the account page of a logged-in user."""


class AccountState(rx.State):
    """The account of this tab's visitor."""

    email: str = ""
    is_owner: bool = False
    log_ins: list[LogInItem] = []
    keys: list[KeyItem] = []
    hooks: list[HookItem] = []

    @rx.event
    async def recognise(self) -> None:
        """Show who is logged in, for the header of any page; nobody is without a database."""
        tab = self.router.session.client_token
        shows_account.discard(tab)
        await _send(tab, _who(await account_of(tab)))

    @rx.event
    async def show(self) -> object:
        """Show the visitor's log-ins, API keys and webhooks; send a guest to the log-in page."""
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
        hooks = await _hook_rows(account)
        rows = {
            "log_ins": [asdict(row) for row in log_ins],
            "keys": [asdict(row) for row in keys],
            "hooks": [asdict(row) for row in hooks],
        }
        shows_account.intersection_update(visitors.logged_in())  # those that are still open
        shows_account.add(tab)
        await _send(tab, {**_who(account), **rows})
        return None


async def account_of(tab: str) -> Account | None:
    """Return the account of a tab; None for a guest, and where there is no database."""
    log_in = visitors.of(tab).log_in
    if not log_in:
        return None
    try:
        return await services.current().people().accounts.whose_log_in(log_in)
    except PitwallError:
        return None


async def forget_person(tab: str) -> None:
    """Remove everything personal from a tab."""
    await _send(tab, {**_who(None), "log_ins": [], "keys": [], "hooks": []})


async def _hook_rows(account: Account) -> list[HookItem]:
    """Return the account's webhooks, each with the newest of what was given up."""
    webhooks = services.current().webhooks
    if webhooks is None:
        return []
    counts = await webhooks.counts(account)
    rows = []
    for hook in await webhooks.of(account):
        of_hook = counts.get(hook.id, {})
        is_dead = bool(of_hook.get(DeliveryState.DEAD))
        dead = [DeliveryState.DEAD]
        letters = await webhooks.deliveries(account, hook.id, dead, _LETTERS) if is_dead else []
        rows.append(hook_row(hook, of_hook, letters))
    return rows


def _who(account: Account | None) -> PageRows:
    if account is None:
        return {"email": "", "is_owner": False}
    return {"email": account.email, "is_owner": account.is_owner}


async def _send(tab: str, rows: PageRows) -> None:
    await relay.show_tab(tab, {}, {AccountState.get_full_name(): rows})
