"""The TV delay: by how many seconds this tab runs behind the feed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

_STEPS = (-5, -1, 1, 5)


def delay_control(
    delay: rx.Var[str],
    on_set: Callable[..., Any],
    on_shift: Callable[..., Any],
    longest_s: int,
) -> rx.Component:
    """Draw the control; the field is drawn anew when the delay changes elsewhere."""
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
        title="Holds everything on this page back, so that it matches a late television picture.",
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
