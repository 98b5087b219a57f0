"""The way to the account, in the head of every page."""

from __future__ import annotations

import reflex as rx

from pitwall.web.states.account import AccountState
from pitwall.web.typed import as_var


def account_link() -> rx.Component:
    """Draw "Log in", or whose account it is."""
    email = as_var(AccountState.email)
    return rx.cond(
        email != "",
        rx.el.a(
            rx.el.span("Account of ", class_name="sr-only"),
            rx.el.span(email, class_name="who"),
            href="/account",
            class_name="account-link",
            title=email,
        ),
        rx.el.a("Log in", href="/login?next=/", class_name="account-link", reload_document=True),
    )
