"""Lists of the account page: log-ins and API keys, each with what ends it."""

from __future__ import annotations

import reflex as rx

from pitwall.web.components.form import Asking, asking_button
from pitwall.web.rows.account import KeyRow, LogInRow


def log_in_list(rows: rx.Var[list[LogInRow]]) -> rx.Component:
    """Draw the log-ins, last used first."""
    return rx.el.ul(rx.foreach(rows, _log_in), class_name="owned")


def key_list(rows: rx.Var[list[KeyRow]]) -> rx.Component:
    """Draw the API keys, newest first."""
    return rx.cond(
        rows.length() > 0,
        rx.el.ul(rx.foreach(rows, _key), class_name="owned"),
        rx.el.p("There is no key yet.", class_name="quiet"),
    )


def _log_in(row: rx.Var[LogInRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.strong(row.browser),
            rx.cond(row.is_current, rx.el.span("this one", class_name="badge pace"), rx.fragment()),
            rx.el.p(
                f"Used {row.used} · since {row.since} · holds until {row.until}",
                class_name="hint",
            ),
        ),
        rx.cond(
            row.is_current,
            rx.fragment(),
            asking_button(
                Asking(f"DELETE /auth/sessions/{row.id}", "refresh"), "End", f"End {row.browser}"
            ),
        ),
        key=row.id,
    )


def _key(row: rx.Var[KeyRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.strong(row.name),
            rx.el.code(f"{row.prefix}_…"),
            rx.el.p(f"Made {row.made} · {row.used}", class_name="hint"),
        ),
        asking_button(
            Asking(f"DELETE /auth/keys/{row.id}", "refresh"), "Revoke", f"Revoke {row.name}"
        ),
        key=row.id,
    )
