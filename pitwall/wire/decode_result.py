"""What decoding one message gives: the events it told and the faults it had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pitwall.domain.events import TimingEvent

_DETAIL_LENGTH = 120
_MOST_FAULTS = 200  # of one message; a whole snapshot of nonsense must not cost a second


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing in a message that breaks the feed's format.

    Attributes:
        kind: A short, stable name by which faults are counted, such as `gap`.
        detail: What was found, at most 120 characters.
    """

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """The events of one message, in the order it told them, and its faults."""

    events: tuple[TimingEvent, ...] = ()
    faults: tuple[Fault, ...] = ()


class Findings:
    """Collects what one message says while it is being read.

    Attributes:
        sent_at: When the feed stamped the message, UTC.
    """

    __slots__ = ("events", "faults", "sent_at")

    def __init__(self, sent_at: datetime) -> None:
        self.sent_at = sent_at
        self.events: list[TimingEvent] = []
        self.faults: list[Fault] = []

    def add(self, event: TimingEvent) -> None:
        """Keep one event."""
        self.events.append(event)

    def fault(self, kind: str, found: object) -> None:
        """Keep one fault and a short picture of the value that caused it; at most 200."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(Fault(kind, _picture(found)))

    def decoded(self) -> Decoded:
        """Return everything found."""
        return Decoded(tuple(self.events), tuple(self.faults))


def _picture(found: object) -> str:
    """Return a value in few characters; containers by type and size, as they may be huge."""
    if isinstance(found, dict | list):
        return f"{type(found).__name__} of {len(found)}"
    if isinstance(found, str):
        return repr(found[:_DETAIL_LENGTH])[:_DETAIL_LENGTH]
    return repr(found)[:_DETAIL_LENGTH]
