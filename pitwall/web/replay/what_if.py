"""Draw what the model saw of the chosen battle at this moment, and the what-if controls."""

from __future__ import annotations

from typing import Any

import reflex as rx

from pitwall.web.live.experts import Behind, condition_line, outlook, why
from pitwall.web.replay.battle_charts import panel
from pitwall.web.replay.battle_rows import ForecastRow
from pitwall.web.replay.battle_state import BattleState
from pitwall.web.shared.typed import as_handler, as_var

_PAUSE_MS = 120  # a slider that moves asks at most eight times a second
_COMPOUNDS = ("soft", "medium", "hard")


def seen_panel() -> rx.Component:
    """Draw the model's forecast at the moment on show, and its reasons."""
    seen = as_var(BattleState.seen)
    return panel(
        "What the model saw",
        _forecast(seen, rx.fragment("at ", seen.at, " UTC")),
        hint="Computed by today's model from what was known at that moment.",
    )


def what_if_panel() -> rx.Component:
    """Draw the controls, and the changed forecast."""
    controls, limits = as_var(BattleState.controls), as_var(BattleState.limits)
    battle = as_var(BattleState.battle)
    return panel(
        "What if?",
        rx.cond(
            controls.key != "",
            rx.el.div(
                rx.el.div(
                    _slider("Gap", "gap_s", "s", (limits.least_gap_s, limits.most_gap_s, "0.01")),
                    _slider(
                        rx.fragment("Tyres of ", battle.attacker),
                        "attacker_tyre_laps",
                        "laps",
                        ("0", limits.most_tyre_laps, "1"),
                    ),
                    _slider(
                        rx.fragment("Tyres of ", battle.defender),
                        "defender_tyre_laps",
                        "laps",
                        ("0", limits.most_tyre_laps, "1"),
                    ),
                    _choice(
                        rx.fragment("Compound of ", battle.attacker),
                        "attacker_compound",
                        _COMPOUNDS,
                    ),
                    _choice(
                        rx.fragment("Compound of ", battle.defender),
                        "defender_compound",
                        _COMPOUNDS,
                    ),
                    _choice("DRS or Overtake Mode", "has_mode", ("yes", "no"), controls.mode),
                    rx.el.button(
                        "Reset",
                        type="button",
                        on_click=as_handler(BattleState.change)("reset", ""),
                    ),
                    class_name="what-if-controls",
                ),
                rx.el.div(
                    _forecast(
                        as_var(BattleState.answer),
                        rx.fragment(
                            "with these changes: ", rx.el.strong(as_var(BattleState.moved))
                        ),
                    ),
                    aria_live="polite",
                ),
                class_name="what-if",
            ),
            rx.el.p("There is no forecast to change at this moment.", class_name="none"),
        ),
        hint="Changing the gap moves all gaps of the last minutes alike, so their trend stays the "
        "same, and so does the number of laps within one second. Values stay within the ranges of "
        "the training data.",
    )


def _forecast(row: rx.Var[ForecastRow], beside: rx.Component) -> rx.Component:
    return rx.cond(
        row.no_forecast != "",
        rx.el.p(rx.el.span("No forecast: ", class_name="label"), row.no_forecast),
        rx.el.div(
            rx.el.p(
                rx.el.span(row.percent, class_name="model-forecast-percent"),
                rx.el.span(" % ", class_name="unit"),
                rx.el.span(beside, class_name="model-forecast-beside"),
                class_name="model-forecast-line",
            ),
            rx.el.meter(min=0, max=100, value=row.meter, aria_hidden="true"),
            condition_line(row.condition),
            rx.cond(
                row.has_mix,
                rx.el.div(outlook(row.mix), class_name="model-forecast-mix"),
                rx.fragment(),
            ),
            why(Behind(row.mix, row.has_mix, row.reasons), row.percent),
            class_name="model-forecast",
        ),
    )


def _slider(
    label: str | rx.Component, name: str, unit: str, limits: tuple[Any, Any, str]
) -> rx.Component:
    controls = as_var(BattleState.controls)
    least, most, step = limits
    stands = getattr(controls, name)
    change = as_handler(BattleState.change)
    return rx.el.label(
        rx.el.span(label, class_name="label"),
        rx.el.input(
            type="range",
            min=least,
            max=most,
            step=step,
            default_value=stands,
            key=f"{name} {controls.key}",
            on_change=lambda value: change(name, value).debounce(_PAUSE_MS),
            custom_attrs={"data-unit": unit, "data-tell": name},
        ),
        rx.el.output(stands, " ", unit, aria_hidden="true"),
        class_name="what-if-slider",
    )


def _choice(
    label: str | rx.Component,
    name: str,
    options: tuple[str, ...],
    stands: rx.Var[str] | None = None,
) -> rx.Component:
    controls = as_var(BattleState.controls)
    change = as_handler(BattleState.change)
    value = getattr(controls, name) if stands is None else stands
    return rx.el.label(
        rx.el.span(label, class_name="label"),
        rx.el.select(
            rx.cond(value == "", rx.el.option("not known", value=""), rx.fragment()),
            *[rx.el.option(option, value=option) for option in options],
            default_value=value,
            key=f"{name} {controls.key}",
            on_change=lambda chosen: change(name, chosen),
        ),
        class_name="what-if-choice",
    )
