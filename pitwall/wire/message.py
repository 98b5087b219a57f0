"""Define raw messages, and the frames in which a live connection delivers them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One message of the F1 live-timing protocol, not yet interpreted.

    Attributes:
        sent_at: The feed's time stamp, UTC; in archive files the session's zero plus the time of
            the line.
        topic: Such as `TimingData` or `CarData.z`.
        body: The JSON text of the payload, UTF-8, exactly as sent where the transport allows it
            (for `.z` topics the quoted base64 string).
    """

    sent_at: datetime
    topic: str
    body: bytes


@dataclass(frozen=True, slots=True)
class RawFrame:
    """One frame of a feed's connection, exactly as received.

    Attributes:
        received_at: Wall clock when its last byte had arrived, UTC.
        text: The bytes, such as one WebSocket message with several SignalR records.
        channel: Which channel, for feeds with several; "" for F1 live timing.
    """

    received_at: datetime
    text: bytes
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The complete state that a connection begins with.

    Attributes:
        at: The newest instant in it, UTC, which may be seconds older than its content but never
            newer. None when it contains none.
        messages: One for each topic; topics that others depend on come first.
    """

    at: datetime | None
    messages: tuple[RawMessage, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The content of one frame.

    Attributes:
        parts: Messages and snapshots in the order in which they were sent.
        malformed: How many records could not be read, and are lost.
    """

    parts: tuple[RawMessage | Snapshot, ...] = ()
    malformed: int = 0
