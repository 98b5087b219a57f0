"""One message as a feed sent it."""

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
