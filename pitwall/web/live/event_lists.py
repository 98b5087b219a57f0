"""Draw battles that ended, messages of race control and the feed, and screen-reader text."""

from __future__ import annotations

import reflex as rx

from pitwall.web.shared.event_rows import EndedRow, SpokenRow
from pitwall.web.shared.header_rows import NoticeRow


def ended_list(rows: rx.Var[list[EndedRow]]) -> rx.Component:
    """Draw the battles that ended lately, newest first."""
    return rx.el.section(
        rx.el.h2("Just ended", class_name="heading"),
        rx.cond(
            rows.length() > 0,
            rx.el.ol(
                rx.foreach(rows, _ended),
                class_name="ended",
                custom_attrs={"data-flip": "ended"},
            ),
            rx.el.p("No battle has ended yet.", class_name="quiet"),
        ),
        class_name="ended-panel",
    )


def spoken_feed(rows: rx.Var[list[SpokenRow]]) -> rx.Component:
    """Announce battles that open and end to screen readers; invisible."""
    return rx.el.div(
        rx.el.ol(rx.foreach(rows, lambda row: rx.el.li(row.words, key=row.key))),
        class_name="sr-only",
        role="log",
        aria_live="polite",
        aria_label="Battle changes",
    )


def notice_bar(notice: rx.Var[NoticeRow]) -> rx.Component:
    """Draw the feed's notice, if there is one."""
    return rx.cond(
        notice.title != "",
        rx.el.div(
            rx.el.strong(notice.title),
            rx.el.span(notice.detail),
            class_name=f"notice notice-{notice.tone}",
            role="status",
        ),
        rx.fragment(),
    )


def disconnected_bar() -> rx.Component:
    """Draw the bar that the watchdog fills and shows when frames or messages stop."""
    return rx.el.div(
        rx.el.div(rx.el.strong(id="link-title"), rx.el.span(id="link-detail"), role="alert"),
        # It counts every second, which nobody wants read aloud.
        rx.el.span(id="link-age", class_name="link-age", aria_hidden="true"),
        class_name="notice notice-lost",
        id="link",
    )


def empty_sign(notice: rx.Var[NoticeRow]) -> rx.Component:
    """Draw why there is no battle, if there is none."""
    return rx.cond(
        notice.title != "",
        rx.el.div(
            rx.el.span(class_name="scope", aria_hidden="true"),
            rx.el.p(notice.title, class_name="empty-title"),
            rx.el.p(notice.detail, class_name="empty-detail"),
            class_name=f"empty empty-{notice.tone}",
            role="status",
        ),
        rx.fragment(),
    )


def _ended(row: rx.Var[EndedRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(row.reason, class_name="outcome"),
        rx.el.span(row.pair, class_name="who"),
        rx.el.span(row.stake, class_name="stake"),
        rx.el.span(row.detail, class_name="detail"),
        key=row.key,
        custom_attrs={"data-key": row.key},
        class_name=f"ending {row.tone}",
    )
