"""The live page: header, tower and battles, hottest first."""

from __future__ import annotations

import reflex as rx

from pitwall.web.components.delay_control import delay_control
from pitwall.web.components.happenings import (
    disconnected_bar,
    notice_bar,
    race_control,
    spoken_feed,
)
from pitwall.web.components.race_header import race_header, why_line
from pitwall.web.components.race_picture import footer_of_forecasts, race_picture
from pitwall.web.states.live import LONGEST_DELAY_S, LiveState
from pitwall.web.typed import as_handler, as_var


def live_page() -> rx.Component:
    """Lay the live page out; battles come before the tower for readers and small screens."""
    header = as_var(LiveState.header)
    return rx.el.div(
        rx.el.a("Skip to the battles", href="#battles", class_name="skip"),
        race_header(header, as_var(LiveState.pulse)),
        why_line(header),
        disconnected_bar(),
        notice_bar(as_var(LiveState.notice)),
        rx.el.div(
            race_control(header.control),
            delay_control(
                as_var(LiveState.tv_delay),
                as_handler(LiveState.set_delay),
                as_handler(LiveState.shift_delay),
                LONGEST_DELAY_S,
            ),
            class_name="strip",
        ),
        race_picture(),
        spoken_feed(as_var(LiveState.spoken)),
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
