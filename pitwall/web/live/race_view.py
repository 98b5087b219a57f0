"""Draw a race, live or replayed: battles, track map and timing tower, from one state's rows."""

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
        chosen: The chosen battle, such as `4-81`; "" for none.
        room: Panels about the chosen battle, shown above the cards of all battles.
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
        label=rx.Var.create("Map of the cars on the circuit. ").to(str)
        + places.words
        + " The timing tower gives the order as text.",
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
    """Draw what the forecasts mean, and which model and feed they come from."""
    header = as_var(LiveState.header)
    return rx.fragment(
        rx.el.p(
            rx.el.strong("Overtake, estimated: "),
            "the chance that the car behind is ahead one lap from now, if neither car pits and "
            "the track stays clear. Two cars are in a battle when less than two seconds apart.",
        ),
        rx.cond(as_var(LiveState.mixes).length() > 0, _footer_of_experts(), rx.fragment()),
        rx.cond(
            header.feed != "",
            rx.el.p(
                "Model ",
                rx.cond(header.model != "", header.model, "none loaded, so no forecasts"),
                " · feed ",
                header.feed,
                rx.cond(header.skew != "", f", {header.skew}", ""),
                rx.cond(header.gaps != "", f" · {header.gaps}", ""),
                rx.cond(header.inferred != "", f" · {header.inferred}", ""),
                rx.cond(header.skipped != "", f" · {header.skipped}", ""),
            ),
            rx.fragment(),
        ),
    )


def _footer_of_experts() -> rx.Component:
    return rx.el.p(
        "The bracket below a forecast is its 90 % interval. The bar shows how much each of the "
        "three experts counts: OM (DRS or Overtake Mode), BOOST (electric power) and AERO (the "
        "wake of the car ahead). ",
        rx.el.strong("Stop or flag first: "),
        "the chance that a pit stop, a retirement, a safety car or a red flag ends the battle "
        "within the lap. ",
        rx.el.strong("Estimated: "),
        "the feed does not tell a battery's charge or mode, so the expert works from speeds and "
        "sector times.",
    )
