"""Lay out the pages to log in, to register and to manage an account.

Their forms call `/auth` and `/account/webhooks` through `assets/account.js`, which shows errors and
the answer.
"""

from __future__ import annotations

import reflex as rx

from pitwall.web.account.forms import Asking, Field, form, form_button, shown_once
from pitwall.web.account.webhook_panel import webhook_panel
from pitwall.web.shared.account_state import AccountState, KeyItem, LogInItem
from pitwall.web.shared.plain_page import plain_page, plain_panel
from pitwall.web.shared.typed import as_handler, as_var


def log_in_list(rows: rx.Var[list[LogInItem]]) -> rx.Component:
    """Draw the log-ins, last used first."""
    return rx.el.ul(rx.foreach(rows, _log_in), class_name="owned")


def key_list(rows: rx.Var[list[KeyItem]]) -> rx.Component:
    """Draw the API keys, newest first."""
    return rx.cond(
        rows.length() > 0,
        rx.el.ul(rx.foreach(rows, _key), class_name="owned"),
        rx.el.p("You have no API keys yet.", class_name="quiet"),
    )


def _log_in(row: rx.Var[LogInItem]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.strong(row.browser),
            rx.cond(
                row.is_current, rx.el.span("this browser", class_name="badge pace"), rx.fragment()
            ),
            rx.el.p(
                f"Last used {row.used} · logged in {row.since} · expires {row.until}",
                class_name="hint",
            ),
        ),
        rx.cond(
            row.is_current,
            rx.fragment(),
            form_button(
                Asking(f"DELETE /auth/sessions/{row.id}", "refresh"), "End", f"End {row.browser}"
            ),
        ),
        key=row.id,
    )


def _key(row: rx.Var[KeyItem]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.strong(row.name),
            rx.el.code(f"{row.prefix}_…"),
            rx.el.p(f"Made {row.made} · {row.used}", class_name="hint"),
        ),
        form_button(
            Asking(f"DELETE /auth/keys/{row.id}", "refresh"), "Revoke", f"Revoke {row.name}"
        ),
        key=row.id,
    )


_EMAIL = Field("email", "E-mail", "email", "username", most=254)

_PASSWORD = Field("password", "Password", "password", "current-password")

_KEY_NAME = Field(
    "name", "Name of a new key", "text", "off", "For example the program that will use it.", most=60
)

_NEW = "At least 10 characters, and not a common password. A short sentence works well."


def log_in_page() -> rx.Component:
    """Lay out the page to log in, which then goes to `?next=`."""
    return plain_page(
        "Log in",
        plain_panel(
            _already_logged_in(),
            form(
                "log-in",
                Asking("POST /auth/login", "next"),
                [_EMAIL, _PASSWORD],
                "Log in",
            ),
            rx.el.p(
                "No account yet? ",
                rx.el.a("Register", href="/register", custom_attrs={"data-keep-next": ""}),
                ". Forgotten your password? The owner of this server can set a new one.",
                class_name="hint",
            ),
        ),
    )


def register_page() -> rx.Component:
    """Lay out the page to open an account, which then logs in and goes to `?next=`."""
    return plain_page(
        "Register",
        plain_panel(
            _already_logged_in(),
            form(
                "register",
                Asking("POST /auth/register", "log-in"),
                [_EMAIL, Field("password", "Password", "password", "new-password", _NEW)],
                "Open an account",
            ),
            rx.el.p(
                "Your e-mail address is only used to log in. No mail is sent. ",
                "Already have an account? ",
                rx.el.a("Log in", href="/login", custom_attrs={"data-keep-next": ""}),
                ".",
                class_name="hint",
            ),
        ),
    )


def account_page() -> rx.Component:
    """Lay out the page to manage one's account."""
    return plain_page(
        "Account",
        plain_panel(_who()),
        plain_panel(
            rx.el.h2("Log-ins", class_name="heading", tab_index=-1),
            log_in_list(as_var(AccountState.log_ins)),
            form_button(
                Asking("DELETE /auth/sessions", "refresh", "All other log-ins have ended."),
                "End all others",
                "End all other log-ins",
            ),
        ),
        plain_panel(
            rx.el.h2("API keys", class_name="heading", tab_index=-1),
            rx.el.p(
                "A program with an API key can read what you can read, but cannot change your "
                "account. Send the key in the header ",
                rx.el.code("Authorization: Bearer …"),
                ". See the ",
                rx.el.a("API documentation", href="/docs", reload_document=True),
                ".",
                class_name="hint",
            ),
            shown_once("new-key", "Your new key. Copy it now: it is not shown again."),
            key_list(as_var(AccountState.keys)),
            form(
                "key",
                Asking("POST /auth/keys", "key"),
                [_KEY_NAME],
                "Make a key",
            ),
        ),
        webhook_panel(),
        plain_panel(
            rx.el.h2("Password", class_name="heading", tab_index=-1),
            form(
                "change",
                Asking(
                    "POST /auth/password",
                    "refresh",
                    "Your password is changed. All other log-ins have ended. API keys still work.",
                ),
                [
                    Field("old_password", "Current password", "password", "current-password"),
                    Field("new_password", "New password", "password", "new-password", _NEW),
                ],
                "Change the password",
                of=as_var(AccountState.email),
            ),
        ),
        plain_panel(
            rx.el.h2("Delete account", class_name="heading", tab_index=-1),
            rx.el.p(
                "This deletes your account with its log-ins, its API keys and everything else "
                "stored for you. It cannot be undone.",
                class_name="hint",
            ),
            form(
                "leave",
                Asking("DELETE /auth/me", "go /"),
                [_PASSWORD],
                "Delete my account",
                of=as_var(AccountState.email),
            ),
            kind="danger",
        ),
        rx.el.button(
            "Refresh",
            id="account-refresh",
            type="button",
            hidden=True,
            on_click=as_handler(AccountState.show),
        ),
        here="/account",
    )


def _who() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            rx.el.span("Logged in as ", class_name="label"),
            rx.el.strong(as_var(AccountState.email), class_name="who"),
            rx.cond(
                as_var(AccountState.is_owner),
                rx.el.span("owner", class_name="badge"),
                rx.fragment(),
            ),
        ),
        form_button(Asking("POST /auth/logout", "go /"), "Log out", "Log out"),
        class_name="who-row",
    )


def _already_logged_in() -> rx.Component:
    email = as_var(AccountState.email)
    return rx.cond(
        email != "",
        rx.el.p(
            "You are logged in as ",
            rx.el.a(email, href="/account", class_name="who"),
            ".",
            class_name="hint",
        ),
        rx.fragment(),
    )
