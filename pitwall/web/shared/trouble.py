"""Tell visitors when an event of their tab failed unexpectedly.

Reflex would show a toast by evaluating a script, which the pages' Content-Security-Policy refuses,
so that nothing would be seen. This shows the failure in the page, with the number under which the
server's log has the details.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

import reflex as rx

from pitwall.logs import SparingFilter
from pitwall.web.shared.typed import as_handler, as_var

_LOGGED_A_MINUTE = 20  # repeating an event that fails must not fill the disk with stack traces

log = logging.getLogger(__name__)

log.addFilter(SparingFilter(_LOGGED_A_MINUTE))


class TroubleState(rx.State):
    """The number of a tab's newest failure; "" while there is none."""

    number: str = ""

    @rx.event
    def show(self, number: str) -> None:
        """Show that something went wrong, with the number under which it is logged."""
        self.number = number[:16]

    @rx.event
    def dismiss(self) -> None:
        """Close the box."""
        self.number = ""


def on_backend_trouble(exception: Exception):  # type: ignore[no-untyped-def]  # noqa: ANN201  Reflex evaluates the annotation in its own module
    """Log what an event raised, and tell the tab that sent the event."""
    number = secrets.token_hex(4)
    log.error("event failed", extra={"number": number}, exc_info=exception)
    event: Any = as_handler(TroubleState.show)(number)
    return event


def trouble_box() -> rx.Component:
    """Draw the box at the foot of the window while there is a failure to report."""
    number = as_var(TroubleState.number)
    return rx.cond(
        number != "",
        rx.el.div(
            rx.el.strong("That did not work"),
            rx.el.span(
                "Something went wrong on the server. What the page shows is still correct. If this "
                "happens again, give the server's owner this number: ",
                rx.el.code(number),
            ),
            rx.el.button("Close", type="button", on_click=as_handler(TroubleState.dismiss)),
            class_name="notice notice-failed trouble",
            role="alert",
        ),
        rx.fragment(),
    )
