"""Tell the time: the wall clock, and a clock for replays that can be paused, sped up and moved."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

SLOWEST, FASTEST = 0.5, 60.0


def wall_now() -> datetime:
    """Return the wall clock's time, aware UTC."""
    return datetime.now(UTC)


class ReplayClock:
    """A clock for recorded races that can be paused, sped up and moved.

    It runs on a monotonic clock, so that a correction of the wall clock does not move a race.

    Args:
        start: The race's moment at which the clock begins to run.
        speed: Race seconds for each wall second, 0.5 to 60.
        monotonic: Returns seconds that only rise; tests pass their own.

    Raises:
        ValueError: `speed` is outside 0.5 to 60, or `start` is naive.

    Example:
        >>> wall = iter([0.0, 2.0, 2.0, 5.0])
        >>> clock = ReplayClock(datetime(2025, 7, 6, 14, tzinfo=UTC), monotonic=lambda: next(wall))
        >>> clock.set_speed(10)   # two wall seconds after the start
        >>> f"{clock.now():%H:%M:%S}"   # at the same instant: nothing jumps
        '14:00:02'
        >>> f"{clock.now():%H:%M:%S}"   # three wall seconds later
        '14:00:32'
    """

    def __init__(
        self,
        start: datetime,
        speed: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._speed = _checked_speed(speed)
        self._paused = False
        self._anchor = _checked_moment(start)
        self._anchored_s = monotonic()

    @property
    def speed(self) -> float:
        """Race seconds for each wall second; unchanged while paused."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether the clock is paused."""
        return self._paused

    def now(self) -> datetime:
        """Return the race's present moment."""
        if self._paused:
            return self._anchor
        elapsed_s = (self._monotonic() - self._anchored_s) * self._speed
        return self._anchor + timedelta(seconds=elapsed_s)

    def pause(self) -> None:
        """Stop the race's time; no effect while paused."""
        if not self._paused:
            self._rebase()
            self._paused = True

    def resume(self) -> None:
        """Let the race's time run on from where it stopped."""
        if self._paused:
            self._anchored_s = self._monotonic()
            self._paused = False

    def set_speed(self, speed: float) -> None:
        """Run at `speed` from now on; the present moment does not jump.

        Raises:
            ValueError: `speed` is outside 0.5 to 60.
        """
        checked = _checked_speed(speed)
        if not self._paused:
            self._rebase()
        self._speed = checked

    def seek(self, to: datetime) -> None:
        """Move to another moment, forwards or back; a paused clock stays paused.

        Raises:
            ValueError: `to` is naive.
        """
        self._anchor = _checked_moment(to)
        self._anchored_s = self._monotonic()

    def _rebase(self) -> None:
        wall_s = self._monotonic()
        self._anchor += timedelta(seconds=(wall_s - self._anchored_s) * self._speed)
        self._anchored_s = wall_s


def _checked_speed(speed: float) -> float:
    if not SLOWEST <= speed <= FASTEST:  # also refuses NaN
        message = f"speed must be between {SLOWEST} and {FASTEST:.0f}, was {speed}"
        raise ValueError(message)
    return float(speed)


def _checked_moment(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        message = f"a moment must carry its time zone, was {moment!r}"
        raise ValueError(message)
    return moment.astimezone(UTC)
