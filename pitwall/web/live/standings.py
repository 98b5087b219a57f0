"""Draw the standings of qualifying and practice, where a race has its battles."""

from __future__ import annotations

from collections.abc import Callable

import reflex as rx

from pitwall.web.live.state import LiveState
from pitwall.web.live.timing_tower import driver, hanging, sectors, table_of_cars, tyre
from pitwall.web.shared.car_rows import CarRow
from pitwall.web.shared.control_rows import HangRow
from pitwall.web.shared.standing_rows import SessionRow, StandingTableRow
from pitwall.web.shared.typed import as_var

_HEADINGS = [
    ("P", "Position", "place"),
    ("Driver", "Driver", "driver"),
    ("Best", "Best lap of this part, or of the last part that the car took part in", "best"),
    ("Gap", "Gap to the best lap of the same part", "behind"),
    ("Sectors", "Sectors of this lap or the last, and mini-sectors", "sectors"),
    ("Cut-off", "Seconds in hand on the first place that is out, or missing to the last that goes "
     "on", "margin"),
    ("Before", "Best laps of the parts before", "parts"),
    ("Tyre", "Tyre compound and its age in laps", "tyres"),
    ("Laps", "Laps completed, with out- and in-laps", "laps"),
    ("Now", "What the car is doing", "now"),
]  # fmt: skip


def standings(
    session: rx.Var[SessionRow],
    rows: rx.Var[list[StandingTableRow]],
    car_of: Callable[[rx.Var[StandingTableRow]], rx.Var[CarRow]],
) -> rx.Component:
    """Draw the table; rows keep their identity when cars change places."""
    return rx.el.section(
        rx.el.h2(session.title, class_name="heading"),
        rx.el.p(session.detail, class_name="quiet"),
        table_of_cars(
            _HEADINGS,
            rx.foreach(rows, lambda row: _line_of(row, car_of(row))),
            flip="standings",
            kind="standings",
            label="Standings, table",
        ),
        id="battles",
        tab_index=-1,
        class_name="panel battles standings-panel",
        aria_label="Standings",
    )


def _line_of(row: rx.Var[StandingTableRow], car: rx.Var[CarRow]) -> rx.Component:
    return standing_line(
        key=row.key,
        row=row,
        car=car,
        laps=as_var(LiveState.laps)[row.key],
        minis=as_var(LiveState.minis)[row.key],
        hang=as_var(LiveState.hangs)[row.key],
    )


@rx.memo
def standing_line(
    rest: rx.RestProp,
    row: rx.Var[StandingTableRow],
    car: rx.Var[CarRow],
    laps: rx.Var[str],
    minis: rx.Var[str],
    hang: rx.Var[HangRow],
) -> rx.Component:
    """Draw one car's line."""
    times = laps.split("|")
    return rx.el.tr(
        rx.el.td(row.position, class_name="cell-place"),
        rx.el.th(driver(car), hanging(hang), scope="row", class_name="cell-driver"),
        rx.el.td(row.best, class_name="cell-best"),
        rx.el.td(row.gap, class_name="cell-behind"),
        rx.el.td(sectors(times, minis), class_name="cell-sectors"),
        rx.el.td(row.margin, class_name="cell-margin"),
        rx.el.td(row.parts, class_name="cell-parts"),
        rx.el.td(tyre(car), class_name="cell-tyres"),
        rx.el.td(row.laps, class_name="cell-laps"),
        rx.el.td(
            rx.el.span(row.status, class_name="status"),
            rx.cond(row.push != "", rx.el.span(row.push, class_name="push-delta"), rx.fragment()),
            class_name="cell-now",
        ),
        rest,
        class_name=f"line {row.tone} {row.zone}",
        custom_attrs={"data-key": row.key},
    )
