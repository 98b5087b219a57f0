"""Lay out the live page: header, TV delay, battles, tower and map; on a phone one at a time."""

from __future__ import annotations

import reflex as rx

from pitwall.web.live.alert_feed import alert_feed
from pitwall.web.live.control_log import control_log, flag_banner, race_control
from pitwall.web.live.event_lists import disconnected_bar, notice_bar, spoken_feed
from pitwall.web.live.phone import phone_header, phone_tabs
from pitwall.web.live.race_header import race_header, why_line
from pitwall.web.live.race_strip import race_strip
from pitwall.web.live.race_view import footer_of_forecasts, race_picture
from pitwall.web.live.state import LiveState
from pitwall.web.live.tv_clock import tv_clock
from pitwall.web.shared.typed import as_var


def live_page() -> rx.Component:
    """Lay out the live page; battles come before the tower for screen readers and phones."""
    header, session = as_var(LiveState.header), as_var(LiveState.session)
    return rx.el.div(
        rx.el.a("Skip to the battles", href="#battles", class_name="skip"),
        phone_header(header, session),
        race_header(header, as_var(LiveState.pulse), session, "/"),
        why_line(header),
        disconnected_bar(),
        notice_bar(as_var(LiveState.notice)),
        flag_banner(),
        rx.el.div(
            race_control(),
            tv_clock(),
            class_name="strip",
        ),
        race_picture(aside=control_log()),
        race_strip(folded=True),
        spoken_feed(as_var(LiveState.spoken)),
        alert_feed(as_var(LiveState.alerts), header),
        _footer(),
        phone_tabs(session),
        class_name="pitwall",
    )


def _footer() -> rx.Component:
    return rx.el.footer(
        footer_of_forecasts(),
        rx.el.p(
            rx.el.a("API and its documentation", href="/docs", reload_document=True),
        ),
    )
