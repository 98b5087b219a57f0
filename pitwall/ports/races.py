"""Ports of stored races: write, read and export them, and read the ledger.

`pitwall.store` implements these for SQLite and PostgreSQL; both pass
`tests/contracts/test_race_store.py`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Protocol

from pitwall.domain.circuits import CircuitGuide
from pitwall.domain.ledger import LedgerContents, LedgerHead, Made
from pitwall.domain.race import RaceInfo
from pitwall.domain.records import Batch, KeyframePlace, KeyframeRecord, RaceMark
from pitwall.domain.stored_races import (
    HistoryPage,
    HistoryTable,
    RaceFilter,
    RaceSummary,
    Selection,
)
from pitwall.domain.timeline import Timeline
from pitwall.wire.message import RawMessage


class RaceWriter(Protocol):
    """Keeps races as they run; one writer a race."""

    async def begin(self, info: RaceInfo, source: str, feed: str) -> RaceMark:
        """Make a place for a race, or find how far it has been kept already.

        Raises:
            StoreError: The database is not there.
        """
        ...

    async def append(self, mark: RaceMark, batch: Batch) -> None:
        """Keep a batch, whole or not at all; what of it is kept already is left out.

        Raises:
            RaceNotFoundError: The race was removed meanwhile.
            StoreError: The database is not there or is full; the same batch may come again.
        """
        ...

    async def finish(self, mark: RaceMark, state: str) -> None:
        """Say that no more will come: `finished` or `abandoned`.

        Raises:
            RaceNotFoundError: The race was removed meanwhile.
            StoreError: The database is not there.
        """
        ...

    async def remove(self, race_id: str) -> None:
        """Remove a race and everything kept of it; nothing happens where there is none.

        Raises:
            StoreError: The database is not there.
        """
        ...

    async def prune_simulated(self, keep: int) -> int:
        """Remove simulated races but the newest `keep`, and return how many.

        Raises:
            StoreError: The database is not there.
        """
        ...


class RaceReader(Protocol):
    """Reads races that are kept. Every method raises StoreError without a database."""

    async def races(
        self, wanted: RaceFilter, limit: int, after: str | None = None
    ) -> tuple[list[RaceSummary], str | None]:
        """Return races, the newest first, and the cursor of the next page; None at the end.

        Raises:
            SelectionError: The cursor is damaged.
        """
        ...

    async def race(self, race_id: str) -> RaceSummary:
        """Return one race.

        Raises:
            RaceNotFoundError: It is not kept.
        """
        ...

    async def page(
        self,
        race: RaceSummary,
        wanted: Sequence[HistoryTable],
        selection: Selection,
        limit: int,
        cursor: str | None = None,
    ) -> HistoryPage:
        """Return up to `limit` rows, table by table, each in order of time.

        Raises:
            SelectionError: The cursor is damaged, or a driver is nobody's name.
        """
        ...

    async def keyframe(self, race: RaceSummary, at: datetime) -> KeyframeRecord | None:
        """Return the newest kept state at or before `at`; None where a replay starts afresh.

        `pitwall.engine.keyframes` decodes it.
        """
        ...

    async def keyframe_places(self, race: RaceSummary) -> list[KeyframePlace]:
        """Return where the race's keyframes stand, in order, without what is in them."""
        ...

    async def timeline(self, race: RaceSummary) -> Timeline:
        """Return what happened when, over the whole race."""
        ...

    async def messages(
        self, race: RaceSummary, first_seq: int = 0, until: datetime | None = None
    ) -> list[RawMessage]:
        """Return the raw messages from a place on, up to and with an instant."""
        ...


class RaceExporter(Protocol):
    """Exports races that are kept, in memory that does not grow with them."""

    def csv(
        self, race: RaceSummary, table: HistoryTable | None, selection: Selection
    ) -> AsyncGenerator[bytes, None]:
        """Yield a table as RFC 4180 text with a header line; None is the whole race as one.

        Raises:
            SelectionError: A driver is nobody's name.
            StoreError: The database is not there.
        """
        ...

    def parquet(
        self, race: RaceSummary, table: HistoryTable | None, selection: Selection
    ) -> AsyncGenerator[bytes, None]:
        """Yield the same as a Parquet file.

        Raises:
            SelectionError: A driver is nobody's name.
            StoreError: The database is not there.
        """
        ...


class CircuitGuides(Protocol):
    """Describes circuits: corners and how the map is turned."""

    async def guide(self, circuit_id: str, year: int, f1_key: int | None) -> CircuitGuide | None:
        """Return the description of a circuit; None where nobody describes it.

        Never raises and never waits long: a race is shown without.

        Args:
            circuit_id: Our key, such as `zandvoort`.
            year: Of the season; circuits are rebuilt.
            f1_key: F1's own number of the circuit; None where the feed did not tell.
        """
        ...


class DemoRace(Protocol):
    """A simulated race for guests, which is there on a fresh machine too."""

    async def offer(self) -> float | None:
        """Return how much of it is made, in [0, 1]; None when one is kept and nothing is to do.

        The first who asks where there is none has it made, behind the scenes.

        Raises:
            StoreError: The database is not there.
        """
        ...


class LedgerReader(Protocol):
    """Reads the ledger of forecasts, at a cost that does not grow with the forecasts in it."""

    async def head(self) -> LedgerHead | None:
        """Return the newest entry; None while there is none.

        Raises:
            StoreError: The database is not there.
        """
        ...

    async def contents(self, made: Made, *, simulated: bool) -> LedgerContents:
        """Return what came of forecasts made live, or made on import.

        What is returned may be some seconds old.

        Args:
            made: Which of the two.
            simulated: Of made-up races, or of real ones: never of both.

        Raises:
            StoreError: The database is not there.
        """
        ...
