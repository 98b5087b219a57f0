"""Define the ports of stored races, which write, read and export them, and of the ledger.

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
    """Stores races while they run; each race has one writer.

    `store` implements it, and lies above `recording`, which needs it.
    """

    async def begin(self, info: RaceInfo, source: str, feed: str) -> RaceMark:
        """Create a race, or find how far it has already been stored.

        Raises:
            StoreError: The database cannot be reached.
        """
        ...

    async def append(self, mark: RaceMark, batch: Batch) -> None:
        """Store a batch, whole or not at all; rows that are already stored are left out.

        Raises:
            RaceNotFoundError: The race was removed meanwhile.
            StoreError: The database cannot be reached or is full; the batch may be sent again.
        """
        ...

    async def finish(self, mark: RaceMark, state: str) -> None:
        """Set the final state of a race: `finished` or `abandoned`.

        No effect if another writer has stored more of the race than this one has seen.

        Raises:
            RaceNotFoundError: The race was removed meanwhile.
            StoreError: The database cannot be reached.
        """
        ...

    async def remove(self, race_id: str) -> None:
        """Remove a race and all its rows; no effect if it is not stored.

        Raises:
            StoreError: The database cannot be reached.
        """
        ...

    async def prune_simulated(self, keep: int) -> int:
        """Remove simulated races but the newest `keep`, and return how many.

        Raises:
            StoreError: The database cannot be reached.
        """
        ...


class RaceReader(Protocol):
    """Reads stored races. Every method raises StoreError without a database.

    `store` implements it, and lies above `replay` and `analysis`, which need it.
    """

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
            RaceNotFoundError: It is not stored.
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
            SelectionError: The cursor is damaged, or a driver is unknown.
        """
        ...

    async def keyframe(self, race: RaceSummary, at: datetime) -> KeyframeRecord | None:
        """Return the newest keyframe at or before `at`; None if a replay must start afresh.

        `pitwall.engine.keyframes` decodes it.
        """
        ...

    async def keyframe_places(self, race: RaceSummary) -> list[KeyframePlace]:
        """Return the places of the race's keyframes, in order, without their content."""
        ...

    async def timeline(self, race: RaceSummary) -> Timeline:
        """Return the timeline of the whole race."""
        ...

    async def messages(
        self, race: RaceSummary, first_seq: int = 0, until: datetime | None = None
    ) -> list[RawMessage]:
        """Return the raw messages from number `first_seq` on, up to and including `until`."""
        ...


class RaceExporter(Protocol):
    """Exports stored races in memory that does not grow with their size.

    `store` implements it, and `api`, which needs it, may not know SQL.
    """

    def csv(
        self, race: RaceSummary, table: HistoryTable | None, selection: Selection
    ) -> AsyncGenerator[bytes, None]:
        """Yield a table as RFC 4180 text with a header line; None gives the whole race as one.

        Raises:
            SelectionError: A driver is unknown.
            StoreError: The database cannot be reached.
        """
        ...

    def parquet(
        self, race: RaceSummary, table: HistoryTable | None, selection: Selection
    ) -> AsyncGenerator[bytes, None]:
        """Yield the same as a Parquet file.

        Raises:
            SelectionError: A driver is unknown.
            StoreError: The database cannot be reached.
        """
        ...


class CircuitGuides(Protocol):
    """Looks up descriptions of circuits: their corners and the rotation of the map."""

    async def guide(self, circuit_id: str, year: int, f1_key: int | None) -> CircuitGuide | None:
        """Return the description of a circuit; None where none is published.

        Never raises and never waits long, as a race can be shown without a description.

        Args:
            circuit_id: Pitwall's key, such as `zandvoort`.
            year: The season, as circuits are rebuilt.
            f1_key: F1's own number of the circuit; None where the feed did not send it.
        """
        ...


class DemoRace(Protocol):
    """Provides a simulated race for guests, on a new installation too.

    `app` implements it, and lies above `web`, which needs it.
    """

    async def offer(self) -> float | None:
        """Return how much of the race is made, in [0, 1]; None when one is already stored.

        The first call when there is none starts to make it in the background.

        Raises:
            StoreError: The database cannot be reached.
        """
        ...


class LedgerReader(Protocol):
    """Reads the ledger of forecasts, at a cost that does not grow with its size.

    `store` implements it, and lies above `analysis`, which needs it.
    """

    async def head(self) -> LedgerHead | None:
        """Return the newest entry; None while the ledger is empty.

        Raises:
            StoreError: The database cannot be reached.
        """
        ...

    async def contents(self, made: Made, *, simulated: bool) -> LedgerContents:
        """Return the scores of the forecasts made live, or of those made on import.

        The answer may be some seconds old.

        Args:
            made: Which of the two.
            simulated: Whether to return simulated races or real ones; never both.

        Raises:
            StoreError: The database cannot be reached.
        """
        ...
