"""Hold the state of the race strip of one tab.

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
from pitwall.web.replay.tab import tabs
from pitwall.web.shared.relay import relay
from pitwall.web.strip.rows import StripRow, strip_row

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
            replay = tabs.get(tab)
            race_id = await _live_race() if replay is None else replay.race_id
            if not race_id:
                return
            strip = await strips.of(race_id)
            until = _shown(strip, lap, is_over=is_over) if replay is None else replay.at
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
