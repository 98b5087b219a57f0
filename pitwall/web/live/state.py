"""Hold the state of the live page: rows ready to draw, and the visitor's TV delay.

It decides nothing: what a battle is lives in `pitwall.domain`, how it looks in `pitwall.web`.
The rows reach the browser through the relay and stay out of the server-side state, which
therefore holds only the TV delay.
"""

from __future__ import annotations

from typing import Any

import reflex as rx

from pitwall import services
from pitwall.aio import Pacer
from pitwall.domain.frames import FRAME_EVERY_S
from pitwall.live.publishing import FrameRing
from pitwall.web.shared.battle_rows import BattleCardRow
from pitwall.web.shared.car_rows import CarRow
from pitwall.web.shared.event_rows import EndedRow, SpokenRow
from pitwall.web.shared.header_rows import HeaderRow, NoticeRow, PulseRow
from pitwall.web.shared.page_rows import PageRows, changed_rows, page_rows, waiting_rows
from pitwall.web.shared.relay import live_map, relay
from pitwall.web.shared.standing_rows import SessionRow, StandingTableRow
from pitwall.web.shared.tower_rows import TowerRow
from pitwall.web.shared.track_rows import Mark, PlacesRow, TrackRow

REFRESH_S = FRAME_EVERY_S
LONGEST_DELAY_S = 300
WAITING_EVERY = 4  # with nothing to show, send a sign of life every fourth turn


def parse_delay(typed: str | float) -> int:
    """Return a delay in whole seconds from what was typed or stored; 0 if it is no number.

    >>> parse_delay("12"), parse_delay("-3"), parse_delay("999"), parse_delay("soon")
    (12, 0, 300, 0)
    """
    try:
        return min(max(round(float(typed)), 0), LONGEST_DELAY_S)
    except (ValueError, OverflowError):
        return 0


class LiveState(rx.State):
    """What one tab of the live page shows."""

    header: HeaderRow = HeaderRow()
    pulse: PulseRow = PulseRow()
    notice: NoticeRow = NoticeRow()
    cars: dict[str, CarRow] = {}
    tower: list[TowerRow] = []
    cards: list[BattleCardRow] = []
    # By the key of a battle; `assets/battle_board.jsx` knows the order of the fields.
    readings: dict[str, list[Any]] = {}
    traces: dict[str, list[Any]] = {}
    duels: dict[str, list[Any]] = {}
    outlooks: dict[str, list[Any]] = {}
    stop_note: str = ""
    mixes: dict[str, list[Any]] = {}
    reasons: dict[str, list[list[Any]]] = {}
    ended: list[EndedRow] = []
    spoken: list[SpokenRow] = []
    session: SessionRow = SessionRow()
    standings: list[StandingTableRow] = []
    track: TrackRow = TrackRow()
    marks: dict[str, Mark] = {}
    places: PlacesRow = PlacesRow()
    empty: NoticeRow = NoticeRow(
        "waiting", "Connecting to the race", "The first data is on its way."
    )

    tv_delay: str = rx.LocalStorage("0", name="pitwall_tv_delay")

    # A number, not a flag, says which watcher may write: a flag left True by a worker that
    # died would silence the tab for good.
    _watcher: int = 0

    @rx.event(background=True)
    async def watch(self) -> None:
        """Show the newest frames, or those of `tv_delay` seconds ago, until the tab ends.

        Without a delay the tab joins the room of shared frames and this returns. With one, the
        tab leaves the room and is sent its own frames from here.
        """
        async with self:
            self._watcher += 1
            watcher = self._watcher
            client_token = self.router.session.client_token
            delay_s = parse_delay(self.tv_delay)
        if delay_s == 0:
            await relay.join(client_token)
            return
        await relay.leave(client_token)
        replay = _DelayedRows(services.current().frame_buffer, delay_s)
        pacer = Pacer(REFRESH_S)
        while services.current().tab_is_open(client_token):
            async with self:
                if self._watcher != watcher:
                    return
            rows = replay.next_rows()
            if rows is not None and not await relay.show_tab(client_token, rows):
                replay.begin_anew()
            await pacer.rest()

    def end_watching(self) -> None:
        """End the watcher of this tab, as another page now shows its own frames in it."""
        self._watcher += 1

    @rx.event
    def set_delay(self, typed: str | float) -> object:
        """Set the TV delay to the typed seconds, and show the race with it."""
        self.tv_delay = str(parse_delay(typed))
        return LiveState.watch

    @rx.event
    def shift_delay(self, seconds: int) -> object:
        """Change the TV delay by some seconds, and show the race with it."""
        self.tv_delay = str(parse_delay(parse_delay(self.tv_delay) + seconds))
        return LiveState.watch


class _DelayedRows:
    """Yields the rows of one delayed tab: for each frame, those that changed since the last."""

    def __init__(self, history: FrameRing, delay_s: int) -> None:
        self._history = history
        self._delay_s = delay_s
        self._shown = -1
        self._turn = 0
        self._sent: PageRows = {}

    def begin_anew(self) -> None:
        """Return all rows next time, as the tab has missed some."""
        self._shown, self._sent = -1, {}

    def next_rows(self) -> PageRows | None:
        """Return the rows to show now; None when nothing has changed."""
        frame = self._history.at(self._delay_s)
        if frame is None:
            self._turn += 1
            if self._turn % WAITING_EVERY != 1:
                return None
            self._sent = {}
            return waiting_rows(self._turn, self._delay_s)
        if frame.sequence == self._shown:
            return None
        self._shown = frame.sequence
        rows = page_rows(frame, services.current().cache_fault(), live_map(frame))
        changed, self._sent = changed_rows(rows, self._sent), rows
        return changed
