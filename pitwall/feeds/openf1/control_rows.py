"""Rewrite race control's messages, and derive the status of session, track and lap from them.

OpenF1 has no endpoint for the status of the track or of the session, so both are derived here
from race control's messages, as F1's own status follows from the flags of the sectors.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from pitwall.domain.flags import NO_FLAGS, TrackStatus
from pitwall.domain.race import Phase
from pitwall.feeds.openf1.measured_rows import message
from pitwall.feeds.openf1.rows import Row, count_of, instant_of, text_of
from pitwall.wire.message import RawMessage

CLEAR, YELLOW, SAFETY_CAR, RED, VSC, VSC_ENDING = "1", "2", "4", "5", "6", "7"
_DIGITS = {
    TrackStatus.CLEAR: CLEAR,
    TrackStatus.YELLOW: YELLOW,
    TrackStatus.SAFETY_CAR: SAFETY_CAR,
    TrackStatus.RED: RED,
    TrackStatus.VIRTUAL_SAFETY_CAR: VSC,
    TrackStatus.VSC_ENDING: VSC_ENDING,
}
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
    """The status of the track, from race control's rows taken in order."""

    def __init__(self) -> None:
        self._flags = NO_FLAGS

    @property
    def status(self) -> str:
        """The digit of `TrackStatus`."""
        return _DIGITS[self._flags.status]

    def take(self, row: Row) -> bool:
        """Apply one row; return whether the status changed."""
        before = self._flags.status
        self._flags = self._flags.after(
            text_of(row, "category") or "",
            text_of(row, "message") or "",
            text_of(row, "flag"),
            text_of(row, "scope"),
            count_of(row, "sector"),
        )
        return self._flags.status is not before
