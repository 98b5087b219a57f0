"""Lay out the page for an address that pitwall does not have."""

from __future__ import annotations

import reflex as rx

from pitwall.web.shared.plain_page import plain_page, plain_panel


def missing_page() -> rx.Component:
    """Lay out the page."""
    return plain_page(
        "No such page",
        plain_panel(
            rx.el.p("There is no page at this address. It may be mistyped, or its race removed."),
            rx.el.ul(
                _way("Live", "/", "the race that is on now"),
                _way("Races", "/races", "every race that is stored here, to be replayed"),
                _way("Ledger", "/ledger", "how the forecasts came out"),
                class_name="ways-list",
            ),
        ),
    )


def _way(name: str, path: str, what: str) -> rx.Component:
    return rx.el.li(rx.el.a(name, href=path, reload_document=True), f": {what}")
