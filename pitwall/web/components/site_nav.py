"""The ways to the other pages, the same at the top of every page."""

from __future__ import annotations

import reflex as rx

from pitwall.web.components.account_link import account_link
from pitwall.web.components.trouble_box import trouble_box

_PAGES = (("Live", "/"), ("Races", "/races"), ("Ledger", "/ledger"))


def site_nav() -> rx.Component:
    """Draw the links; each loads its page anew, so that the page learns who looks.

    Being on every page, it brings the box that says that something went wrong.
    """
    return rx.fragment(
        rx.el.nav(
            *(
                rx.el.a(name, href=path, class_name="account-link", reload_document=True)
                for name, path in _PAGES
            ),
            account_link(),
            aria_label="Pages",
            class_name="ways",
        ),
        trouble_box(),
    )
