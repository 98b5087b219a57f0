"""Track whether races are being written, for the health report and the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from pitwall.domain.records import SetAside
from pitwall.errors import PitwallError

log = logging.getLogger(__name__)

SLOW_S = 5.0  # a write that takes longer is reported
AGAIN_S = 60.0  # how often the log repeats that nothing can be written


@dataclass(frozen=True, slots=True)
class StoreState:
    """Whether races are being written, and what is wrong if not.

    Attributes:
        status: `degraded` while nothing can be written.
        reason: While degraded, for people: what is wrong, since when, and how much waits; else "".
        dropped: Messages that were lost because nothing could be written for very long.
        waiting: Messages that are not written yet.
        set_aside: Rows that the database rejected for their content.
    """

    status: Literal["ok", "degraded"] = "ok"
    reason: str = ""
    dropped: int = 0
    waiting: int = 0
    set_aside: SetAside = field(default_factory=SetAside)


class StoreCondition:
    """Follows whether writing succeeds.

    Args:
        waiting: Returns the number of messages that are not written.

    Attributes:
        dropped: As in `StoreState`.
    """

    def __init__(self, waiting: Callable[[], int]) -> None:
        self.dropped = 0
        self._waiting = waiting
        self._reason = ""
        self._since: datetime | None = None  # since when writing fails
        self._began: datetime | None = None  # when the write under way began
        self._spill = ""
        self._logged_s = 0.0
        self._tries = 0

    def state(self, set_aside: SetAside) -> StoreState:
        """Return the condition now; a write that hangs counts as degraded."""
        reason, since, waiting = self._reason, self._since, self._waiting()
        if not reason and self._began is not None:
            lasts_s = (datetime.now(UTC) - self._began).total_seconds()
            if lasts_s > SLOW_S:
                reason, since = "The database takes long to answer.", self._began
        if reason and since is not None:
            reason += f" Nothing was written since {since:%H:%M:%S} UTC"
            reason += f"; {waiting:,} messages wait to be written"
            reason += f", and {self._spill}." if self._spill else "."
        return StoreState("degraded" if reason else "ok", reason, self.dropped, waiting, set_aside)

    def begins(self) -> None:
        """Note that a round of writing begins."""
        self._began = datetime.now(UTC)

    def ended(self, failed: Exception | None) -> None:
        """Note how the round ended."""
        began, self._began = self._began, None
        if failed is None:
            if self._reason:
                log.warning(
                    "writing again",
                    extra={"since": f"{self._since:%H:%M:%S}", "dropped": self.dropped},
                )
            self._reason, self._since, self._spill, self._tries = "", None, "", 0
        elif isinstance(failed, PitwallError):
            self.note(str(failed), began)
        else:
            if not self._reason:  # log the trace once, not every second
                log.error("an internal error keeps a race from being written", exc_info=failed)
            reason = f"An internal error ({type(failed).__name__}) keeps a race from being written."
            self.note(reason, began)

    def note(self, reason: str, since: datetime | None = None) -> None:
        """Note why nothing can be written."""
        self._tries += 1
        now_s = time.monotonic()
        if not self._reason:
            log.warning("nothing can be written; the race goes on", extra={"reason": reason})
            self._logged_s = now_s
        elif now_s - self._logged_s >= AGAIN_S:
            log.warning(
                "still nothing can be written",
                extra={"tries": self._tries, "waiting": self._waiting(), "reason": reason},
            )
            self._logged_s = now_s
        self._since = self._since or since or datetime.now(UTC)
        self._reason = reason

    def note_spill(self, reason: str) -> None:
        """Note why waiting messages must stay in memory."""
        if not self._spill:
            log.warning("waiting messages stay in memory", extra={"reason": reason})
        self._spill = reason
