"""Tell which moment one tab of the live page shows: now, a TV delay ago, paused, or catching up.

Everything on the page is drawn from the frame of that one moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

CATCH_UP: Final = 1.5  # race seconds for each second, until the tab is where it was before a pause


@dataclass(frozen=True, slots=True)
class LiveClock:
    """The clock of one tab.

    Attributes:
        delay_s: How far behind the newest frame the viewer wants to be.
        held: The moment at which it was paused, or from which it catches up; None while it
            follows the race.
        since: When that began, on the wall clock; None while it follows the race.
        runs: Whether it catches up; a held clock that does not run is paused.
    """

    delay_s: float = 0.0
    held: datetime | None = None
    since: datetime | None = None
    runs: bool = False

    @property
    def is_paused(self) -> bool:
        """Whether it stands."""
        return self.held is not None and not self.runs

    def moment(self, now: datetime, longest_s: float) -> datetime:
        """Return the moment to show.

        Args:
            now: The wall clock.
            longest_s: How far back frames are kept; a longer pause goes on from there.
        """
        newest = now - timedelta(seconds=self.delay_s)
        if self.held is None or self.since is None:
            return newest
        run_s = CATCH_UP * (now - self.since).total_seconds() if self.runs else 0.0
        oldest = now - timedelta(seconds=longest_s)
        return min(max(self.held + timedelta(seconds=run_s), oldest), newest)

    def behind_s(self, now: datetime, longest_s: float) -> float:
        """Return how far behind the newest frame the tab is."""
        return (now - self.moment(now, longest_s)).total_seconds()

    def paused(self, now: datetime, longest_s: float) -> LiveClock:
        """Return the clock, paused at the moment that it shows."""
        return LiveClock(self.delay_s, self.moment(now, longest_s), now)

    def resumed(self, now: datetime, longest_s: float) -> LiveClock:
        """Return the clock, catching up from the moment that it shows."""
        return LiveClock(self.delay_s, self.moment(now, longest_s), now, runs=True)

    def settled(self, now: datetime, longest_s: float) -> LiveClock:
        """Return the clock; one that has caught up follows the race again."""
        caught_up = self.runs and self.behind_s(now, longest_s) <= self.delay_s
        return LiveClock(self.delay_s) if caught_up else self
