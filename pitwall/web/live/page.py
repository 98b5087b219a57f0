"""Lay out the live page: header, TV delay, battles (hottest first), tower and map."""

from __future__ import annotations

import reflex as rx

from pitwall.web.live.alert_feed import alert_feed
from pitwall.web.live.event_lists import disconnected_bar, notice_bar, race_control, spoken_feed
from pitwall.web.live.race_header import race_header, why_line
from pitwall.web.live.race_view import footer_of_forecasts, race_picture
from pitwall.web.live.state import LiveState
from pitwall.web.live.tv_clock import tv_clock
from pitwall.web.shared.typed import as_var


def live_page() -> rx.Component:
    """Lay out the live page; battles come before the tower for screen readers and phones."""
    header = as_var(LiveState.header)
    return rx.el.div(
        rx.el.a("Skip to the battles", href="#battles", class_name="skip"),
        race_header(header, as_var(LiveState.pulse), as_var(LiveState.session), "/"),
        why_line(header),
        disconnected_bar(),
        notice_bar(as_var(LiveState.notice)),
        rx.el.div(
            race_control(header.control),
            tv_clock(),
            class_name="strip",
        ),
        race_picture(),
        spoken_feed(as_var(LiveState.spoken)),
        alert_feed(as_var(LiveState.alerts), header),
        _footer(),
        class_name="pitwall",
    )


def _footer() -> rx.Component:
    return rx.el.footer(
        footer_of_forecasts(),
        rx.el.p(
            rx.el.a("API and its documentation", href="/docs", reload_document=True),
        ),
    )
