"""Say what a recording holds: its topics, its time span, what is missing and what is inferred."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pitwall.domain.race import Inferred, RaceInfo, RaceState
from pitwall.wire.message import RawMessage

# What a race is followed by; the rest is welcome and not missed.
NEEDED = (
    *("SessionInfo", "SessionStatus", "TrackStatus", "LapCount", "DriverList", "TimingData"),
    *("TimingAppData", "RaceControlMessages", "WeatherData"),
)


@dataclass(frozen=True, slots=True)
class RecordingReport:
    """What a recording holds.

    Attributes:
        info: The session.
        topics: How many messages of each topic, in the order of their names.
        first_at, last_at: When the first and the last message were sent; None without any.
        missing: The topics a race is followed by that are not there.
        inferred: What was inferred in their place.
        laps_taken_back: Laps of before a red flag whose numbers were counted again after it.
    """

    info: RaceInfo = field(default_factory=RaceInfo)
    topics: Mapping[str, int] = field(default_factory=dict)
    first_at: datetime | None = None
    last_at: datetime | None = None
    missing: tuple[str, ...] = ()
    inferred: tuple[Inferred, ...] = ()
    laps_taken_back: int = 0


def report_on(messages: Sequence[RawMessage], race: RaceState) -> RecordingReport:
    """Return what a recording holds, and what was inferred by its end."""
    topics = Counter(message.topic for message in messages)
    if Inferred.SESSION in race.inferred:  # the one message was made from the recording's path
        topics -= Counter(["SessionInfo"])
    return RecordingReport(
        info=race.info,
        topics=dict(sorted(topics.items())),
        first_at=messages[0].sent_at if messages else None,
        last_at=messages[-1].sent_at if messages else None,
        missing=tuple(topic for topic in NEEDED if topic not in topics),
        inferred=tuple(sorted(race.inferred)),
        laps_taken_back=sum(len(car.laps_before_restart) for car in race.cars.values()),
    )
