"""What the core needs from the outside world, one Protocol each.

Adapters implement these in `feeds`, `cache` and `prediction`; `bootstrap` chooses.
Every adapter of a port passes that port's tests in `tests/contracts`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from pitwall.domain.battles import Battle
from pitwall.domain.frames import LiveFrame
from pitwall.domain.history import HistoryPage, HistoryTable, RaceFilter, RaceSummary, Selection
from pitwall.domain.race import RaceInfo, RaceState
from pitwall.domain.records import Batch, KeyframeRecord, RaceMark
from pitwall.prediction.forecast import Forecast
from pitwall.wire.message import RawMessage, Source


class RecordedFeed(Protocol):
    """A feed whose messages all exist already: a file, an archive, a simulation.

    It knows no clock; `pipeline.playback` paces it. Iterating blocks on files, so it
    runs in a worker thread.
    """

    @property
    def name(self) -> str:
        """What people are shown of the feed, such as `simulated:7`; never a path."""
        ...

    @property
    def source(self) -> Source:
        """What kind of data this is."""
        ...

    def messages(self) -> Iterator[RawMessage]:
        """Yield every message from the first, in order of `sent_at`.

        Each call starts again and yields the same bytes.

        Raises:
            FeedUnavailableError: The feed cannot be opened.
        """
        ...


class Predictor(Protocol):
    """Forecasts battles from the race state alone."""

    @property
    def version(self) -> str:
        """Which trained model answers: name and content hash."""
        ...

    @property
    def trained_at(self) -> datetime | None:
        """When the model was trained, UTC; None if it never was."""
        ...

    def forecast(self, race: RaceState, battles: Sequence[Battle]) -> list[Forecast]:
        """Return one forecast for each battle, in the same order."""
        ...


class LiveCache(Protocol):
    """Holds the newest frame and wakes its readers.

    Readers are conflated: a slow one skips to the newest frame, so it can
    neither hold the publisher back nor grow a queue.
    """

    async def publish(self, frame: LiveFrame) -> None:
        """Make `frame` the newest; older sequences are ignored."""
        ...

    async def latest(self) -> LiveFrame | None:
        """Return the newest frame, or None before the first."""
        ...

    def frames(self, after: int = -1) -> AsyncGenerator[LiveFrame, None]:
        """Yield the newest frame above `after`, then each newer one, for ever."""
        ...


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

        `pitwall.pipeline.keyframes` decodes it.
        """
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


class FrameHistory(Protocol):
    """The frames of the last minutes, for readers who watch with a delay of their own."""

    def at(self, delay_s: float) -> LiveFrame | None:
        """Return the newest frame published at least `delay_s` seconds ago.

        None when nothing that old is held: published too lately, or dropped.
        """
        ...
