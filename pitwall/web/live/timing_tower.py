"""Draw the timing tower: every car in order, in the columns that the visitor chooses.

Which columns are shown, how high the lines are, and whether names are spelt out is a matter of
attributes of the document, set by `assets/tower.js` and `assets/settings.js`: nothing is sent to
the server, and what is not shown costs no more than its text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import reflex as rx

from pitwall.web.live.state import LiveState
from pitwall.web.shared.car_rows import CarRow
from pitwall.web.shared.control_rows import HangRow
from pitwall.web.shared.tower_rows import TowerRow
from pitwall.web.shared.typed import as_var

COLUMN_SETS = (
    ("gap", "Gaps"),
    ("laps", "Laps"),
    ("tyres", "Tyres"),
    ("control", "Stewards"),
)
"""What `assets/tower.js` and `assets/tower.css` call a set of columns, and its name."""

_HEADINGS = [
    ("P", "Position", "place"),
    ("Driver", "Driver", "driver"),
    ("Gap", "Gap to the leader", "gap"),
    ("Int", "Interval to the car ahead", "interval"),
    ("Last", "Last lap", "last"),
    ("Best", "Best lap", "best-lap"),
    ("Sectors", "Sectors of this lap, and mini-sectors where the feed shows them", "sectors"),
    ("Tyre", "Tyre compound and its age in laps", "tyres"),
    ("Before", "Tyres used before, and the laps on them", "stints"),
    ("Pit", "Pit stops", "stops"),
    ("Race control", "Penalties, investigations and deleted laps", "hangs"),
]


def tyre(car: rx.Var[CarRow]) -> rx.Component:
    """Draw a car's tyres; their description is in the title and read aloud."""
    return rx.el.span(
        rx.el.span(car.tyre, class_name=f"compound compound-{car.compound}", aria_hidden="true"),
        rx.el.span(car.tyre_age, class_name="tyre-age", aria_hidden="true"),
        rx.el.span(car.tyre_words, class_name="sr-only"),
        title=car.tyre_words,
        class_name="tyre",
    )


def timing_tower(
    rows: rx.Var[list[TowerRow]], car_of: Callable[[rx.Var[TowerRow]], rx.Var[CarRow]]
) -> rx.Component:
    """Draw the tower as a table; rows keep their identity when cars change places."""
    return rx.el.section(
        rx.el.h2("Timing tower", class_name="heading"),
        _choices(),
        table_of_cars(
            _HEADINGS,
            rx.foreach(rows, lambda row: _line_of(row, car_of(row))),
            flip="rows",
            kind="race-tower",
            label="Timing tower, table",
        ),
        _key(),
        class_name="panel tower-panel",
        aria_label="Timing tower",
    )


def table_of_cars(
    columns: Sequence[tuple[str, str, str]],
    lines: rx.Component,
    *,
    kind: str,
    label: str,
    flip: str = "",
    captioned: bool = False,
) -> rx.Component:
    """Draw a table with a line for each car, which can be scrolled where it is too wide.

    Args:
        columns: Short name, what it means, and the kind of cell of each.
        lines: The lines of its body.
        kind: The CSS class of the table.
        label: Its name for screen readers.
        flip: By which name its lines move when cars change places; "" where they stay.
        captioned: Whether its name is read as a caption too, where no heading stands before it.
    """
    return rx.el.div(
        rx.el.table(
            *([rx.el.caption(label, class_name="sr-only")] if captioned else []),
            _headings(columns),
            rx.el.tbody(lines, custom_attrs={"data-flip": flip} if flip else {}),
            class_name=f"tower {kind}",
        ),
        class_name="tower-scroll",
        tab_index=0,
        role="region",
        aria_label=label,
    )


def _headings(columns: Sequence[tuple[str, str, str]]) -> rx.Component:
    """Draw the head of a table of cars.

    Args:
        columns: Short name, what it means, and the kind of cell of each.
    """
    return rx.el.thead(
        rx.el.tr(
            *[
                rx.el.th(
                    rx.el.span(short, aria_hidden="true", title=long),
                    rx.el.span(long, class_name="sr-only"),
                    scope="col",
                    class_name=f"cell-{kind}",
                )
                for short, long, kind in columns
            ]
        )
    )


def driver(car: rx.Var[CarRow]) -> rx.Component:
    """Draw a car's team colour, and its driver by letters and by name."""
    return rx.fragment(
        rx.el.span(class_name="team", style={"background": car.colour}),
        rx.el.span(car.code, class_name="letters", aria_hidden="true"),
        rx.el.span(car.name, class_name="full-name"),
    )


def hanging(hang: rx.Var[HangRow]) -> rx.Component:
    """Draw what hangs over a car in a few letters, and in words for readers."""
    return rx.cond(
        hang,
        rx.fragment(
            rx.cond(
                hang.short != "",
                rx.el.span(
                    hang.short,
                    class_name=f"hang hang-{hang.tone}",
                    aria_hidden="true",
                    title=hang.words,
                ),
                rx.fragment(),
            ),
            rx.el.span(hang.words, class_name="sr-only"),
        ),
        rx.fragment(),
    )


