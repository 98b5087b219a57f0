"""The live page: header, tower and battles, hottest first."""

from __future__ import annotations

import reflex as rx

from pitwall.web.components.battle_card import battle_card
from pitwall.web.components.delay_control import delay_control
from pitwall.web.components.happenings import (
    disconnected_bar,
    empty_sign,
    ended_list,
    notice_bar,
    race_control,
    spoken_feed,
)
from pitwall.web.components.race_header import race_header, why_line
from pitwall.web.components.timing_tower import timing_tower
from pitwall.web.rows.battles import BattleCardRow
from pitwall.web.rows.cars import CarRow
from pitwall.web.rows.tower import TowerRow
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
        rx.el.main(
            _battles(),
            timing_tower(as_var(LiveState.tower), _car_of),
            id="live",
        ),
        spoken_feed(as_var(LiveState.spoken)),
        _footer(),
        class_name="pitwall",
    )


def _battles() -> rx.Component:
    cards = as_var(LiveState.cards)
    return rx.el.section(
        rx.el.h2("Battles", rx.el.span(cards.length(), class_name="count"), class_name="heading"),
        rx.el.ol(rx.foreach(cards, _card), class_name="cards", custom_attrs={"data-flip": "cards"}),
        empty_sign(as_var(LiveState.empty)),
        ended_list(as_var(LiveState.ended)),
        id="battles",
        tab_index=-1,
        class_name="battles",
    )


def _card(row: rx.Var[BattleCardRow]) -> rx.Component:
    return battle_card(
        row,
        as_var(LiveState.cars[row.attacker]),
        as_var(LiveState.cars[row.defender]),
        as_var(LiveState.traces[row.key]),
        as_var(LiveState.mixes[row.key]),
        as_var(LiveState.mixes).contains(row.key),
    )


def _car_of(row: rx.Var[TowerRow]) -> rx.Var[CarRow]:
    return as_var(LiveState.cars[row.key])


def _footer() -> rx.Component:
    header = as_var(LiveState.header)
    return rx.el.footer(
        rx.el.p(
            rx.el.strong("Overtake, estimated: "),
            "P(attacker ahead a lap from now | neither pits, track stays clear). ",
            "A battle is two cars within two seconds.",
        ),
        rx.cond(as_var(LiveState.mixes).length() > 0, _footer_of_experts(), rx.fragment()),
        rx.cond(
            header.feed != "",
            rx.el.p(
                "Model ",
                rx.cond(header.model != "", header.model, "none: no forecasts are made"),
                " · feed ",
                header.feed,
                rx.cond(header.skew != "", f", {header.skew}", ""),
                rx.cond(header.gaps != "", f" · {header.gaps}", ""),
                rx.cond(header.skipped != "", f" · {header.skipped}", ""),
            ),
            rx.fragment(),
        ),
        rx.el.p(rx.el.a("API and its documentation", href="/docs", reload_document=True)),
    )


def _footer_of_experts() -> rx.Component:
    return rx.el.p(
        "The bracket is the forecast's 90 % interval, the bar how much it trusts each expert: "
        "OM, DRS or Overtake Mode; BOOST, electric power; AERO, the wake. ",
        rx.el.strong("Stop or flag first: "),
        "a pit stop, a retirement or a neutralisation comes before the lap is over. ",
        rx.el.strong("Expert estimated: "),
        "no channel of the feed tells a battery's charge or mode.",
    )
