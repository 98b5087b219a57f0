"""One message as a feed sent it, and the frames in which a live connection delivers messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One message of the F1 live-timing protocol, not yet interpreted.

    Attributes:
        sent_at: When the feed stamped it, UTC; in archive files session zero plus the line's time.
        topic: Such as `TimingData` or `CarData.z`.
        body: The JSON text of the payload, UTF-8, exactly as sent where the transport allows it
            (`.z` topics: the quoted base64 string).
    """

    sent_at: datetime
    topic: str
    body: bytes


@dataclass(frozen=True, slots=True)
class RawFrame:
    """What a feed sent at once, untouched.

    Attributes:
        received_at: Wall clock when its last byte had arrived, UTC.
        text: The bytes, such as one WebSocket message with several SignalR records.
        channel: Where a feed has several, which; "" for F1 live timing.
    """

    received_at: datetime
    text: bytes
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state with which a connection begins.

    Attributes:
        at: The newest instant that it names, UTC: it may be seconds older than its content,
            never newer. None when it names none.
        messages: One for each topic, those first that others rest on.
    """

    at: datetime | None
    messages: tuple[RawMessage, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a frame says.

    Attributes:
        parts: Messages and snapshots in the order in which they were sent.
        malformed: Records that could not be read: what they said is lost.
    """

    parts: tuple[RawMessage | Snapshot, ...] = ()
    malformed: int = 0
