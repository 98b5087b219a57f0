"""Draw chart panels about the chosen battle: forecast, gaps, sectors and traps, telemetry."""

from __future__ import annotations

import reflex as rx

from pitwall.web.replay.battle_state import BattleState
from pitwall.web.replay.state import ReplayState
from pitwall.web.shared.chart import chart, chart_table
from pitwall.web.shared.typed import as_handler, as_var

_PICK = "Click a point to go to that moment."


def forecast_panel() -> rx.Component:
    """Draw what was forecast over time."""
    words = as_var(BattleState.forecast_words)
    return panel(
        "Forecast over time",
        chart(
            as_var(BattleState.forecast),
            as_var(BattleState.forecast_table),
            label=words,
            cursor=as_var(ReplayState.head).at,
            on_pick=as_handler(BattleState.pick),
            class_name="tall",
        ),
        words=words,
        hint="The chance that the car behind is ahead one lap later, if neither car pits and the "
        "track stays clear, with its 90 % interval and the forecast from the situation and each "
        "expert alone. Below: by how many percentage points each expert moves it; for forecasts of "
        f"earlier releases, how much each counted. {_PICK}",
        wide=True,
    )


def gap_panel() -> rx.Component:
    """Draw the gap over time."""
    words = as_var(BattleState.gap_words)
    return panel(
        "Gaps",
        chart(
            as_var(BattleState.gaps),
            as_var(BattleState.gap_table),
            label=words,
            cursor=as_var(ReplayState.head).at,
            on_pick=as_handler(BattleState.pick),
        ),
        words=words,
        hint=f"The dashed line marks one second. {_PICK}",
        wide=True,
    )


def lap_panels() -> rx.Component:
    """Draw sectors and speed traps, attacker minus defender."""
    words = as_var(BattleState.lap_words)
    return panel(
        "Sectors and speed traps",
        rx.el.div(
            chart(as_var(BattleState.sectors), label=words),
            chart(as_var(BattleState.traps), label="Speeds at the traps, lap by lap"),
            class_name="side-by-side",
        ),
        chart_table(as_var(BattleState.lap_table)),
        words=words,
        hint="Attacker minus defender. The attacker was faster where a sector is below zero or a "
        "speed trap is above zero.",
        wide=True,
    )


def telemetry_panel() -> rx.Component:
    """Draw one lap of both cars by distance."""
    choice = as_var(BattleState.lap_choice)
    step = as_handler(BattleState.step_lap)
    return panel(
        "Telemetry compared",
        rx.el.div(
            rx.el.button(
                "\N{LEFTWARDS ARROW} lap",
                type="button",
                aria_label="The lap before",
                disabled=~choice.has_before,
                on_click=step(-1),
            ),
            rx.el.strong("lap ", rx.cond(choice.lap != "", choice.lap, "--")),
            rx.el.button(
                "lap \N{RIGHTWARDS ARROW}",
                type="button",
                aria_label="The lap after",
                disabled=~choice.has_after,
                on_click=step(1),
            ),
            class_name="lap-steps",
        ),
        rx.cond(choice.note != "", rx.el.p(choice.note, class_name="none"), rx.fragment()),
        chart(
            as_var(BattleState.telemetry),
            as_var(BattleState.telemetry_table),
            label=as_var(BattleState.telemetry_words),
            class_name="tallest",
        ),
        rx.cond(
            choice.corners_from != "",
            rx.el.p(
                "The numbers below the delta are corner numbers, from ",
                choice.corners_from,
                ".",
                class_name="details-hint corners-from",
            ),
            rx.fragment(),
        ),
        words=as_var(BattleState.telemetry_words),
        hint="The delta falls where the attacker gains time. Distance is estimated from the "
        "speeds. From 2026 the feed does not tell who uses Overtake Mode.",
        wide=True,
    )


def panel(
    title: str,
    *children: rx.Component,
    words: str | rx.Var[str] = "",
    hint: str = "",
    wide: bool = False,
) -> rx.Component:
    """Return a panel with its heading, a description of the chart, and how to read it."""
    return rx.el.section(
        rx.el.h3(title, class_name="heading"),
        rx.el.p(words, class_name="details-words"),
        *children,
        rx.el.p(hint, class_name="details-hint"),
        class_name=f"panel details-panel {'wide' if wide else ''}",
    )
