"""The slot on the replay page where panels about the chosen battle are drawn.

Panels learn what is looked at through `pitwall.web.states.following`, and are added here.
"""

from __future__ import annotations

import reflex as rx

from pitwall.web.components.battle_charts import (
    forecast_panel,
    gap_panel,
    lap_panels,
    telemetry_panel,
)
from pitwall.web.components.what_if import seen_panel, what_if_panel
from pitwall.web.states.battle_room import BattleRoomState
from pitwall.web.typed import as_var


def replay_room() -> rx.Component:
    """Draw the panels about the battle that is looked at, one below the other."""
    room = as_var(BattleRoomState.room)
    return rx.el.section(
        rx.el.div(
            rx.el.h2(
                rx.cond(room.key != "", room.title, "The chosen battle"),
                class_name="heading",
                id="room-title",
                tab_index=-1,
            ),
            rx.cond(
                room.key != "",
                rx.el.button(
                    "Close",
                    type="button",
                    id="close-room",
                    aria_label="Close the charts of this battle",
                ),
                rx.fragment(),
            ),
            class_name="room-top",
        ),
        rx.cond(
            room.key != "",
            rx.el.div(*_panels(), class_name="room"),
            rx.el.p(
                rx.cond(
                    room.note != "",
                    room.note,
                    "Choose a battle to see its forecasts, gaps, sectors and telemetry, and to "
                    "ask what if.",
                ),
                class_name="none",
            ),
        ),
        id="replay-room",
        custom_attrs={"data-battle": room.key},
        aria_labelledby="room-title",
    )


def _panels() -> list[rx.Component]:
    return [
        forecast_panel(),
        seen_panel(),
        what_if_panel(),
        gap_panel(),
        lap_panels(),
        telemetry_panel(),
    ]
