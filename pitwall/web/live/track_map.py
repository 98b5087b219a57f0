"""Draw the track map: the circuit with every car on it, in a live race or a replay."""

from __future__ import annotations

import reflex as rx

from pitwall.web.shared.battle_rows import BattleCardRow
from pitwall.web.shared.car_rows import CarRow
from pitwall.web.shared.track_rows import Mark, PlacesRow, TrackRow


class TrackMapView(rx.Component):
    """The drawing alone, made by `assets/track_map.jsx`.

    Attributes:
        marks: Where each car is, by number.
        cars: What identifies each car, by number.
        battles: Hottest first: the cars of the first ones are labelled first.
        flag: CSS class of the track's status.
        label: What the map shows, for screen readers.
        chosen: The chosen battle, such as `4-81`; "" for none.
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


def track_map(
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
            rx.el.p(places.words, " ", track.words, class_name="map-words"),
            open=True,
        ),
        class_name="panel map-panel",
        aria_label="Track map",
    )
