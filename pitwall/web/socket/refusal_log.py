"""What was refused, in one line a minute for each reason: who is refused writes no log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from pitwall.logs import one_line

EVERY_S: Final = 60.0
_WORDS: Final = 80

log = logging.getLogger(__name__)


class Complaints:
    """Counts what was refused.

    Args:
        clock: Tells seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def note(self, reason: str, example: str = "") -> None:
        """Count something that was refused, and log it unless that was done just now.

        Args:
            reason: One of a few of our own.
            example: What was refused, cut and escaped; nothing of a payload.
        """
        untold = self._untold.get(reason, 0) + 1
        now = self._clock()
        told = self._told.get(reason)
        if told is not None and now - told < EVERY_S:
            self._untold[reason] = untold
            return
        self._told[reason], self._untold[reason] = now, 0
        fields: dict[str, object] = {"times": untold}
        if example:
            fields["example"] = one_line(example, _WORDS)
        log.warning("refused at the socket: %s", reason, extra=fields)
