"""Follow the status of the track by race control's messages, where no feed tells it.

F1's own status follows from the flags of the sectors in the same way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum


class TrackStatus(StrEnum):
    """The status that race control shows for the whole track.

    Source: live-timing topic `TrackStatus`; its digits are in the comments.
    """

    CLEAR = "clear"  # 1
    YELLOW = "yellow"  # 2
    SAFETY_CAR = "safety_car"  # 4
    RED = "red"  # 5
    VIRTUAL_SAFETY_CAR = "virtual_safety_car"  # 6
    VSC_ENDING = "vsc_ending"  # 7

    @property
    def allows_overtaking(self) -> bool:
        """Whether cars may race for position somewhere on the lap."""
        return self in {TrackStatus.CLEAR, TrackStatus.YELLOW}


_FLAGS_THE_TRACK = {
    "CLEAR": TrackStatus.CLEAR,
    "GREEN": TrackStatus.CLEAR,
    "RED": TrackStatus.RED,
    "CHEQUERED": None,  # it ends the yellows, and leaves the status as it is
}
# A whole message: others only speak of a red flag, as in an investigation.
_RED = re.compile(
    r"(?:THE )?(?:RED FLAGS?(?: (?:DEPLOYED|DISPLAYED|SHOWN|OUT))?"
    r"|(?:RACE|SESSION|SPRINT)(?: HAS BEEN| IS)? (?:SUSPENDED|STOPPED|RED[- ]FLAGGED))[ .!]*\Z"
)
_CLEAR = re.compile(r"(?:TRACK (?:IS )?CLEAR|GREEN FLAGS?|ALL CLEAR)[ .!]*\Z")
_OF_THE_PITS = re.compile(r"\bPIT (?:LANE|EXIT|ENTRY)\b")


@dataclass(frozen=True, slots=True)
class ShownFlags:
    """The flags of a track.

    Attributes:
        status: The status that follows from them.
        yellow: The sectors with a yellow flag; None stands for one without a number.
        double: Those of them with a double one.
    """

    status: TrackStatus = TrackStatus.CLEAR
    yellow: frozenset[int | None] = frozenset()
    double: frozenset[int | None] = frozenset()

    def after(
        self, category: str, text: str, flag: str | None, scope: str | None, sector: int | None
    ) -> ShownFlags:
        """Return the flags after a message; one about the pit lane's lights changes none.

        Example:
            >>> ShownFlags().after("Flag", "RED FLAG", None, None, None).status.value
            'red'
            >>> red = ShownFlags(TrackStatus.RED)
            >>> red.after("Flag", "GREEN LIGHT - PIT EXIT OPEN", "GREEN", "Track", None) is red
            True
        """
        words, shown = text.upper().strip(), (flag or "").upper()
        after = self
        if category == "SafetyCar" or words.startswith(("SAFETY CAR", "VSC", "VIRTUAL SAFETY")):
            after = self._after_safety_car(words)
        elif _OF_THE_PITS.search(words):
            pass
        elif _RED.match(words):
            after = ShownFlags(TrackStatus.RED)
        elif scope == "Sector" and shown == "CLEAR":
            after = self._after_sector_clear(sector)
        elif "YELLOW" in shown and scope != "Driver":
            after = self._after_yellow(sector, is_double=shown != "YELLOW")
        elif scope == "Track" and shown in _FLAGS_THE_TRACK:
            after = ShownFlags(_FLAGS_THE_TRACK[shown] or self.status)
        elif not shown and _CLEAR.match(words):
            after = ShownFlags()
        return after

    def _after_yellow(self, sector: int | None, *, is_double: bool) -> ShownFlags:
        status = TrackStatus.YELLOW if self.status is TrackStatus.CLEAR else self.status
        double = self.double | {sector} if is_double else self.double - {sector}
        return ShownFlags(status, self.yellow | {sector}, double)

    def _after_sector_clear(self, sector: int | None) -> ShownFlags:
        yellow = self.yellow - {sector}
        is_last = not yellow and self.status is TrackStatus.YELLOW
        status = TrackStatus.CLEAR if is_last else self.status
        return ShownFlags(status, yellow, self.double - {sector})

    def _after_safety_car(self, words: str) -> ShownFlags:
        virtual = "VSC" in words or "VIRTUAL" in words
        if "DEPLOYED" in words:
            status = TrackStatus.VIRTUAL_SAFETY_CAR if virtual else TrackStatus.SAFETY_CAR
            return replace(self, status=status)
        if virtual and "ENDING" in words:
            return replace(self, status=TrackStatus.VSC_ENDING)
        return self


NO_FLAGS = ShownFlags()
