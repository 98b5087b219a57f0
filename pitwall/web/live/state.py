"""Hold the state of the live page: rows ready to draw, and which moment the visitor watches.

It decides nothing: what a battle is lives in `pitwall.domain`, how it looks in `pitwall.web`.
The rows reach the browser through the relay and stay out of the server-side state, which
therefore holds only the visitor's clock.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import reflex as rx

from pitwall import services
from pitwall.aio import Pacer
from pitwall.domain.frames import FRAME_EVERY_S
from pitwall.engine.clock import wall_now
from pitwall.live.publishing import LONGEST_DELAY_S, FrameRing
from pitwall.recording.race_recorder import stored_race_id
from pitwall.web.live.clock_rows import ClockRow, clock_row, hidden_rows, read_delay
from pitwall.web.live.live_clock import LiveClock
from pitwall.web.live.tv_sync import MOST_PRESSES, estimate, shown_at
from pitwall.web.shared.alert_rows import AlertRow
from pitwall.web.shared.battle_rows import BattleCardRow
from pitwall.web.shared.car_rows import CarRow
from pitwall.web.shared.control_rows import HangRow, LogRow, PinnedRow
from pitwall.web.shared.event_rows import EndedRow, SpokenRow
from pitwall.web.shared.header_rows import HeaderRow, NoticeRow, PulseRow
from pitwall.web.shared.neutral_rows import NeutralRow
from pitwall.web.shared.page_rows import PageRows, changed_rows, page_rows, waiting_rows
from pitwall.web.shared.points_rows import PointsRow
from pitwall.web.shared.relay import live_map, relay
from pitwall.web.shared.result_rows import ResultRow
from pitwall.web.shared.spoilers import Veil, with_played
from pitwall.web.shared.standing_rows import SessionRow, StandingTableRow
from pitwall.web.shared.tower_rows import TowerRow
from pitwall.web.shared.track_rows import Mark, PlacesRow, TrackRow

REFRESH_S = FRAME_EVERY_S
WAITING_EVERY = 4  # with nothing new to show, send a sign of life every fourth turn


def parse_delay(typed: str | float) -> float:
    """Return a delay in seconds from what was stored; 0 if it is no number.

    >>> parse_delay("12.34"), parse_delay("-3"), parse_delay("999"), parse_delay("soon")
    (12.3, 0.0, 300.0, 0.0)
    """
    seconds = read_delay(str(typed))
    return 0.0 if seconds is None else min(max(seconds, 0.0), LONGEST_DELAY_S)


class LiveState(rx.State):
    """What one tab of the live page shows."""

    header: HeaderRow = HeaderRow()
    pulse: PulseRow = PulseRow()
    notice: NoticeRow = NoticeRow()
    cars: dict[str, CarRow] = {}
    tower: list[TowerRow] = []
    gaps: dict[str, str] = {}
    laps: dict[str, str] = {}
    minis: dict[str, str] = {}
    stints: dict[str, list[list[str]]] = {}
    hangs: dict[str, HangRow] = {}
    control: PinnedRow = PinnedRow()
    log_new: list[LogRow] = []
    log_old: list[LogRow] = []
    neutral: NeutralRow = NeutralRow()
    result: ResultRow = ResultRow()
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
    alerts: list[AlertRow] = []
    session: SessionRow = SessionRow()
    standings: list[StandingTableRow] = []
    points: PointsRow = PointsRow()
    track: TrackRow = TrackRow()
    marks: dict[str, Mark] = {}
    places: PlacesRow = PlacesRow()
    clock: ClockRow = ClockRow()
    empty: NoticeRow = NoticeRow(
        "waiting", "Connecting to the race", "The first data is on its way."
    )

    tv_delay: str = rx.LocalStorage("0", name="pitwall_tv_delay")
    spoilers: str = rx.LocalStorage("auto", name="pitwall_spoilers")
    played: str = rx.LocalStorage("", name="pitwall_played")
    delay_drawn: int = 0  # rises when the field of the delay is to be drawn again
    delay_note: str = ""
    sync_words: str = ""

    # A number, not a flag, says which watcher may write: a flag left True by a worker that
    # died would silence the tab for good.
    _watcher: int = 0
    _clock: LiveClock = LiveClock()
    _presses: list[float] = []
    _lifted: str = ""  # the race that this tab shows although it is hidden

    @rx.event(background=True)
    async def watch(self) -> None:
        """Show the newest frames, or those of the tab's own clock, until the tab ends.

        Without a delay the tab joins the room of shared frames and this returns. With one, while
        paused or catching up, the tab leaves the room and is sent its own frames from here.
        """
        async with self:
            self._watcher += 1
            watcher = self._watcher
            if watcher == 1:
                self.delay_drawn += 1  # the browser has just said what it stores
            client_token = self.router.session.client_token
            self._clock = clock = _at_delay(self._clock, parse_delay(self.tv_delay))
            veil = Veil(self.spoilers, frozenset(self.played.split()))
            rows = _OwnRows(services.current().frame_buffer, veil, self._lifted)
            is_shared = not rows.is_veiled() and clock == LiveClock()
            self._lifted = rows.lifted
        if is_shared:
            await _join(client_token)
            return
        await relay.leave(client_token)
        pacer = Pacer(REFRESH_S)
        while services.current().tab_is_open(client_token):
            async with self:
                if self._watcher != watcher:
                    return
                clock = self._clock.settled(wall_now(), LONGEST_DELAY_S)
                if (clock, rows.lifted) != (self._clock, self._lifted):
                    self._clock, self._lifted = clock, rows.lifted
            if clock == LiveClock() and not rows.is_veiled():
                await _join(client_token)
                return
            changed = rows.next_rows(clock)
            if changed is not None and not await relay.show_tab(client_token, changed):
                rows.begin_anew()
            await pacer.rest()

    def end_watching(self) -> None:
        """End the watcher of this tab, as another page now shows its own frames in it."""
        self._watcher += 1

    @rx.event
    def set_delay(self, typed: str | float) -> object:
        """Set the TV delay to the typed seconds; what is empty or no number changes nothing."""
        return _take_typed(self, str(typed).strip())

    @rx.event
    def leave_delay(self, typed: str | float) -> object:
        """Set the TV delay as the field is left, which then shows what holds."""
        self.delay_drawn += 1
        return _take_typed(self, str(typed).strip())

    @rx.event
    def shift_delay(self, seconds: float) -> object:
        """Change the TV delay by some seconds, and show the race with it."""
        self.delay_drawn += 1
        self.delay_note = ""
        return _delayed(self, parse_delay(self.tv_delay) + seconds)

    @rx.event
    def no_delay(self) -> object:
        """Show the newest frame: no delay, and no pause."""
        self.delay_drawn += 1
        self.delay_note = self.sync_words = ""
        self._presses, self._clock = [], LiveClock()
        return _delayed(self, 0.0)

    @rx.event
    def hold(self) -> object:
        """Pause the page, or go on from there and catch up."""
        now = wall_now()
        clock = _at_delay(self._clock, parse_delay(self.tv_delay))
        if clock.is_paused:
            self._clock = clock.resumed(now, LONGEST_DELAY_S)
        else:
            self._clock = clock.paused(now, LONGEST_DELAY_S)
        return LiveState.watch

    @rx.event
    def tv_shows(self, cue: str) -> object:
        """Note that the visitor's TV shows something now, and set the delay that this gives."""
        now = wall_now()
        at = shown_at(services.current().frame_buffer.of_newest_race(), cue[:40])
        if at is None:
            self.sync_words = (
                "The data of the last five minutes does not show that moment. Wait for the next."
            )
            return None
        self._presses = [*self._presses, (now - at).total_seconds()][-MOST_PRESSES:]
        found = estimate(self._presses)
        if found is None:
            return None
        self.sync_words = found.words
        self.delay_drawn += 1
        self._clock = LiveClock()
        return _delayed(self, found.delay_s)

    @rx.event
    def forget_presses(self) -> None:
        """Begin to estimate the delay anew."""
        self._presses, self.sync_words = [], ""

    @rx.event
    def lift_veil(self) -> object:
        """Show the race that is hidden, in this tab; a result that was seen stays seen."""
        frame = services.current().frame_buffer.at(0)
        if frame is not None:
            self._lifted = stored_race_id(frame.header)
            if frame.header.phase.is_over:
                self.played = with_played(self.played, self._lifted)
        return LiveState.watch

    @rx.event
    def set_spoilers(self, wish: str) -> object:
        """Hide the result of a race that is over, every race, or nothing."""
        self.spoilers, self._lifted = wish, ""
        return LiveState.watch


