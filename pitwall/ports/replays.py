"""Define the ports of replays, which open a stored race at any moment."""

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
    """The pace of a replay: race seconds for each wall second, and whether it is paused."""

    speed: float = 1.0
    paused: bool = False


class ReplayView(Protocol):
    """One viewer's own view of one stored race.

    `replay` implements it with the model, whose libraries `web`, which needs it, may not load.
    """

    @property
    def race(self) -> RaceSummary:
        """The race, as it was stored when the view was opened."""
        ...

    async def frame(self, at: datetime, pace: ReplayPace) -> LiveFrame:
        """Return the frame that a live viewer saw at `at`, on the race's own clock.

        Raises:
            StoreError: The database cannot be reached, or part of the race is damaged.
        """
        ...


class Replays(Protocol):
    """Shows stored races from any moment, to many viewers at once, in bounded memory.

    `replay` implements it with the model, whose libraries `web`, which needs it, may not load.
    """

    async def open(self, race: RaceSummary, *, is_guest: bool = False) -> ReplayView:
        """Return a new view of a race; views of guests are played after all others.

        Raises:
            StoreError: The database cannot be reached.
        """
        ...

    async def timeline(self, race: RaceSummary) -> Timeline:
        """Return the timeline of a race.

        Raises:
            StoreError: The database cannot be reached.
        """
        ...

    async def digest(self, race: RaceSummary) -> Digest:
        """Return how the forecasts of a race compare with what happened.

        Raises:
            StoreError: The database cannot be reached.
        """
        ...
