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
from pitwall.domain.race import RaceInfo, RaceState
from pitwall.domain.records import Batch, RaceMark
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


class FrameHistory(Protocol):
    """The frames of the last minutes, for readers who watch with a delay of their own."""

    def at(self, delay_s: float) -> LiveFrame | None:
        """Return the newest frame published at least `delay_s` seconds ago.

        None when nothing that old is held: published too lately, or dropped.
        """
        ...
