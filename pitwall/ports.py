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
from pitwall.domain.race import RaceState
from pitwall.prediction.forecast import Answers
from pitwall.prediction.memory import NO_MEMORY, Memory
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

    def forecast(
        self, race: RaceState, battles: Sequence[Battle], memory: Memory = NO_MEMORY
    ) -> Answers:
        """Return one forecast for each battle, in the same order, and what to remember.

        Args:
            race: The field at this instant.
            battles: Those to forecast.
            memory: What the call before returned, of the same race.
        """
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


class FrameHistory(Protocol):
    """The frames of the last minutes, for readers who watch with a delay of their own."""

    def at(self, delay_s: float) -> LiveFrame | None:
        """Return the newest frame published at least `delay_s` seconds ago.

        None when nothing that old is held: published too lately, or dropped.
        """
        ...
