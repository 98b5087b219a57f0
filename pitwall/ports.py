"""What the core needs from the outside world, one Protocol each.

Adapters implement these in `feeds`, `cache` and `prediction`; `bootstrap` chooses.
Every adapter of a port passes that port's tests in `tests/contracts`. What has one implementation
that its users may import has no port.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pitwall.domain.battles import Battle
from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import RaceState
from pitwall.domain.sources import Source
from pitwall.domain.telemetry import CarTelemetry
from pitwall.prediction.forecast import Answers, Forecast
from pitwall.prediction.memory import NO_MEMORY, Memory
from pitwall.prediction.scenario import Scenario, SeenBattle
from pitwall.wire.delivery import Frame, Reading
from pitwall.wire.message import RawMessage


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


class LiveFeed(Protocol):
    """A feed that sends while the race runs; `pipeline.ingest` reconnects, numbers and decodes."""

    @property
    def name(self) -> str:
        """What people are shown of the feed, such as `f1_live`; never an address with a token."""
        ...

    @property
    def source(self) -> Source:
        """What kind of data this is."""
        ...

    @property
    def detail(self) -> str:
        """What people should know of the connection, such as a refused token; else ""."""
        ...

    def frames(self) -> AsyncGenerator[Frame, None]:
        """Connect once, and yield every frame until the server ends the connection.

        Every connection begins with a snapshot: `read` returns one from the first frames. A
        feed that has no such thing says an empty one, with its instant, as soon as it has
        filled its own gap.
        Frames that say nothing, such as pings, are yielded too: the connection lives.

        Raises:
            FeedUnavailableError: The server cannot be reached, refuses, or broke off.
        """
        ...

    def read(self, frame: Frame) -> Reading:
        """Return what a frame says; pure, and it never raises."""
        ...

    async def ask_snapshot(self) -> bool:
        """Ask for a snapshot on the open connection; False when only a new one brings it."""
        ...


class FrameRecorder(Protocol):
    """Keeps what a live feed sent, before anything is made of it."""

    @property
    def failed(self) -> str:
        """Why nothing is kept any more, a sentence; "" while all is well."""
        ...

    async def record(self, frames: Sequence[Frame]) -> None:
        """Keep frames in the order given; never raises, as the race goes on without a disk."""
        ...

    async def mark_gap(self, reason: str) -> None:
        """Note that something may be missing between the last frame and the next."""
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


class TelemetryCache(Protocol):
    """Holds each car's newest telemetry for a short while."""

    async def put(self, cars: Mapping[int, CarTelemetry]) -> None:
        """Make these the newest of their cars, by car number; other cars stay as they are."""
        ...

    async def latest(self) -> Mapping[int, CarTelemetry]:
        """Return every car's newest telemetry; cars that said nothing lately are left out."""
        ...


class Lease(Protocol):
    """The right to be the one worker that publishes: held by one at a time, and only for a while.

    `pipeline.leading.lead` asks for it, keeps it and gives it back; nothing else should.
    """

    @property
    def is_held(self) -> bool:
        """Whether this worker holds it now, by this machine's clock; asks nobody.

        What must never be written twice asks this before it writes.
        """
        ...

    async def acquire(self) -> bool:
        """Try once to take it, and return whether it is held now."""
        ...

    async def renew(self) -> bool:
        """Keep it for longer; False says that another holds it and that this worker must stop."""
        ...

    async def release(self) -> None:
        """Give it back, so that another need not wait for it to run out; no effect if not held."""
        ...


class ForecastThen(Protocol):
    """Forecasts of races that are stored."""

    async def forecast_at(self, race_id: str, at: datetime) -> LiveFrame:
        """Return a frame of a stored race as it stood at `at`, forecast with the model of today.

        Raises:
            RaceNotFoundError: No such race is stored, or it had not begun at `at`.
        """
        ...


class BattlesThen(Protocol):
    """What the model sees of battles of kept races, and what it would say had they been others."""

    async def seen(self, race_id: str, pair: tuple[int, int], at: datetime) -> SeenBattle:
        """Return what the model of today sees of a battle, attacker and defender, at a moment.

        Raises:
            RaceNotFoundError: The race is not kept, or had not begun.
            NotThereError: The two did not battle at that moment, or the model says nothing of it.
        """
        ...

    async def what_if(self, seen: SeenBattle, scenario: Scenario) -> Forecast:
        """Return the forecast of a battle of which some things are changed."""
        ...

    def range_of(self, feature: str) -> tuple[float, float] | None:
        """Return least and greatest value of a feature in training; None if it saw none."""
        ...
