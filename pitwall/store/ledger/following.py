"""Read entries one after another and know what they have said so far."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pitwall.domain.ledger import EntryKind, Made
from pitwall.domain.names import cars_by_driver
from pitwall.domain.records import OutcomeRecord, PredictionRecord
from pitwall.errors import StoreError
from pitwall.store.ledger import bodies, scoring
from pitwall.store.ledger.bodies import Forecast
from pitwall.store.ledger.entering import is_timely
from pitwall.store.ledger.scoring import CallKey, CellKey, LapKey, Scored, Sums
from pitwall.store.predicting import Settlement

_LAPS_BACK = 20  # a forecast is settled within four minutes


class Entry(NamedTuple):
    """One row of `ledger_entries`."""

    number: int
    kind: int
    run: int
    items: int
    written_at: datetime
    body: bytes
    digest: bytes


class _Open(NamedTuple):
    forecast: Forecast
    written_at: datetime


@dataclass(slots=True)
class RunBook:
    """What the entries of one run have said so far.

    Attributes:
        told: What its first entry says.
        drivers: By car.
        cars: By every name that a driver has had.
        laps: Of its battles, the newest that were counted.
        laps_mark: Of all of them, whatever their order, as `scoring.laps_mark` gives it.
        still_open: Forecasts without an outcome.
        forecasts: How many there were.
        calls: The best and the worst of each pair, by key, as in `ledger_calls`.
    """

    told: dict[str, Any]
    drivers: dict[int, str] = field(default_factory=dict)
    cars: dict[str, int] = field(default_factory=dict)
    laps: set[LapKey] = field(default_factory=set)
    laps_mark: int = 0
    still_open: dict[tuple[datetime, int, int], _Open] = field(default_factory=dict)
    forecasts: int = 0
    calls: dict[CallKey, dict[str, Any]] = field(default_factory=dict)


class Follower:
    """Takes entries in order.

    Attributes:
        runs: By number.
        cells: What the entries so far add up to; as in `ledger_cells`.
        forecasts, outcomes: How many there were.
    """

    def __init__(self) -> None:
        self.runs: dict[int, RunBook] = {}
        self.cells: defaultdict[CellKey, Sums] = defaultdict(Sums)
        self.forecasts = 0
        self.outcomes = 0

    def take(self, entry: Entry) -> None:
        """Take the next entry.

        Raises:
            StoreError: It says what it cannot; the message is the end of a sentence.
        """
        if entry.kind == EntryKind.RUN:
            self.runs[entry.run] = RunBook(bodies.read_text(entry.body))
            return
        book = self.runs.get(entry.run)
        if book is None:
            raise StoreError("it is about a race of which no entry tells")
        if entry.kind == EntryKind.DRIVERS:
            named = bodies.read_text(entry.body)
            book.drivers |= {int(car): str(name) for car, name in named.items()}
            book.cars |= cars_by_driver(book.drivers)
        elif entry.kind == EntryKind.FORECASTS:
            self._take_forecasts(book, entry)
        elif entry.kind in {EntryKind.OUTCOMES, EntryKind.LATE_OUTCOMES}:
            self._take_outcomes(book, entry)
        else:
            raise StoreError(f"it is of kind {entry.kind}, which is none")

    def _take_forecasts(self, book: RunBook, entry: Entry) -> None:
        _, rows = bodies.read_forecasts(entry.body)
        for row in rows:
            key = (row.made_at, row.attacker, row.defender)
            if key in book.still_open:
                raise StoreError("it forecasts the same again")
            book.still_open[key] = _Open(row, entry.written_at)
        self.forecasts += len(rows)
        book.forecasts += len(rows)
        self.cells[entry.run, book.told["made"], scoring.SAID, 0].forecasts += len(rows)

    def _take_outcomes(self, book: RunBook, entry: Entry) -> None:
        rows = bodies.read_outcomes(entry.body)
        foretold = entry.kind == EntryKind.OUTCOMES
        scored = []
        for row in rows:
            said = book.still_open.pop((row.made_at, row.attacker, row.defender), None)
            if said is None:
                raise StoreError("it settles a forecast that was not open")
            if foretold and said.written_at >= entry.written_at:
                raise StoreError("it counts a forecast as made before, which was not")
            if foretold and not is_timely(book.told["source"], row.settled_at, entry.written_at):
                raise StoreError("it counts a forecast as live of a race that was over long before")
            settlement = Settlement(_settled(said.forecast, row), was_open=foretold)
            scored.append(Scored(Made.LIVE if foretold else Made.IMPORT, settlement))
        scoring.better_of(book.calls, scoring.calls_of(entry.run, scored, book.drivers))
        new = scoring.count(self.cells, entry.run, scored, book.laps)
        book.laps |= new
        book.laps_mark = scoring.laps_mark(new, book.laps_mark)
        newest = max((said.settlement.forecast.lap for said in scored), default=0)
        book.laps = {lap for lap in book.laps if lap[0] > newest - _LAPS_BACK}
        self.outcomes += len(rows)


def _settled(said: Forecast, came: OutcomeRecord) -> PredictionRecord:
    return PredictionRecord(
        **said._asdict(), model_version="", outcome=came.outcome, settled_at=came.settled_at
    )
