"""Rewrite race control's messages, and derive the status of session, track and lap from them.

OpenF1 has no endpoint for the status of the track or of the session, so both are derived here
from race control's messages, as F1's own status follows from the flags of the sectors.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from pitwall.domain.race import Phase
from pitwall.feeds.openf1.measured_rows import message
from pitwall.feeds.openf1.rows import Row, count_of, instant_of, text_of
from pitwall.wire.message import RawMessage

CLEAR, YELLOW, SAFETY_CAR, RED, VSC, VSC_ENDING = "1", "2", "4", "5", "6", "7"
_FLAGS_THE_TRACK = {"CLEAR": CLEAR, "GREEN": CLEAR, "RED": RED}
_PHASES = {phase.value.upper(): phase.value.capitalize() for phase in Phase} | {
    "RESUMED": "Started",
    "FINALIZED": "Finalised",
}
_MOST_INDEX = 10_000


def control_messages(rows: Sequence[Row], new: int) -> Iterator[RawMessage]:
    """Yield the messages of the last `new` rows; the rows before them only set the state.

    Args:
        rows: In order of their instants.
        new: How many rows at the end have not been sent yet.
    """
    track = TrackFlags()
    first_new = len(rows) - new
    for index, row in enumerate(rows):
        changed = track.take(row)
        at = instant_of(row)
        if index < first_new or at is None:
            continue
        yield from _row_messages(at, row)
        if changed or (index == first_new and track.status != CLEAR):
            yield message(at, "TrackStatus", {"Status": track.status})


def _row_messages(at: datetime, row: Row) -> Iterator[RawMessage]:
    text = text_of(row, "message")
    if text is None:
        return
    part = count_of(row, "qualifying_phase")
    if part:
        yield message(at, "TimingData", {"SessionPart": part})
    phase = phase_of(row)
    if phase is not None:
        yield message(at, "SessionStatus", {"Status": phase})
    lap = count_of(row, "lap_number")
    if lap:
        yield message(at, "LapCount", {"CurrentLap": lap})
    fields = {
        "Utc": at.replace(tzinfo=None).isoformat(),
        "Lap": lap,
        "Category": text_of(row, "category"),
        "Flag": text_of(row, "flag"),
        "Scope": text_of(row, "scope"),
        "Sector": count_of(row, "sector"),
        "RacingNumber": count_of(row, "driver_number"),
        "Message": text,
    }
    message_fields = {name: value for name, value in fields.items() if value is not None}
    # F1 numbers its messages; a number made from the text is the same in every order.
    number = zlib.crc32(f"{fields['Utc']} {text}".encode()) % _MOST_INDEX
    yield message(at, "RaceControlMessages", {"Messages": {str(number): message_fields}})


def phase_of(row: Row) -> str | None:
    """Return the session status that a row announces, as F1 names it; None for other rows."""
    words = (text_of(row, "message") or "").upper().split()
    if text_of(row, "category") != "SessionStatus" or not words:
        return None
    return _PHASES.get(words[-1])


class TrackFlags:
    """The status of the track, from race control's rows taken in order.

    Attributes:
        status: The digit of `TrackStatus`.
    """

    def __init__(self) -> None:
        self.status = CLEAR
        self._yellow: set[object] = set()

    def take(self, row: Row) -> bool:
        """Apply one row; return whether the status changed."""
        before = self.status
        if text_of(row, "category") == "SafetyCar":
            self._take_safety_car((text_of(row, "message") or "").upper())
        else:
            self._take_flag(text_of(row, "flag") or "", text_of(row, "scope"), row.get("sector"))
        return self.status != before

    def _take_safety_car(self, words: str) -> None:
        virtual = "VSC" in words or "VIRTUAL" in words
        if "DEPLOYED" in words:
            self.status = VSC if virtual else SAFETY_CAR
        elif virtual and "ENDING" in words:
            self.status = VSC_ENDING

    def _take_flag(self, flag: str, scope: str | None, sector: object) -> None:
        if scope == "Sector" and flag == "CLEAR":
            self._yellow.discard(sector)
            if not self._yellow and self.status == YELLOW:
                self.status = CLEAR
        elif "YELLOW" in flag:
            self._yellow.add(sector)
            if self.status == CLEAR:
                self.status = YELLOW
        elif scope == "Track" and flag in _FLAGS_THE_TRACK:
            self._yellow.clear()
            self.status = _FLAGS_THE_TRACK[flag]
