"""Draw the clock of the live page: TV delay, pause, matching the TV, and the hidden race."""

from __future__ import annotations

from typing import Any

import reflex as rx

from pitwall.web.live.state import LiveState
from pitwall.web.live.tv_sync import LIGHTS_OUT
from pitwall.web.shared.event_rows import EndedRow
from pitwall.web.shared.typed import as_handler, as_var

_STEPS = (-5.0, -1.0, -0.1, 0.1, 1.0, 5.0)
_TYPING_MS = 700  # without another key, a number is taken as typed


def tv_clock() -> rx.Component:
    """Draw the control of the tab's clock, which everything on the page follows."""
    clock = as_var(LiveState.clock)
    return rx.el.div(
        rx.cond(clock.mode == "hidden", _hidden(), rx.fragment()),
        rx.el.div(
            rx.el.span("TV delay", class_name="label", aria_hidden="true"),
            *[_step(step) for step in _STEPS[:3]],
            _field(),
            *[_step(step) for step in _STEPS[3:]],
            rx.el.button(
                "Off",
                type="button",
                on_click=as_handler(LiveState.no_delay),
                disabled=(as_var(LiveState.tv_delay) == "0") & (clock.mode == "live"),
                aria_label="Off: no delay",
            ),
            _hold(),
            role="group",
            aria_label="TV delay",
            class_name="delay-row",
        ),
        rx.el.p(as_var(LiveState.delay_note), role="status", class_name="delay-note"),
        _sync(),
        class_name=f"delay panel clock-{clock.mode}",
    )


def _field() -> rx.Component:
    return rx.el.label(
        rx.el.span("TV delay in seconds", class_name="sr-only"),
        rx.el.input(
            type="text",
            default_value=as_var(LiveState.tv_delay),
            on_change=_as_typed(LiveState.set_delay),
            on_blur=as_handler(LiveState.leave_delay),
            key=as_var(LiveState.delay_drawn),
            id="tv-delay",
            input_mode="decimal",
            auto_complete="off",
            max_length=8,
        ),
        rx.el.span("s", class_name="unit", aria_hidden="true"),
        class_name="delay-field",
    )


def _as_typed(event: object) -> object:
    handler: Any = as_handler(event)  # a handler of Reflex, with more to it than a call
    return handler.debounce(_TYPING_MS)


def _step(seconds: float) -> rx.Component:
    sign = "\N{MINUS SIGN}" if seconds < 0 else "+"
    amount = f"{abs(seconds):g}"
    return rx.el.button(
        f"{sign}{amount}",
        type="button",
        on_click=as_handler(LiveState.shift_delay)(seconds),
        aria_label=f"{'Less' if seconds < 0 else 'More'} delay, {amount} "
        f"second{'' if amount == '1' else 's'}",
    )


def _hold() -> rx.Component:
    clock = as_var(LiveState.clock)
    return rx.fragment(
        rx.el.button(
            rx.cond(clock.mode == "paused", "Go on", "Pause"),
            type="button",
            id="hold",
            on_click=as_handler(LiveState.hold),
            title="The page stands still, then catches up at one and a half times the speed",
        ),
        rx.el.span(clock.words, class_name="clock-words", role="status"),
    )


def _sync() -> rx.Component:
    header = as_var(LiveState.header)
    return rx.el.details(
        rx.el.summary("Match my TV"),
        rx.el.p(
            "Press at the very moment when your TV shows it. Each press gives the delay; several "
            "tell how sure it is.",
            class_name="hint",
        ),
        rx.el.div(
            rx.cond(
                header.lap_number > 1,
                _cue(header.lap_number - 1),
                rx.el.button(
                    "Lights out",
                    type="button",
                    on_click=as_handler(LiveState.tv_shows)(LIGHTS_OUT),
                ),
            ),
            rx.cond(header.lap_number > 0, _cue(header.lap_number), rx.fragment()),
            rx.cond(header.lap_number > 0, _cue(header.lap_number + 1), rx.fragment()),
            rx.foreach(as_var(LiveState.ended), _pass_cue),
            role="group",
            aria_label="My TV now shows",
            class_name="cues",
        ),
        rx.el.p(as_var(LiveState.sync_words), role="status", class_name="sync-words"),
        rx.cond(
            as_var(LiveState.sync_words) != "",
            rx.el.button(
                "Begin again", type="button", on_click=as_handler(LiveState.forget_presses)
            ),
            rx.fragment(),
        ),
        class_name="sync",
    )


def _cue(lap: rx.Var[int]) -> rx.Component:
    words = rx.Var.create("Lap ").to(str) + lap.to_string()
    return rx.el.button(
        words,
        type="button",
        on_click=as_handler(LiveState.tv_shows)(rx.Var.create("lap ").to(str) + lap.to_string()),
        aria_label=words + " begins on my TV",
    )


def _pass_cue(row: rx.Var[EndedRow]) -> rx.Component:
    return rx.cond(
        row.tone == "passed",
        rx.el.button(
            row.pair, type="button", on_click=as_handler(LiveState.tv_shows)(row.key), key=row.key
        ),
        rx.fragment(),
    )


def _hidden() -> rx.Component:
    return rx.el.div(
        rx.el.strong("Hidden: no spoilers"),
        rx.el.button(
            "Show this race",
            type="button",
            id="lift-veil",
            on_click=as_handler(LiveState.lift_veil),
        ),
        rx.el.a("Replay it from its start", href="/races", reload_document=True),
        class_name="veil-row",
    )
