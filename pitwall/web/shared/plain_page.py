"""Lay out a page of text and forms: its head with the links, and its panels."""

from __future__ import annotations

import reflex as rx

from pitwall.web.shared.site_nav import site_nav


def plain_page(title: str, *panels: rx.Component, here: str = "") -> rx.Component:
    """Lay out a page.

    Args:
        title: Its heading.
        panels: Its content.
        here: Its own address among the links; "" for none of them.
    """
    return rx.el.div(
        rx.el.a("Skip to the page", href="#page", class_name="skip"),
        rx.el.header(
            rx.el.div(
                rx.el.a("Pitwall", href="/", class_name="brand", reload_document=True),
                rx.el.h1(title, class_name="race"),
                class_name="title",
            ),
            site_nav(here),
            class_name="plain-header panel",
        ),
        rx.el.main(*panels, id="page", tab_index=-1, class_name="account"),
        class_name="pitwall",
    )


def plain_panel(*parts: rx.Component, kind: str = "") -> rx.Component:
    """Return a panel of a page; `kind` is a CSS class, "" for none."""
    return rx.el.section(*parts, class_name=f"panel account-panel {kind}".strip())