def _take_typed(tab: LiveState, text: str) -> object:
    """Set the delay that was typed; what is empty or no number changes nothing."""
    seconds = read_delay(text)
    tab.delay_note = ""
    if seconds is None:
        tab.delay_note = f'"{text[:12]}" is no number of seconds.' if text else ""
        return None
    if not 0 <= seconds <= LONGEST_DELAY_S:
        tab.delay_note = f"A delay can be 0 to {LONGEST_DELAY_S:g} seconds."
    return _delayed(tab, seconds)


def _delayed(tab: LiveState, seconds: float) -> object:
    """Set the delay, within its limits, and show the race with it."""
    tab.tv_delay = f"{parse_delay(seconds):g}"
    return LiveState.watch


def _at_delay(clock: LiveClock, delay_s: float) -> LiveClock:
    """Return the clock with the delay that the visitor wants now."""
    return LiveClock(delay_s, clock.held, clock.since, clock.runs)


async def _join(client_token: str) -> None:
    await relay.join(client_token)
    await relay.show_tab(client_token, {"clock": asdict(ClockRow())})


class _OwnRows:
    """Yields the rows of a tab with a clock of its own: those that changed since the last.

    Attributes:
        lifted: The race that is shown whatever `veil` says: the viewer asked for it, or saw it
            under way, and so sees it to its end.
    """

    def __init__(self, history: FrameRing, veil: Veil, lifted: str) -> None:
        self.lifted = lifted
        self._history = history
        self._veil = veil
        self._shown: tuple[int, ClockRow] | None = None
        self._turn = 0
        self._sent: PageRows = {}

    def is_veiled(self) -> bool:
        """Whether the race on screen is hidden from the viewer."""
        newest = self._history.at(0)
        if newest is None or not newest.header.race_id:
            return False
        race_id = stored_race_id(newest.header)
        if race_id == self.lifted:
            return False
        if self._veil.hides_live(newest.header):
            return True
        self.lifted = race_id
        return False

    def begin_anew(self) -> None:
        """Return all rows next time, as the tab has missed some."""
        self._shown, self._sent = None, {}

    def next_rows(self, clock: LiveClock) -> PageRows | None:
        """Return the rows to show now; None when nothing has changed."""
        behind_s = clock.behind_s(wall_now(), LONGEST_DELAY_S)
        told = clock_row(clock, behind_s)
        veiled = self.is_veiled()
        frame = None if veiled else self._history.at(behind_s)
        if frame is None:
            self._turn += 1
            if self._turn % WAITING_EVERY != 1:
                return None
            self.begin_anew()
            rows = hidden_rows(self._turn) if veiled else waiting_rows(self._turn, clock.delay_s)
            return {**rows, "clock": asdict(ClockRow("hidden") if veiled else told)}
        if (frame.sequence, told) == self._shown:
            return None
        self._shown = frame.sequence, told
        rows = page_rows(frame, services.current().cache_fault(), live_map(frame))
        rows["clock"] = asdict(told)
        if clock.is_paused:
            # The words tell each second how far behind the page is: a sign of life as well.
            self._turn += 1
            rows["pulse"] = asdict(PulseRow(sequence=self._turn, feed="paused"))
        changed, self._sent = changed_rows(rows, self._sent), rows
        return changed
