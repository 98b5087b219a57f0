"""The box that says that something went wrong, on any page."""

from __future__ import annotations

import reflex as rx

from pitwall.web.states.trouble import TroubleState
from pitwall.web.typed import as_handler, as_var


def trouble_box() -> rx.Component:
    """Draw the box at the foot of the window while there is something to say."""
    number = as_var(TroubleState.number)
    return rx.cond(
        number != "",
        rx.el.div(
            rx.el.strong("That did not work"),
            rx.el.span(
                "Something went wrong on the server; what is on the page is still true. If it "
                "stays so, tell the server's owner this number: ",
                rx.el.code(number),
            ),
            rx.el.button("Close", type="button", on_click=as_handler(TroubleState.dismiss)),
            class_name="notice notice-failed trouble",
            role="alert",
        ),
        rx.fragment(),
    )
