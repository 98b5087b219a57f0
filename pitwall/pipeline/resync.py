"""When to ask a live feed for its whole state again."""

from __future__ import annotations

ROUTINE_EVERY_S = 60.0  # the feed numbers nothing: what got lost shows only in a snapshot
_SOON_S = 1.0
_WAITS_S = (_SOON_S,) * 3 + (3.0,) * 100  # then as rarely as the routine


class Resync:
    """Spaces out requests for a snapshot: soon when something is known to be wrong, else rarely.

    What stays wrong is asked about less and less often: a feed may be wrong for good.
    """

    def __init__(self) -> None:
        self._asked_s = 0.0
        self._urgent = 0

    def connected(self, now_s: float) -> None:
        """Note a new connection, which begins with a snapshot."""
        self._asked_s = now_s

    def is_due(self, now_s: float, *, urgent: bool) -> bool:
        """Whether to ask now; asking is taken for granted when this says so."""
        wait_s = ROUTINE_EVERY_S
        if urgent and self._urgent < len(_WAITS_S):
            wait_s = _WAITS_S[self._urgent]
        if now_s - self._asked_s < wait_s:
            return False
        self._urgent = self._urgent + 1 if urgent else 0
        self._asked_s = now_s
        return True
