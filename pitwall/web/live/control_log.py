"""Draw race control: what stays in view of it, and its whole log with filters."""

from __future__ import annotations

import reflex as rx

from pitwall.domain.rulings import ControlKind
from pitwall.web.live.state import LiveState
from pitwall.web.shared.control_rows import LogRow, PinnedRow
from pitwall.web.shared.typed import as_var

_FILTERS = (
    (ControlKind.SAFETY, "Safety car"),
    (ControlKind.FLAG, "Flags"),
    (ControlKind.INCIDENT, "Incidents"),
    (ControlKind.PENALTY, "Penalties"),
    (ControlKind.LIMITS, "Track limits"),
    (ControlKind.OTHER, "Other"),
    (ControlKind.BLUE, "Blue flags"),
)


def flag_banner() -> rx.Component:
    """Draw the flag that is out, with its sectors and its cause; nothing on a clear track."""
    control: rx.Var[PinnedRow] = as_var(LiveState.control)
    return rx.cond(
        control.flag != "",
        rx.el.p(
            rx.el.strong(control.title),
            rx.cond(
                control.cause != "", rx.el.span(control.cause, class_name="cause"), rx.fragment()
            ),
            class_name=f"pinned pinned-{control.flag}",
            role="status",
        ),
        rx.fragment(),
    )


def race_control() -> rx.Component:
    """Draw the newest message that is no blue flag, in full."""
    control: rx.Var[PinnedRow] = as_var(LiveState.control)
    return rx.el.p(
        rx.el.span("Race control", class_name="label"),
        rx.cond(
            control.latest != "",
            rx.el.span(control.latest, class_name="message"),
            rx.el.span("no message yet", class_name="silence"),
        ),
        rx.el.span(control.latest_at, class_name="told-at"),
        class_name="control panel",
    )


def control_log(*, leads: bool = False) -> rx.Component:
    """Draw the log, newest first; where there is a moment to go to, each time `leads` to it."""
    return rx.el.section(
        rx.el.h2("Race control", class_name="heading"),
        rx.el.fieldset(
            rx.el.legend("Messages shown", class_name="sr-only"),
            *[
                rx.el.label(
                    rx.el.input(
                        type="checkbox",
                        value=kind.value,
                        default_checked=kind is not ControlKind.BLUE,
                        custom_attrs={"data-tower": "log"},
                    ),
                    rx.el.span(words),
                    class_name="tower-switch",
                )
                for kind, words in _FILTERS
            ],
            class_name="log-filters",
        ),
        rx.el.div(
            log_list(rows=as_var(LiveState.log_new), leads=leads),
            log_list(rows=as_var(LiveState.log_old), leads=leads),
            class_name="log",
            tab_index=0,
            role="region",
            aria_label="Messages of race control, newest first",
        ),
        class_name="panel log-panel",
        id="control-log",
        aria_label="Race control",
    )


@rx.memo
def log_list(rows: rx.Var[list[LogRow]], leads: rx.Var[bool]) -> rx.Component:
    """Draw a part of the log; it is drawn again only when this part changes."""
    return rx.el.ol(rx.foreach(rows, lambda row: _message(row, leads)))


def _message(row: rx.Var[LogRow], leads: rx.Var[bool]) -> rx.Component:
    return rx.el.li(
        rx.cond(
            leads,
            rx.el.button(
                row.at,
                type="button",
                class_name="log-at",
                aria_label=f"Go to {row.at}",
                custom_attrs={"data-at": row.at},
            ),
            rx.el.span(row.at, class_name="log-at"),
        ),
        rx.el.span(
            rx.cond(row.lap != "", "L", ""),
            row.lap,
            class_name="log-lap",
        ),
        rx.el.span(row.text, class_name="log-text"),
        key=row.key,
        class_name=f"log-row log-{row.kind}",
    )
