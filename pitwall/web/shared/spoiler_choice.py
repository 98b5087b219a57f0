"""Draw the choice of whose results are hidden, the same on every page that has it."""

from __future__ import annotations

import reflex as rx

from pitwall.web.shared.typed import as_handler


def spoiler_choice(wish: rx.Var[str], on_change: object) -> rx.Component:
    """Draw the choice; the browser keeps it for all pages."""
    choice: rx.Component = rx.el.label(
        rx.el.span("Spoilers", class_name="label"),
        rx.el.select(
            rx.el.option("Hide newest race", value="auto"),
            rx.el.option("Hide all", value="hide"),
            rx.el.option("Show all", value="show"),
            value=wish,
            on_change=as_handler(on_change),
            id="spoilers",
        ),
        class_name="choice",
    )
    return choice
