"""Build the head of every page and the links between pages."""

from __future__ import annotations

import reflex as rx

from pitwall.web.shared.account_state import AccountState
from pitwall.web.shared.trouble import trouble_box
from pitwall.web.shared.typed import as_var

PANEL_COLOUR = "#0b0d0a"


def head_components() -> list[rx.Component]:
    """Return the head of every page; nothing in it is fetched from another server."""
    return [
        rx.el.meta(name="theme-color", content=PANEL_COLOUR),
        rx.el.meta(name="color-scheme", content="dark"),
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml", id="favicon"),
        rx.el.link(rel="manifest", href="/pitwall.webmanifest"),
        rx.el.link(rel="apple-touch-icon", href="/icon-192.png"),
        # Before anything is drawn: no page appears in the wrong theme first.
        rx.el.script(src="/settings.js"),
        rx.el.script(src="/tower.js"),
        # Before the app, whose socket it watches.
        rx.el.script(src="/watchdog.js"),
        rx.el.script(src="/account.js", defer=True),
        rx.el.script(src="/replay.js", defer=True),
        rx.el.script(src="/alerts.js", defer=True),
    ]


def account_link(here: str = "") -> rx.Component:
    """Draw a link to log in, or to the visitor's account."""
    current = {"aria-current": "page"}
    email = as_var(AccountState.email)
    return rx.cond(
        email != "",
        rx.el.a(
            rx.el.span("Account of ", class_name="sr-only"),
            rx.el.span(email, class_name="who"),
            href="/account",
            class_name="account-link",
            title=email,
            custom_attrs=current if here == "/account" else {},
        ),
        rx.el.a(
            "Log in",
            href="/login?next=/",
            class_name="account-link",
            reload_document=True,
            custom_attrs=current if here == "/login" else {},
        ),
    )


_PAGES = (
    ("Live", "/"),
    ("Races", "/races"),
    ("Ledger", "/ledger"),
    ("About", "/about"),
    ("Settings", "/settings"),
)


def site_nav(here: str = "") -> rx.Component:
    """Draw the links; each reloads the document, so that the page learns who is logged in.

    As it is on every page, it also contains the box that reports errors.

    Args:
        here: The address of the page that it is on; "" for none of them.
    """
    return rx.fragment(
        rx.el.nav(
            *(
                rx.el.a(
                    name,
                    href=path,
                    class_name="account-link",
                    reload_document=True,
                    custom_attrs={"aria-current": "page"} if path == here else {},
                )
                for name, path in _PAGES
            ),
            account_link(here),
            aria_label="Pages",
            class_name="ways",
        ),
        trouble_box(),
    )
