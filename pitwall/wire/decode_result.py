"""Define the result of decoding one message: its events and its faults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pitwall.domain.events import TimingEvent

_DETAIL_LENGTH = 120
_MOST_FAULTS = 200  # in one message, so that a whole snapshot of nonsense is read quickly


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing in a message that breaks the feed's format.

    Attributes:
        kind: A short, stable name by which faults are counted, such as `gap`.
        detail: The value that was found, at most 120 characters.
    """

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """The events of one message, in order, and its faults."""

    events: tuple[TimingEvent, ...] = ()
    faults: tuple[Fault, ...] = ()


class Findings:
    """Collects the events and faults of one message while it is decoded.

    Attributes:
        sent_at: When the feed stamped the message, UTC.
    """

    __slots__ = ("events", "faults", "sent_at")

    def __init__(self, sent_at: datetime) -> None:
        self.sent_at = sent_at
        self.events: list[TimingEvent] = []
        self.faults: list[Fault] = []

    def add(self, event: TimingEvent) -> None:
        """Add one event."""
        self.events.append(event)

    def fault(self, kind: str, value: object) -> None:
        """Add one fault with a short form of the value that caused it; at most 200 faults."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(Fault(kind, _shortened(value)))

    def decoded(self) -> Decoded:
        """Return all events and faults."""
        return Decoded(tuple(self.events), tuple(self.faults))


def _shortened(value: object) -> str:
    """Return a value in few characters; containers, which may be huge, as type and size."""
    if isinstance(value, dict | list):
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, str):
        return repr(value[:_DETAIL_LENGTH])[:_DETAIL_LENGTH]
    return repr(value)[:_DETAIL_LENGTH]
