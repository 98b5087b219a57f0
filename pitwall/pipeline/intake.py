"""From what a live connection delivered to the race engine: once each, in order, and believable.

Blocking by nature (JSON, zlib, boosters): `pipeline.ingest` runs it in a worker thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pitwall.domain.race import Phase
from pitwall.pipeline.engine import EngineState, RaceEngine
from pitwall.pipeline.silence import Silence
from pitwall.pipeline.skew import ClockSkew
from pitwall.pipeline.snapshots import Staleness, read_told, replacing, restamped
from pitwall.wire.delivery import Frame, Reading, Snapshot
from pitwall.wire.lateness import Lateness
from pitwall.wire.message import RawMessage

# What a broken message of these said is lost until a snapshot; others repeat themselves.
_STATEFUL = frozenset(
    {
        "TimingData",
        "TimingAppData",
        "DriverList",
        "RaceControlMessages",
        "TrackStatus",
        "SessionStatus",
        "SessionInfo",
        "LapCount",
    }
)
_SAYS_NOTHING_NEW = frozenset({"Heartbeat", "ExtrapolatedClock"})
_TWO_IN_ONE_PLACE_FOR = timedelta(seconds=5)


@dataclass(slots=True)
class Tally:
    """What became of the messages so far.

    Attributes:
        arrived: Messages read, snapshots' aside; each has its number from this count.
        applied: Handed to the engine, in whole or in part.
        repeated: Dropped as exact copies.
        overtaken: Dropped because newer ones had said it all.
        malformed: Records that could not be read at all.
        snapshots: Snapshots that were taken.
    """

    arrived: int = 0
    applied: int = 0
    repeated: int = 0
    overtaken: int = 0
    malformed: int = 0
    snapshots: int = 0


class Intake:
    """Feeds an engine from a live connection.

    Args:
        engine: A fresh engine.

    Attributes:
        wants_snapshot: Why only a snapshot can set the state right; "" while it is right.
    """

    def __init__(self, engine: RaceEngine) -> None:
        self.engine = engine
        self.tally = Tally()
        self.skew = ClockSkew()
        self.staleness = Staleness()
        self.wants_snapshot = ""
        self._silence = Silence()
        self._lateness = Lateness()
        self._newest_sent: datetime | None = None
        self._contested_since: datetime | None = None

    @property
    def state(self) -> EngineState:
        """The race now."""
        return self.engine.state

    @property
    def news_at(self) -> datetime | None:
        """Arrival of the newest message that counts as a sign of life; None before it."""
        return self._silence.since

    def take(self, deliveries: Sequence[tuple[Frame, Reading]], now: datetime) -> None:
        """Take what arrived, in order, then let the race's time run up to `now`."""
        for frame, reading in deliveries:
            for part in reading.parts:
                if isinstance(part, Snapshot):
                    self._take_snapshot(part, frame.received_at)
                else:
                    self._take_message(part, frame.received_at)
            if reading.malformed:
                self.tally.malformed += reading.malformed
                self.wants_snapshot = "a message was cut short"
        if self.state.race.phase is Phase.STARTED and self._silence.is_odd(now):
            self.wants_snapshot = "the feed is silent"
        race_now = self.skew.race_time(now)
        if race_now is not None:
            self.engine.settle(race_now)
            self._check_places(race_now)

    def _take_message(self, message: RawMessage, received_at: datetime) -> None:
        self.tally.arrived += 1
        if self._counts_as_news(message.topic) and self._silence.broken(received_at):
            self.wants_snapshot = "the feed was silent for a while"
        if self._lateness.is_repeated(message):
            self.tally.repeated += 1
            return
        sent_at = self.skew.believed(message.sent_at, received_at)
        if sent_at == message.sent_at:
            self._newest_sent = max(self._newest_sent or sent_at, sent_at)
        else:
            message = replace(message, sent_at=sent_at)
        admitted = self._lateness.admit(message)
        if admitted is None:
            self.tally.overtaken += 1
            return
        self._apply(admitted)
        self.tally.applied += 1

    def _counts_as_news(self, topic: str) -> bool:
        """Whether a message shows that the race is being told, and not only that a server lives."""
        return topic not in _SAYS_NOTHING_NEW or self.state.race.phase is not Phase.STARTED

    def _take_snapshot(self, snapshot: Snapshot, received_at: datetime) -> None:
        told = read_told(snapshot)
        if self.staleness.is_stale(snapshot, told, self.state.race, self._newest_sent):
            self.wants_snapshot = "a snapshot was older than what was known"
            return
        self.wants_snapshot = ""
        self.tally.snapshots += 1
        self._silence.interrupted(received_at)
        self._lateness.restart(snapshot.at)
        race = replacing(self.state.race, told)
        if race is not self.state.race:
            self.engine.replace_race(race)
        for message in restamped(snapshot, self._moment_of(snapshot, received_at)):
            self._apply(message)

    def _moment_of(self, snapshot: Snapshot, received_at: datetime) -> datetime:
        """Return when a snapshot holds: now, on the feed's clock; never before what we took."""
        moment = self.skew.race_time(received_at) or snapshot.at or received_at
        return max(moment, self.state.sent_at or moment)

    def _apply(self, message: RawMessage) -> None:
        before = self.state.faults
        self.engine.take(message)
        if self.state.faults is not before and message.topic in _STATEFUL:
            self.wants_snapshot = f"a part of {message.topic} could not be read"

    def _check_places(self, race_now: datetime) -> None:
        """Two running cars in one place for seconds: a message that moved one of them was lost."""
        places = [car.position for car in self.state.race.cars.values() if car.position is not None]
        if len(places) == len(set(places)):
            self._contested_since = None
        elif self._contested_since is None:
            self._contested_since = race_now
        elif race_now - self._contested_since > _TWO_IN_ONE_PLACE_FOR:
            self._contested_since = None
            self.wants_snapshot = "two cars are said to be in one place"
