"""Whether a feed has been silent for oddly long, measured by its own pace.

Nothing tells of a message that never came. But during a race something is said several times a
second, so a silence of seconds means that something was lost, and only a snapshot brings it back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

_ODD_S: Final = 2.0  # during a race something is said several times a second
_ODD_TIMES_USUAL: Final = 10.0
_PATIENCE_S: Final = 8.0  # asked sooner than a line is given up: one that answers is kept
_USUAL_AT_FIRST_S: Final = 0.5
_USUAL_AT_MOST_S: Final = 3.0
_SLOWLY: Final = 32


class Silence:
    """Follows signs of life.

    Attributes:
        since: The newest one; None before the first.
    """

    def __init__(self) -> None:
        self.since: datetime | None = None
        self._usual_s = _USUAL_AT_FIRST_S
        self._patience = 1.0

    def broken(self, at: datetime) -> bool:
        """Note news, and tell whether the silence before was an odd one."""
        silent_s = 0.0 if self.since is None else (at - self.since).total_seconds()
        was_odd = silent_s > self._odd_s
        self._usual_s += (min(silent_s, _USUAL_AT_MOST_S) - self._usual_s) / _SLOWLY
        self.since, self._patience = at, 1.0
        return was_odd

    def interrupted(self, at: datetime) -> None:
        """Note that a snapshot came; what it says is no news of the feed's own."""
        self.since = at

    def is_odd(self, now: datetime) -> bool:
        """Tell, once, that the silence has become an odd one.

        After a snapshot into the silence it takes longer than the time before: a race may really
        have nothing to say.
        """
        if self.since is None:
            return False
        if (now - self.since).total_seconds() <= min(self._odd_s * self._patience, _PATIENCE_S):
            return False
        self._patience *= 2
        return True

    @property
    def _odd_s(self) -> float:
        return max(_ODD_S, _ODD_TIMES_USUAL * self._usual_s)
