"""One message as a feed sent it, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    """What kind of feed the data came from; every API answer carries it."""

    LIVE = "live"  # F1 live timing or OpenF1, while a race runs
    RECORDED = "recorded"  # messages as the feed sent them, played back
    RECONSTRUCTED = "reconstructed"  # a timing archive rewritten as wire messages
    SIMULATED = "simulated"  # no real race


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
