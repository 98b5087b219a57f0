"""Draw the timing tower: every car in order, with gaps, tyres and pit stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import reflex as rx

from pitwall.web.shared.car_rows import CarRow
from pitwall.web.shared.tower_rows import TowerRow


def tyre(car: rx.Var[CarRow]) -> rx.Component:
    """Draw a car's tyres; their description is in the title and read aloud."""
    return rx.el.span(
        rx.el.span(car.tyre, class_name=f"compound compound-{car.compound}", aria_hidden="true"),
        rx.el.span(car.tyre_age, class_name="tyre-age", aria_hidden="true"),
        rx.el.span(car.tyre_words, class_name="sr-only"),
        title=car.tyre_words,
        class_name="tyre",
    )


_HEADINGS = [
    ("P", "Position", "place"),
    ("Driver", "Driver", "driver"),
    ("Gap", "Gap to the leader", "gap"),
    ("Int", "Interval to the car ahead", "interval"),
    ("Tyre", "Tyre compound and its age in laps", "tyres"),
    ("Pit", "Pit stops", "stops"),
]


def timing_tower(
    rows: rx.Var[list[TowerRow]], car_of: Callable[[rx.Var[TowerRow]], rx.Var[CarRow]]
) -> rx.Component:
    """Draw the tower as a table; rows keep their identity when cars change places."""
    return rx.el.section(
        rx.el.h2("Timing tower", class_name="heading"),
        rx.el.table(
            headings(_HEADINGS),
            rx.el.tbody(
                rx.foreach(rows, lambda row: _line(row, car_of(row))),
                custom_attrs={"data-flip": "rows"},
            ),
            class_name="tower",
        ),
        class_name="panel tower-panel",
        aria_label="Timing tower",
    )


def headings(columns: Sequence[tuple[str, str, str]]) -> rx.Component:
    """Draw the head of a table of cars.

    Args:
        columns: Short name, what it means, and the kind of cell of each.
    """
    return rx.el.thead(
        rx.el.tr(
            *[
                rx.el.th(rx.el.abbr(short, title=long), scope="col", class_name=f"cell-{kind}")
                for short, long, kind in columns
            ]
        )
    )


def _line(row: rx.Var[TowerRow], car: rx.Var[CarRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(row.position, class_name="cell-place"),
        rx.el.th(
            rx.el.span(class_name="team", style={"background": car.colour}),
            rx.el.abbr(car.code, title=car.name),
            rx.el.span(car.gained, class_name="gained", title="Places won or lost since the grid"),
            scope="row",
            class_name="cell-driver",
        ),
        rx.el.td(row.gap, class_name="cell-gap"),
        rx.el.td(
            rx.cond(
                row.status != "",
                rx.el.span(row.status, class_name="status"),
                rx.el.span(row.interval),
            ),
            class_name="cell-interval",
        ),
        rx.el.td(tyre(car), class_name="cell-tyres"),
        rx.el.td(car.stops, class_name="cell-stops"),
        key=row.key,
        class_name=f"line {row.tone} {row.fight} {row.reach}",
        custom_attrs={"data-key": row.key},
    )
