"""Tell a visitor when an event of their tab failed unexpectedly.

Reflex would show a toast by evaluating a script, which the pages' policy refuses: nothing would be
seen. This says it in the page, with a number under which the log holds the rest.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

import reflex as rx

from pitwall.logs import SparingFilter
from pitwall.web.shared.typed import as_handler, as_var

_LOGGED_A_MINUTE = 20  # who finds an event that fails fills no disk with stack traces

log = logging.getLogger(__name__)

log.addFilter(SparingFilter(_LOGGED_A_MINUTE))


class TroubleState(rx.State):
    """The newest trouble of a tab; "" while there is none."""

    number: str = ""

    @rx.event
    def tell(self, number: str) -> None:
        """Show that something went wrong, under the number it is logged by."""
        self.number = number[:16]

    @rx.event
    def dismiss(self) -> None:
        """Take the words away."""
        self.number = ""


def on_backend_trouble(exception: Exception):  # type: ignore[no-untyped-def]  # noqa: ANN201  Reflex evaluates the annotation in its own module
    """Log what an event raised, and tell the tab whose event it was."""
    number = secrets.token_hex(4)
    log.error("event failed", extra={"number": number}, exc_info=exception)
    told: Any = as_handler(TroubleState.tell)(number)
    return told


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
