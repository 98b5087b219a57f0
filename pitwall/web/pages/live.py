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
from pitwall.web.components.race_header import race_header
from pitwall.web.components.timing_tower import timing_tower
from pitwall.web.rows.battles import BattleCardRow
from pitwall.web.states.live import LONGEST_DELAY_S, LiveState


def live_page() -> rx.Component:
    """Lay the live page out; battles come before the tower for readers and small screens."""
    return rx.el.div(
        rx.el.a("Skip to the battles", href="#battles", class_name="skip"),
        race_header(LiveState.header, LiveState.pulse),
        disconnected_bar(),
        notice_bar(LiveState.notice),
        rx.el.div(
            race_control(LiveState.header.control),
            delay_control(
                LiveState.tv_delay, LiveState.set_delay, LiveState.shift_delay, LONGEST_DELAY_S
            ),
            class_name="strip",
        ),
        rx.el.main(
            _battles(),
            timing_tower(LiveState.tower, LiveState.cars),
            id="live",
        ),
        spoken_feed(LiveState.spoken),
        _footer(),
        class_name="pitwall",
    )


def _battles() -> rx.Component:
    return rx.el.section(
        rx.el.h2(
            "Battles",
            rx.el.span(LiveState.cards.length(), class_name="count"),
            class_name="heading",
        ),
        rx.el.ol(
            rx.foreach(LiveState.cards, _card),
            class_name="cards",
            custom_attrs={"data-flip": "cards"},
        ),
        empty_sign(LiveState.empty),
        ended_list(LiveState.ended),
        id="battles",
        tab_index=-1,
        class_name="battles",
    )


def _card(row: rx.Var[BattleCardRow]) -> rx.Component:
    return battle_card(
        row,
        LiveState.cars[row.attacker],
        LiveState.cars[row.defender],
        LiveState.traces[row.key],
    )


def _footer() -> rx.Component:
    return rx.el.footer(
        rx.el.p(
            rx.el.strong("Overtake, estimated: "),
            "P(ahead at next line crossing | neither pits, track stays clear). ",
            "A battle is two cars within two seconds.",
        ),
        rx.el.p(
            "Model ",
            rx.cond(
                LiveState.header.model != "", LiveState.header.model, "none: no forecasts are made"
            ),
            " · feed ",
            LiveState.header.feed,
            rx.cond(LiveState.header.skipped != "", f" · {LiveState.header.skipped}", ""),
        ),
        rx.el.p(rx.el.a("API and its documentation", href="/docs")),
    )
