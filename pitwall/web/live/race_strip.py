"""Draw the race strip of one tab, by `assets/race_strip.jsx`, and send it its rows.

A tab that opens its strip is sent the race so far, and once a lap what is new. It travels through
the relay and stays out of the server-side state. Nothing is sent from after the moment on show: in
a replay the tab's clock says which that is, on the live page the lap that the tab shows.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import reflex as rx

from pitwall import services
from pitwall.domain.race_strip import RaceStrip
from pitwall.errors import PitwallError
from pitwall.recording.race_recorder import stored_race_id
from pitwall.web.live.state import LiveState
from pitwall.web.shared.car_rows import CarRow
from pitwall.web.shared.points_rows import PointsRow
from pitwall.web.shared.relay import relay
from pitwall.web.shared.replayed import replayed_in
from pitwall.web.shared.strip_rows import StripRow, strip_row
from pitwall.web.shared.tower_rows import TowerRow
from pitwall.web.shared.typed import as_handler, as_var

_MOST_LAPS = 200


class StripState(rx.State):
    """What the race strip shows."""

    strip: StripRow = StripRow()

    @rx.event(background=True)
    async def tell(self, have: int, lap: int, is_over: bool) -> None:
        """Send the race up to the moment on show.

        Args:
            have: The last lap that the page has; 0 for none.
            lap: The lap that the page shows.
            is_over: Whether the page shows the race as over for some minutes.
        """
        async with self:
            tab = self.router.session.client_token
        strips = services.current().strips
        if strips is None:
            return
        with suppress(PitwallError):  # not stored yet, or no database: the page asks again
            replayed = replayed_in(tab)
            race_id = await _live_race() if replayed is None else replayed[0]
            if not race_id:
                return
            strip = await strips.of(race_id)
            until = _shown(strip, lap, is_over=is_over) if replayed is None else replayed[1]
            if until is not None:
                row = strip_row(strip, until, min(max(have, 0), _MOST_LAPS))
                await relay.show_tab(tab, {}, {StripState.get_full_name(): {"strip": row}})


async def _live_race() -> str:
    frame = await services.current().live.latest()
    return stored_race_id(frame.header) if frame is not None and frame.header.race_id else ""


def _shown(strip: RaceStrip, lap: int, *, is_over: bool) -> datetime | None:
    """Return the latest moment that a page surely shows; None before the race.

    A page with a TV delay must not learn what comes later, so that its lap counts and not ours.
    """
    return datetime.now(UTC) if is_over else strip.begun(min(max(lap, 0), _MOST_LAPS))


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
