"""Hold the state of the ledger page: one view of the ledger, as rows and figures."""

from __future__ import annotations

import asyncio
from typing import Final

import reflex as rx

from pitwall import services
from pitwall.analysis.track_record import TrackRecord, without
from pitwall.domain.stored_races import RaceFilter
from pitwall.errors import PitwallError
from pitwall.web.ledger.charts import (
    brier_figure,
    log_loss_figure,
    reliability_figure,
    reliability_table,
)
from pitwall.web.ledger.rows import (
    NO_PASSES,
    VIEWS,
    CallRow,
    LedgerRow,
    LedgerViewRow,
    ScoreRow,
    call_rows,
    ledger_row,
    race_rows,
    score_row,
    view_rows,
)
from pitwall.web.shared.account_state import account_of
from pitwall.web.shared.chart_theme import NO_FIGURE, Figure, Table
from pitwall.web.shared.spoilers import Veil, veil_of

_MOST_RACES: Final = 1_000  # thirty seasons
_counting = asyncio.Semaphore(1)  # over all tabs: the first count of a race reads its forecasts


class LedgerState(rx.State):
    """What one tab shows of the ledger."""

    views: list[LedgerViewRow] = []
    head: LedgerRow = LedgerRow()
    reliability: Figure = NO_FIGURE
    reliability_numbers: Table = Table()
    log_loss: Figure = NO_FIGURE
    brier: Figure = NO_FIGURE
    seasons: list[ScoreRow] = []
    circuits: list[ScoreRow] = []
    races: list[ScoreRow] = []
    best: list[CallRow] = []
    worst: list[CallRow] = []
    trouble: str = ""

    spoilers: str = rx.LocalStorage("auto", name="pitwall_spoilers")
    played: str = rx.LocalStorage("", name="pitwall_played")

    _view: str = ""

    @rx.event
    async def show(self) -> object:
        """Show the first view with known outcomes; live forecasts come first."""
        for view in VIEWS:
            record = await self._record(view)
            if record is None:
                return None
            if record.overall is not None:
                await self._show(view, record)
                return LedgerState.count_passes
        return await self._choose("live")

    @rx.event
    async def choose(self, view: str) -> object:
        """Show one view; an unknown one changes nothing."""
        return await self._choose(view)

    @rx.event
    async def set_spoilers(self, wish: str) -> object:
        """Hide the newest race until it is played, all races, or none."""
        self.spoilers = wish
        return await self._choose(self._view)

    @rx.event(background=True)
    async def count_passes(self) -> None:
        """Count the passes of the races on show, and fill them in."""
        async with self:
            view = self._view
        record, veil = await self._seen(view)
        if record is None:
            return
        try:
            async with _counting:
                passes = await _passes(record, veil)
        except PitwallError:
            return  # the page says what it knows; the races page says why passes are missing
        async with self:
            if self._view == view:
                self.head = ledger_row(view, *_visible(record, veil), passes)
                self.races = race_rows(record, veil.hides, passes)

    async def _choose(self, view: str) -> object:
        record = await self._record(view) if view in VIEWS else None
        if record is None:
            return None
        await self._show(view, record)
        return LedgerState.count_passes

    async def _record(self, view: str) -> TrackRecord | None:
        made, simulated, *_ = VIEWS[view]
        self.trouble = ""
        try:
            return await services.current().track_records().record(made, simulated=simulated)
        except PitwallError as error:
            self.trouble = str(error)
            return None

    async def _seen(self, view: str) -> tuple[TrackRecord | None, Veil]:
        """Return a view again, for a task that runs beside the page's events."""
        made, simulated, *_ = VIEWS.get(view, VIEWS["live"])
        async with self:
            tab, wish, played = self.router.session.client_token, self.spoilers, self.played
        try:
            record = await services.current().track_records().record(made, simulated=simulated)
            return record, await _veil(tab, wish, played)
        except PitwallError:
            return None, Veil("hide")

    async def _show(self, view: str, record: TrackRecord) -> None:
        tab = self.router.session.client_token
        veil = await _veil(tab, self.spoilers, self.played)
        seen, hidden = await asyncio.to_thread(_visible, record, veil)
        self._view = view
        self.views = view_rows(view)
        self.head = ledger_row(view, seen, hidden, NO_PASSES)
        self.reliability = reliability_figure(seen)
        self.reliability_numbers = reliability_table(seen)
        self.log_loss = log_loss_figure(seen)
        self.brier = brier_figure(seen)
        self.seasons = [score_row(score) for score in seen.seasons]
        self.circuits = [score_row(score) for score in seen.circuits]
        self.races = race_rows(record, veil.hides)
        self.best = call_rows(seen.contents.best)
        self.worst = call_rows(seen.contents.worst)


async def _veil(tab: str, wish: str, played: str) -> Veil:
    """Return what is hidden from a tab's viewer; everything where the races cannot be read."""
    is_guest = await account_of(tab) is None
    try:
        return await veil_of(services.current().races(), wish, played, is_guest=is_guest)
    except PitwallError:
        return Veil(wish if wish == "show" else "hide")


def _visible(record: TrackRecord, veil: Veil) -> tuple[TrackRecord, int]:
    """Return what a viewer sees of a record, and how many races are hidden from them."""
    hidden = {one.run.race_id for one in record.races if veil.hides(one.run.race_id)}
    return without(record, hidden.__contains__), len(hidden)


async def _passes(record: TrackRecord, veil: Veil) -> dict[str, int]:
    """Return the passes of each stored race that a viewer may know, by its id."""
    ports = services.current()
    wanted = {one.run.race_id for one in record.races if one.run.is_stored}
    races, _ = await ports.races().races(RaceFilter(), _MOST_RACES)
    return {
        race.id: (await ports.replay().digest(race)).passes
        for race in races
        if race.id in wanted and not veil.hides(race.id) and race.first_at is not None
    }
