"""Ports of replays: open a stored race at any moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pitwall.domain.frames import LiveFrame
from pitwall.domain.stored_races import (
    RaceSummary,
)
from pitwall.domain.timeline import Digest, Timeline


@dataclass(frozen=True, slots=True)
class ReplayPace:
    """How a viewer's clock runs: race seconds for each of his, and whether it stands."""

    speed: float = 1.0
    paused: bool = False


class ReplayView(Protocol):
    """One viewer's own look at one kept race."""

    @property
    def race(self) -> RaceSummary:
        """Which race, as it was kept when the viewing began."""
        ...

    async def frame(self, at: datetime, pace: ReplayPace) -> LiveFrame:
        """Return the frame that a live viewer saw at `at`, on the race's own clock.

        Raises:
            StoreError: The database is not there, or a stretch of the race is damaged.
        """
        ...


class Replays(Protocol):
    """Shows kept races from any moment, to many viewers at once, in bounded memory."""

    async def open(self, race: RaceSummary, *, is_guest: bool = False) -> ReplayView:
        """Return a new viewer's look at a race; a guest's plays after everybody else's.

        Raises:
            StoreError: The database is not there.
        """
        ...

    async def timeline(self, race: RaceSummary) -> Timeline:
        """Return what happened when in a race.

        Raises:
            StoreError: The database is not there.
        """
        ...

    async def digest(self, race: RaceSummary) -> Digest:
        """Return how a race came out against its forecasts.

        Raises:
            StoreError: The database is not there.
        """
        ...
