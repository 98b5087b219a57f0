"""Draw the race strip, by `assets/race_strip.jsx`."""

from __future__ import annotations

import reflex as rx

from pitwall.web.live.state import LiveState
from pitwall.web.shared.car_rows import CarRow
from pitwall.web.shared.tower_rows import TowerRow
from pitwall.web.shared.typed import as_handler, as_var
from pitwall.web.strip.rows import PointsRow, StripRow
from pitwall.web.strip.state import StripState


class RaceStripView(rx.Component):
    """The strip; its chart is drawn by uPlot, which is loaded when the strip is opened.

    Attributes:
        strip: The newest rows; the page keeps the laps of earlier ones.
        race, lap, flag: What the page shows now: the race's name, its lap and its flag.
        chosen: The chosen battle, such as `4-81`; "" for none.
        folded: Whether it is opened by hand, as on the live page.
        on_need: Asks for rows; called with the last lap that the page has, the lap that it shows,
            and whether the race is over.
    """

    library = "$/public/race_strip.jsx"
    tag = "RaceStrip"

    strip: rx.Var[StripRow]
    points: rx.Var[PointsRow]
    cars: rx.Var[dict[str, CarRow]]
    tower: rx.Var[list[TowerRow]]
    race: rx.Var[str]
    lap: rx.Var[str]
    flag: rx.Var[str]
    chosen: rx.Var[str]
    folded: rx.Var[bool]
    on_need: rx.EventHandler[rx.event.passthrough_event_spec(int, int, bool)]  # type: ignore[type-arg,valid-type]  # Reflex's way


def race_strip(chosen: str | rx.Var[str] = "", *, folded: bool) -> rx.Component:
    """Return the race strip.

    Args:
        chosen: The chosen battle, such as `4-81`; "" for none.
        folded: Whether it is opened by hand.
    """
    header = as_var(LiveState.header)
    view: rx.Component = RaceStripView.create(
        strip=as_var(StripState.strip),
        points=as_var(LiveState.points),
        cars=as_var(LiveState.cars),
        tower=as_var(LiveState.tower),
        race=header.race,
        lap=header.lap,
        flag=header.flag,
        chosen=chosen,
        folded=folded,
        on_need=as_handler(StripState.tell),
    )
    return view
