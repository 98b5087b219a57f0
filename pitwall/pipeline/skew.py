"""How far the feed's clock is from ours, and what a stamp that cannot be true is replaced by."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

_KEPT = 256
_NEEDED = 8
_BELIEVED_WITHIN = timedelta(seconds=30)
_BELIEVED_AT_FIRST = timedelta(days=2)  # before the lag is known; no clock is wrong by more


class ClockSkew:
    """Compares the feed's stamps with their arrival.

    The least difference of the last messages is the skew of the clocks plus the fastest
    delivery; the two cannot be told apart from one side.

    Attributes:
        disbelieved: Stamps replaced so far because they were more than 30 s from the others.
    """

    def __init__(self) -> None:
        self._lags: deque[timedelta] = deque(maxlen=_KEPT)
        self._least: timedelta | None = None
        self.disbelieved = 0

    @property
    def lag(self) -> timedelta | None:
        """Our clock at arrival minus the feed's stamp, the least of late; None while unknown."""
        return self._least if len(self._lags) >= _NEEDED else None

    @property
    def lag_s(self) -> float | None:
        """The lag in seconds, to a tenth; negative when the feed's clock is ahead."""
        lag = self.lag
        return None if lag is None else round(lag.total_seconds(), 1)

    def believed(self, sent_at: datetime, received_at: datetime) -> datetime:
        """Return a message's stamp, or the moment of its arrival on the feed's clock.

        A server whose clock jumps must not move the race: battles would stand still until
        the race had caught up.
        """
        lag = received_at - sent_at
        known = self.lag
        if known is not None and abs(lag - known) > _BELIEVED_WITHIN:
            self.disbelieved += 1
            return received_at - known
        if known is None and abs(lag) > _BELIEVED_AT_FIRST:
            self.disbelieved += 1
            return received_at
        self._note(lag)
        return sent_at

    def race_time(self, now: datetime) -> datetime | None:
        """Return what time it is on the feed's clock; None while the lag is unknown."""
        lag = self.lag
        return None if lag is None else now - lag

    def _note(self, lag: timedelta) -> None:
        leaving = self._lags[0] if len(self._lags) == _KEPT else None
        self._lags.append(lag)
        if self._least is None or lag <= self._least:
            self._least = lag
        elif leaving == self._least:
            self._least = min(self._lags)
