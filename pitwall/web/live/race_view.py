"""The picture of a race, live or replayed: battles and timing tower, from one state's rows."""

from __future__ import annotations

import reflex as rx

from pitwall.web.live.battle_card import battle_card
from pitwall.web.live.event_lists import empty_sign, ended_list
from pitwall.web.live.state import LiveState
from pitwall.web.live.timing_tower import timing_tower
from pitwall.web.live.track_map import TrackMapView, track_map
from pitwall.web.shared.battle_rows import BattleCardRow
from pitwall.web.shared.car_rows import CarRow
from pitwall.web.shared.tower_rows import TowerRow
from pitwall.web.shared.typed import as_var


def race_picture(chosen: str | rx.Var[str] = "", room: rx.Component | None = None) -> rx.Component:
    """Draw battles, map and tower; battles come first for readers.

    Args:
        chosen: The battle that is looked at, such as `4-81`; "" for none.
        room: What tells more of that battle, above the cards of all.
    """
    middle = _battles() if room is None else rx.el.div(room, _battles(), class_name="middle")
    tower = timing_tower(as_var(LiveState.tower), _car_of)
    return rx.el.main(middle, _map(chosen), tower, id="live")


def _map(chosen: str | rx.Var[str]) -> rx.Component:
    header, places = as_var(LiveState.header), as_var(LiveState.places)
    drawing: rx.Component = TrackMapView.create(
        track=as_var(LiveState.track),
        marks=as_var(LiveState.marks),
        cars=as_var(LiveState.cars),
        battles=as_var(LiveState.cards),
        flag=header.flag,
        label=rx.Var.create("Where each car is. ").to(str)
        + places.words
        + " The timing tower tells the order as text.",
        chosen=chosen,
    )
    return track_map(drawing, as_var(LiveState.track), places)


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


def footer_of_forecasts() -> rx.Component:
    """Say what the forecasts mean, and what made them."""
    header = as_var(LiveState.header)
    return rx.fragment(
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
