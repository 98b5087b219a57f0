"""Log refusals in one line a minute for each reason, so that attackers cannot fill the log."""

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
    """Counts refusals.

    Args:
        clock: Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def note(self, reason: str, example: str = "") -> None:
        """Count a refusal, and log it unless its reason was logged within the last minute.

        Args:
            reason: One of a few fixed texts.
            example: What was refused, cut and escaped; never part of a payload.
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