def sectors(times: rx.Var[list[str]], minis: rx.Var[str]) -> rx.Component:
    """Draw the three sectors of a row of times, and the mini-sectors as small bars below them."""
    return rx.fragment(
        _time(times, 4),
        _time(times, 6),
        _time(times, 8),
        rx.cond(
            minis,
            rx.el.span(
                rx.foreach(
                    minis.split(""),
                    lambda mini, index: rx.el.i(
                        class_name=f"seg seg-{mini}", key=index.to_string()
                    ),
                ),
                class_name="minis",
                aria_hidden="true",
            ),
            rx.fragment(),
        ),
    )


def _choices() -> rx.Component:
    return rx.el.div(
        rx.el.fieldset(
            rx.el.legend("Columns", class_name="sr-only"),
            *[
                rx.el.label(
                    rx.el.input(
                        type="radio",
                        name="tower-columns",
                        value=value,
                        default_checked=value == "gap",
                        custom_attrs={"data-tower": "columns"},
                    ),
                    rx.el.span(words),
                )
                for value, words in COLUMN_SETS
            ],
            class_name="tower-sets",
        ),
        _switch("density", "tight", "Dense"),
        _switch("names", "full", "Names"),
        class_name="tower-choices",
    )


def _switch(name: str, value: str, words: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", value=value, custom_attrs={"data-tower": name}),
        rx.el.span(words),
        class_name="tower-switch",
    )


def _key() -> rx.Component:
    """Say what the marks of times mean; shown with the columns that have them."""
    return rx.el.p(
        rx.el.span("best of the session", class_name="time time-best"),
        rx.el.span("own best", class_name="time time-own"),
        class_name="tower-key",
    )


def _line_of(row: rx.Var[TowerRow], car: rx.Var[CarRow]) -> rx.Component:
    return tower_line(
        key=row.key,
        row=row,
        car=car,
        gaps=as_var(LiveState.gaps)[row.key],
        laps=as_var(LiveState.laps)[row.key],
        minis=as_var(LiveState.minis)[row.key],
        stints=as_var(LiveState.stints)[row.key],
        hang=as_var(LiveState.hangs)[row.key],
    )


# What changes with every frame is text, not objects: React draws a line again only when one of its
# values is another.
@rx.memo
def tower_line(  # noqa: PLR0913  the properties of a React component
    rest: rx.RestProp,
    row: rx.Var[TowerRow],
    car: rx.Var[CarRow],
    gaps: rx.Var[str],
    laps: rx.Var[str],
    minis: rx.Var[str],
    stints: rx.Var[list[list[str]]],
    hang: rx.Var[HangRow],
) -> rx.Component:
    """Draw one car's line, in all columns."""
    gap, times = gaps.split("|"), laps.split("|")
    return rx.el.tr(
        rx.el.td(row.position, class_name="cell-place"),
        rx.el.th(
            driver(car),
            rx.el.span(car.gained, class_name="gained", title="Places won or lost since the grid"),
            hanging(hang),
            scope="row",
            class_name="cell-driver",
        ),
        rx.el.td(gap[0], class_name="cell-gap"),
        rx.el.td(
            rx.cond(
                row.status != "",
                rx.el.span(row.status, class_name="status"),
                rx.el.span(gap[1]),
            ),
            class_name="cell-interval",
        ),
        rx.el.td(_time(times, 0), class_name="cell-last"),
        rx.el.td(_time(times, 2), class_name="cell-best-lap"),
        rx.el.td(sectors(times, minis), class_name="cell-sectors"),
        rx.el.td(tyre(car), class_name="cell-tyres"),
        rx.el.td(
            rx.cond(stints, rx.foreach(stints, _stint), "\N{EN DASH}"), class_name="cell-stints"
        ),
        rx.el.td(car.stops, class_name="cell-stops"),
        rx.el.td(rx.cond(hang, hang.words, ""), class_name="cell-hangs"),
        rest,
        class_name=f"line {row.tone} {row.fight} {gap[2]}",
        custom_attrs={"data-key": row.key},
    )


def _time(times: rx.Var[list[str]], index: int) -> rx.Component:
    return rx.el.span(times[index], class_name=f"time time-{times[index + 1]}")


def _stint(stint: rx.Var[list[str]]) -> rx.Component:
    return rx.el.span(
        rx.el.span(stint[0], class_name=f"compound compound-{stint[1]}"),
        rx.el.span(stint[2], class_name="tyre-age"),
        rx.cond(stint[2] != "", rx.el.span(" laps", class_name="sr-only"), rx.fragment()),
        class_name="tyre",
    )
