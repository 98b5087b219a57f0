"""Lay out the replay page: a stored race from any moment, with components of the live page.

Panels learn which battle is chosen through `pitwall.web.replay.tab`, and are added here as tabs.
"""

from __future__ import annotations

import reflex as rx

from pitwall.web.live.control_log import control_log, flag_banner, race_control
from pitwall.web.live.event_lists import disconnected_bar, notice_bar, spoken_feed
from pitwall.web.live.race_header import race_header
from pitwall.web.live.race_strip import race_strip
from pitwall.web.live.race_view import footer_of_forecasts, race_picture
from pitwall.web.live.state import LiveState
from pitwall.web.replay.battle_charts import forecast_panel, gap_panel, lap_panels, telemetry_panel
from pitwall.web.replay.battle_state import BattleState
from pitwall.web.replay.state import ReplayState
from pitwall.web.replay.timeline import events_panel, timeline
from pitwall.web.replay.transport import keys_dialog, transport
from pitwall.web.replay.what_if import seen_panel, what_if_panel
from pitwall.web.shared.tabs import tabs
from pitwall.web.shared.typed import as_var


def room(battles: rx.Component) -> rx.Component:
    """Draw the middle of the page: the battles, and what is known of the chosen one, as tabs."""
    panels = (
        ("battles", "Battles", battles),
        ("race", "Race", race_strip(as_var(ReplayState.head).battle, folded=False)),
        ("forecast", "Forecast", about_battle(forecast_panel(), seen_panel())),
        ("gaps", "Gaps", about_battle(gap_panel())),
        ("laps", "Laps", about_battle(lap_panels())),
        ("telemetry", "Telemetry", about_battle(telemetry_panel())),
        ("what-if", "What if", about_battle(what_if_panel())),
        ("events", "Events", events_panel()),
    )
    return tabs(
        panels,
        label="The replay room",
        opening=rx.cond(as_var(ReplayState.head).battle != "", "forecast", ""),
    )


def about_battle(*panels: rx.Component) -> rx.Component:
    """Draw panels about the chosen battle, or how to choose one."""
    battle = as_var(BattleState.battle)
    return rx.el.section(
        rx.el.div(
            rx.el.h2(
                rx.cond(battle.key != "", battle.title, "The chosen battle"),
                class_name="heading",
                id="details-title",
                tab_index=-1,
            ),
            rx.cond(
                battle.key != "",
                rx.el.button(
                    "Close",
                    type="button",
                    id="close-details",
                    class_name="control-button",
                    aria_label="Close the charts of this battle",
                ),
                rx.fragment(),
            ),
            class_name="details-top",
        ),
        rx.cond(
            battle.key != "",
            rx.el.div(*panels, class_name="details"),
            rx.el.p(
                rx.cond(
                    battle.note != "",
                    battle.note,
                    "Choose a battle to see its forecasts, gaps, sectors and telemetry, and to "
                    "try what-if changes.",
                ),
                class_name="none panel",
            ),
        ),
        id="battle-details",
        aria_labelledby="details-title",
    )


def replay_page() -> rx.Component:
    """Lay out the replay page; controls and timeline stay in view while it is scrolled."""
    header, head = as_var(LiveState.header), as_var(ReplayState.head)
    return rx.el.div(
        rx.el.a("Skip to the battles", href="#live", class_name="skip"),
        race_header(header, as_var(LiveState.pulse), as_var(LiveState.session)),
        disconnected_bar(),
        notice_bar(as_var(LiveState.notice)),
        flag_banner(),
        _trouble(),
        rx.el.div(transport(), timeline(), class_name="deck panel", id="deck"),
        rx.el.div(race_control(), class_name="strip"),
        race_picture(head.battle, room, aside=control_log(leads=True)),
        spoken_feed(as_var(LiveState.spoken)),
        keys_dialog(),
        rx.el.footer(footer_of_forecasts()),
        class_name="pitwall replay",
        custom_attrs={"data-shown-battle": as_var(BattleState.battle).key},
        id="replay",
    )


def _trouble() -> rx.Component:
    head = as_var(ReplayState.head)
    return rx.cond(
        head.title != "",
        rx.el.div(
            rx.el.strong(head.title),
            rx.el.span(head.detail),
            rx.el.a("All races", href="/races", reload_document=True),
            class_name="notice notice-failed",
            role="alert",
        ),
        rx.fragment(),
    )
