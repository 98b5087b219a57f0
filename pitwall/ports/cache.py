"""Define the ports of the live cache: the newest frame, telemetry and the publisher's lease."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from pitwall.domain.frames import LiveFrame
from pitwall.domain.telemetry import CarTelemetry


class LiveCache(Protocol):
    """Holds the newest frame and wakes the readers that wait for it.

    A slow reader skips to the newest frame, so it can neither hold the publisher back nor grow a
    queue.
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
    """Holds each car's newest telemetry for a short time."""

    async def put(self, cars: Mapping[int, CarTelemetry]) -> None:
        """Make this the newest telemetry of these cars, by car number; others are unchanged."""
        ...

    async def latest(self) -> Mapping[int, CarTelemetry]:
        """Return every car's newest telemetry; cars without recent data are left out."""
        ...


class Lease(Protocol):
    """The right to publish, which one worker holds at a time, and only for a limited time.

    Only `live.leading.lead` should acquire, renew and release it.
    """

    @property
    def is_held(self) -> bool:
        """Whether this worker holds it now, by this machine's clock alone.

        Code that must never write twice checks this before it writes.
        """
        ...

    async def acquire(self) -> bool:
        """Try once to take the lease, and return whether it is held now."""
        ...

    async def renew(self) -> bool:
        """Extend it; False means that another worker holds it and this one must stop publishing."""
        ...

    async def release(self) -> None:
        """Give it up, so that others need not wait for it to expire; no effect if not held."""
        ...
