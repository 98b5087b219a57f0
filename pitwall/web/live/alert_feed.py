"""Draw the rows from which `assets/alerts.js` makes alerts, and the line in which it tells them."""

from __future__ import annotations

import reflex as rx

from pitwall.web.shared.alert_rows import AlertRow
from pitwall.web.shared.header_rows import HeaderRow


def alert_feed(rows: rx.Var[list[AlertRow]], header: rx.Var[HeaderRow]) -> rx.Component:
    """Draw the rows, hidden, and the line of the newest alert, which is empty without one."""
    return rx.fragment(
        rx.el.ol(
            rx.foreach(rows, _row),
            id="alerts",
            hidden=True,
            custom_attrs={"data-flag": header.flag, "data-flag-words": header.flag_word},
        ),
        # The log of battles already tells screen readers; this is for the eye.
        rx.el.p(id="alert-line", class_name="alert-line", aria_hidden="true"),
    )


def _row(row: rx.Var[AlertRow]) -> rx.Component:
    return rx.el.li(
        row.words,
        key=row.key,
        custom_attrs={
            "data-key": row.key,
            "data-kind": row.kind,
            "data-percent": row.percent,
            "data-cars": row.cars,
        },
    )
