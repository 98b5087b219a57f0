"""Ports of the live cache: newest frame, telemetry, the publisher's lease, the frame buffer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from pitwall.domain.frames import LiveFrame
from pitwall.domain.telemetry import CarTelemetry


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

    `live.leading.lead` asks for it, keeps it and gives it back; nothing else should.
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
