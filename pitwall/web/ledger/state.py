"""Hold the state of the ledger page: one view of the ledger, as rows and figures."""

from __future__ import annotations

import reflex as rx

from pitwall import services
from pitwall.analysis.track_record import TrackRecord
from pitwall.errors import PitwallError
from pitwall.web.ledger.charts import (
    brier_figure,
    log_loss_figure,
    reliability_figure,
    reliability_table,
)
from pitwall.web.ledger.rows import (
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
from pitwall.web.shared.chart_theme import NO_FIGURE, Figure, Table


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

    @rx.event
    async def show(self) -> None:
        """Show the first view with known outcomes; live forecasts come first."""
        for view in VIEWS:
            record = await self._record(view)
            if record is None:
                return
            if record.overall is not None:
                self._show(view, record)
                return
        await self._choose("live")

    @rx.event
    async def choose(self, view: str) -> None:
        """Show one view; an unknown one changes nothing."""
        await self._choose(view)

    async def _choose(self, view: str) -> None:
        record = await self._record(view) if view in VIEWS else None
        if record is not None:
            self._show(view, record)

    async def _record(self, view: str) -> TrackRecord | None:
        made, simulated, *_ = VIEWS[view]
        self.trouble = ""
        try:
            return await services.current().track_records().record(made, simulated=simulated)
        except PitwallError as error:
            self.trouble = str(error)
            return None

    def _show(self, view: str, record: TrackRecord) -> None:
        self.views = view_rows(view)
        self.head = ledger_row(view, record)
        self.reliability = reliability_figure(record)
        self.reliability_numbers = reliability_table(record)
        self.log_loss = log_loss_figure(record)
        self.brier = brier_figure(record)
        self.seasons = [score_row(score) for score in record.seasons]
        self.circuits = [score_row(score) for score in record.circuits]
        self.races = race_rows(record)
        self.best = call_rows(record.contents.best)
        self.worst = call_rows(record.contents.worst)
