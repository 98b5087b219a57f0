"""Lay out the live page: header, TV delay, battles (hottest first), tower and map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

from pitwall.web.live.event_lists import disconnected_bar, notice_bar, race_control, spoken_feed
from pitwall.web.live.race_header import race_header, why_line
from pitwall.web.live.race_view import footer_of_forecasts, race_picture
from pitwall.web.live.state import LONGEST_DELAY_S, LiveState
from pitwall.web.shared.typed import as_handler, as_var
from pitwall.web.strip.component import race_strip

_STEPS = (-5, -1, 1, 5)


def delay_control(
    delay: rx.Var[str],
    on_set: Callable[..., Any],
    on_shift: Callable[..., Any],
    longest_s: int,
) -> rx.Component:
    """Draw the control; the field is redrawn when the delay changes elsewhere."""
    return rx.el.div(
        rx.el.span("TV delay", class_name="label", aria_hidden="true"),
        *[_step(step, on_shift) for step in _STEPS[:2]],
        rx.el.label(
            rx.el.span("TV delay in seconds", class_name="sr-only"),
            rx.el.input(
                type="number",
                min=0,
                max=longest_s,
                step=1,
                default_value=delay,
                on_blur=on_set,
                key=delay,
                id="tv-delay",
                input_mode="numeric",
                auto_complete="off",
            ),
            rx.el.span("s", class_name="unit", aria_hidden="true"),
            class_name="delay-field",
        ),
        *[_step(step, on_shift) for step in _STEPS[2:]],
        rx.el.button(
            "Off",
            type="button",
            on_click=on_set("0"),
            disabled=delay == "0",
            aria_label="Off: no delay",
        ),
        role="group",
        aria_label="TV delay",
        class_name=rx.cond(delay == "0", "delay panel", "delay panel delayed"),
        title="Delays everything on this page to match your TV broadcast.",
    )


def _step(seconds: int, on_shift: Callable[..., Any]) -> rx.Component:
    sign = "\N{MINUS SIGN}" if seconds < 0 else "+"
    words = f"{abs(seconds)} second{'' if abs(seconds) == 1 else 's'}"
    return rx.el.button(
        f"{sign}{abs(seconds)}",
        type="button",
        on_click=on_shift(seconds),
        aria_label=f"{'Less' if seconds < 0 else 'More'} delay, {words}",
    )


def live_page() -> rx.Component:
    """Lay out the live page; battles come before the tower for screen readers and phones."""
    header = as_var(LiveState.header)
    return rx.el.div(
        rx.el.a("Skip to the battles", href="#battles", class_name="skip"),
        race_header(header, as_var(LiveState.pulse), as_var(LiveState.session)),
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
        race_strip(folded=True),
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
