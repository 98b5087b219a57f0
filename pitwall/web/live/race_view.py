"""Draw a race, live or replayed: battles, track map and timing tower, from one state's rows."""

from __future__ import annotations

from collections.abc import Callable

import reflex as rx

from pitwall.web.live.battle_board import WORDS, BattleBoard
from pitwall.web.live.event_lists import empty_sign, ended_list
from pitwall.web.live.race_pause import race_pause
from pitwall.web.live.standings import standings
from pitwall.web.live.state import LiveState
from pitwall.web.live.timing_tower import timing_tower
from pitwall.web.shared.battle_rows import BattleCardRow
from pitwall.web.shared.car_rows import CarRow
from pitwall.web.shared.standing_rows import StandingTableRow
from pitwall.web.shared.tower_rows import TowerRow
from pitwall.web.shared.track_rows import Mark, PlacesRow, TrackRow
from pitwall.web.shared.typed import as_var

ORDER = (
    "Chance and closeness decide, with a bonus for the lead and for points. A battle takes the "
    "place of another when it is hotter by a clear margin, and after ten seconds at the earliest."
)


class TrackMapView(rx.Component):
    """The drawing alone, made by `assets/track_map.jsx`.

    Attributes:
        marks: Where each car is, by number.
        cars: What identifies each car, by number.
        battles: Hottest first: the cars of the first ones are labelled first.
        flag: CSS class of the track's status.
        label: What the map shows, for screen readers.
        chosen: The chosen battle, such as `4-81`; "" for none.
        yellow: Race control's numbers of the sectors under yellow.
        flag_words: The track's status in words.
    """

    library = "$/public/track_map.jsx"
    tag = "TrackMap"

    track: rx.Var[TrackRow]
    marks: rx.Var[dict[str, Mark]]
    cars: rx.Var[dict[str, CarRow]]
    battles: rx.Var[list[BattleCardRow]]
    flag: rx.Var[str]
    label: rx.Var[str]
    chosen: rx.Var[str]
    yellow: rx.Var[list[int]]
    flag_words: rx.Var[str]


def race_picture(
    chosen: str | rx.Var[str] = "",
    room: Callable[[rx.Component], rx.Component] | None = None,
    aside: rx.Component | None = None,
) -> rx.Component:
    """Draw battles, map and tower; battles come first for readers.

    Args:
        chosen: The chosen battle, such as `4-81`; "" for none.
        room: Returns what is drawn in the place of the battles, with the battles in it.
        aside: Panels below the map; on a phone they are in the view `control`.
    """
    is_held = room is not None
    battles = _battles(chosen, is_held=is_held)
    middle = battles if room is None else rx.el.div(room(battles), class_name="middle")
    beside = rx.el.div(_map(chosen), aside or rx.fragment(), class_name="aside")
    tower = timing_tower(as_var(LiveState.tower), _car_of)
    session = as_var(LiveState.session)
    # In qualifying and practice nobody races for position: neither battles nor gaps on the track.
    return rx.cond(
        session.is_timed,
        rx.el.main(
            standings(session, as_var(LiveState.standings), _car_of_standing),
            beside,
            id="live",
            class_name="timed",
        ),
        rx.el.main(middle, beside, tower, id="live"),
    )


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
        yellow=places.yellow,
        flag_words=header.flag_word,
    )
    return _map_panel(drawing, as_var(LiveState.track), places)


def _map_panel(
    drawing: rx.Component, track: rx.Var[TrackRow], places: rx.Var[PlacesRow]
) -> rx.Component:
    """Return the panel of a drawing, with its key and how the positions are known."""
    return rx.el.section(
        rx.el.details(
            rx.el.summary(rx.el.h2("Track map", class_name="heading")),
            drawing,
            rx.el.ul(
                rx.el.li(rx.el.span(class_name="key key-hunts"), "attacks"),
                rx.el.li(rx.el.span(class_name="key key-hunted"), "is attacked"),
                rx.el.li(rx.el.span(class_name="key key-alone"), "neither"),
                rx.el.li(rx.el.span(class_name="key key-pit"), "in the pit lane"),
                class_name="map-keys",
            ),
            rx.cond(
                places.in_pit.length() > 0,
                rx.el.p("In the pit lane: ", places.in_pit.join(", ")),
                rx.fragment(),
            ),
            rx.cond(
                places.flags != "", rx.el.p(places.flags, class_name="map-flags"), rx.fragment()
            ),
            rx.el.p(places.words, " ", track.words, class_name="map-words"),
            open=True,
        ),
        class_name="panel map-panel",
        aria_label="Track map",
    )


def _battles(chosen: str | rx.Var[str], *, is_held: bool) -> rx.Component:
    cards = as_var(LiveState.cards)
    board: rx.Component = BattleBoard.create(
        cards=cards,
        readings=as_var(LiveState.readings),
        cars=as_var(LiveState.cars),
        mixes=as_var(LiveState.mixes),
        reasons=as_var(LiveState.reasons),
        traces=as_var(LiveState.traces),
        duels=as_var(LiveState.duels),
        outlooks=as_var(LiveState.outlooks),
        stop_note=as_var(LiveState.stop_note),
        tower=as_var(LiveState.tower),
        gaps=as_var(LiveState.gaps),
        chosen=chosen,
        held=is_held,
        words=WORDS,
    )
    return rx.el.section(
        rx.el.h2(
            "Battles",
            rx.el.span(cards.length(), class_name="count"),
            rx.el.span("hottest first", title=ORDER, class_name="order"),
            class_name="heading",
        ),
        board,
        empty_sign(as_var(LiveState.empty)),
        race_pause(),
        ended_list(as_var(LiveState.ended)),
        id="battles",
        tab_index=-1,
        class_name="battles",
    )


def _car_of_standing(row: rx.Var[StandingTableRow]) -> rx.Var[CarRow]:
    return as_var(LiveState.cars[row.key])


def _car_of(row: rx.Var[TowerRow]) -> rx.Var[CarRow]:
    return as_var(LiveState.cars[row.key])


def footer_of_forecasts() -> rx.Component:
    """Draw what the forecasts mean, and which model and feed they come from."""
    header = as_var(LiveState.header)
    return rx.fragment(
        rx.cond(
            as_var(LiveState.session).is_timed,
            rx.el.p(
                rx.el.strong("No battles here: "),
                "in qualifying and practice cars drive for a lap time, not for position. A slow "
                "lap is one on the way in or to cool down.",
            ),
            rx.el.p(
                rx.el.strong("Overtake, estimated: "),
                "the chance that the car behind is ahead one lap from now, if neither car pits and "
                "the track stays clear. Two cars are in a battle when less than two seconds apart.",
            ),
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
                rx.cond(header.release != "", f" · pitwall {header.release}", ""),
            ),
            rx.fragment(),
        ),
    )


def _footer_of_experts() -> rx.Component:
    return rx.el.p(
        "The bracket below a forecast is its 90 % interval. The situation is the forecast from "
        "gap, closing, traffic and stage alone. The bars show by how many percentage points each "
        "of the three experts moves it: OM (DRS or Overtake Mode), BOOST (electric power) and AERO "
        "(the wake of the car ahead). ",
        rx.el.strong("Stop or flag first: "),
        "the chance that a pit stop, a retirement, a safety car or a red flag ends the battle "
        "within the lap. ",
        rx.el.strong("Estimated: "),
        "the feed does not tell a battery's charge or mode, so the expert works from speeds and "
        "sector times.",
    )
