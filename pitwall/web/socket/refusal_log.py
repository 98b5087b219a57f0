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
        self._logged_s: dict[str, float] = {}
        self._not_logged: dict[str, int] = {}

    def note(self, reason: str, example: str = "") -> None:
        """Count a refusal, and log it unless its reason was logged within the last minute.

        Args:
            reason: One of a few fixed texts.
            example: What was refused, cut and escaped; never part of a payload.
        """
        not_logged = self._not_logged.get(reason, 0) + 1
        now = self._clock()
        logged_s = self._logged_s.get(reason)
        if logged_s is not None and now - logged_s < EVERY_S:
            self._not_logged[reason] = not_logged
            return
        self._logged_s[reason], self._not_logged[reason] = now, 0
        fields: dict[str, object] = {"times": not_logged}
        if example:
            fields["example"] = one_line(example, _WORDS)
        log.warning("refused at the socket: %s", reason, extra=fields)
