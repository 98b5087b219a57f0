"""Pass live messages to the race engine: once each, in order, with plausible time stamps.

Also estimate clock skew, notice silence, and decide which snapshots to take.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from pitwall.domain.events import CarTimed, ControlSaid, DriverListed, LapCounted, RaceDescribed
from pitwall.domain.race import DriverNumber, Phase, RaceState
from pitwall.domain.reducer import apply
from pitwall.engine.race_engine import EngineState, RaceEngine
from pitwall.wire.decode import decode
from pitwall.wire.lateness import Lateness
from pitwall.wire.message import RawFrame, RawMessage, Reading, Snapshot

_KEPT = 256

_NEEDED = 8

_BELIEVED_WITHIN = timedelta(seconds=30)

_BELIEVED_AT_FIRST = timedelta(days=2)  # before the lag is known; no clock is off by more


class ClockSkew:
    """Estimates the skew of the feed's clock from the arrival of its messages.

    The least difference of the last messages is the skew of the clocks plus the fastest delivery,
    which cannot be told apart from one side.

    Attributes:
        disbelieved: How many stamps were replaced because they were more than 30 s off.
    """

    def __init__(self) -> None:
        self._lags: deque[timedelta] = deque(maxlen=_KEPT)
        self._least: timedelta | None = None
        self.disbelieved = 0

    @property
    def lag(self) -> timedelta | None:
        """The least recent difference of our clock at arrival and the stamp; None while unknown."""
        return self._least if len(self._lags) >= _NEEDED else None

    @property
    def lag_s(self) -> float | None:
        """The lag in seconds, to a tenth; negative when the feed's clock is ahead."""
        lag = self.lag
        return None if lag is None else round(lag.total_seconds(), 1)

    def believed(self, sent_at: datetime, received_at: datetime) -> datetime:
        """Return a message's stamp, or, if it is implausible, its arrival on the feed's clock.

        A server whose clock jumps must not move the race, or battles would stand still until the
        race had caught up.
        """
        lag = received_at - sent_at
        known = self.lag
        if known is not None and abs(lag - known) > _BELIEVED_WITHIN:
            self.disbelieved += 1
            return received_at - known
        if known is None and abs(lag) > _BELIEVED_AT_FIRST:
            self.disbelieved += 1
            return received_at
        self._note(lag)
        return sent_at

    def race_time(self, now: datetime) -> datetime | None:
        """Return the time on the feed's clock; None while the lag is unknown."""
        lag = self.lag
        return None if lag is None else now - lag

    def _note(self, lag: timedelta) -> None:
        leaving = self._lags[0] if len(self._lags) == _KEPT else None
        self._lags.append(lag)
        if self._least is None or lag <= self._least:
            self._least = lag
        elif leaving == self._least:
            self._least = min(self._lags)


_ODD_S: Final = 2.0  # during a race several messages arrive each second

_ODD_TIMES_USUAL: Final = 10.0

_PATIENCE_S: Final = 8.0  # shorter than a connection's time-out, so that an answer keeps it

_USUAL_AT_FIRST_S: Final = 0.5

_USUAL_AT_MOST_S: Final = 3.0

_SLOWLY: Final = 32


class Silence:
    """Notices when the feed is silent for unusually long.

    Attributes:
        since: The newest sign of life. None before the first.
    """

    def __init__(self) -> None:
        self.since: datetime | None = None
        self._usual_s = _USUAL_AT_FIRST_S
        self._patience = 1.0

    def broken(self, at: datetime) -> bool:
        """Note a sign of life, and return whether the silence before it was unusually long."""
        silent_s = 0.0 if self.since is None else (at - self.since).total_seconds()
        was_odd = silent_s > self._odd_s
        self._usual_s += (min(silent_s, _USUAL_AT_MOST_S) - self._usual_s) / _SLOWLY
        self.since, self._patience = at, 1.0
        return was_odd

    def interrupted(self, at: datetime) -> None:
        """Note a snapshot, which ends the silence but is no sign of life of the feed itself."""
        self.since = at

    def is_odd(self, now: datetime) -> bool:
        """Return, once, that the silence has become unusually long.

        After a snapshot within the silence it takes longer than before, because there may really
        be nothing to report.
        """
        if self.since is None:
            return False
        if (now - self.since).total_seconds() <= min(self._odd_s * self._patience, _PATIENCE_S):
            return False
        self._patience *= 2
        return True

    @property
    def _odd_s(self) -> float:
        return max(_ODD_S, _ODD_TIMES_USUAL * self._usual_s)


# A snapshot has the time of its last heartbeat, which comes every 15 s.
_HEARTBEATS_APART = timedelta(seconds=20)

_MOST_REFUSED = 20  # in a row, which takes a minute; then the server is believed


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """The facts of a snapshot that can be compared with our own state."""

    race_id: str = ""
    lap: int = 0
    laps_completed: Mapping[DriverNumber, int] = field(default_factory=dict)
    cars: frozenset[DriverNumber] = frozenset()
    control_at: datetime | None = None


def read_facts(snapshot: Snapshot) -> SnapshotFacts:
    """Decode the facts of a snapshot that `Staleness` compares."""
    fresh = RaceState()
    timed: set[DriverNumber] = set()
    control_at: datetime | None = None
    for message in snapshot.messages:
        for event in decode(message).events:
            if isinstance(event, CarTimed | DriverListed):
                timed.add(event.number)
            if isinstance(event, ControlSaid):
                published_at = event.message.at
                control_at = published_at if control_at is None else max(control_at, published_at)
            elif isinstance(event, CarTimed | LapCounted | RaceDescribed):
                fresh = apply(fresh, event)
    laps = {number: car.laps_completed for number, car in fresh.cars.items()}
    return SnapshotFacts(fresh.info.race_id, fresh.lap, laps, frozenset(timed), control_at)


class Staleness:
    """Detects snapshots that are older than our own state, as a server behind a cache sends them.

    Attributes:
        refused: How many snapshots were refused so far.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._in_a_row = 0

    def is_stale(
        self,
        snapshot: Snapshot,
        facts: SnapshotFacts,
        race: RaceState,
        newest_sent: datetime | None,
    ) -> bool:
        """Return whether to refuse a snapshot; after twenty in a row the server is believed.

        Args:
            snapshot: The snapshot.
            facts: Its facts, from `read_facts`.
            race: Our own state.
            newest_sent: The newest plausible stamp of the feed. None before the first.
        """
        stale = (bool(snapshot.messages) or snapshot.at is None) and _goes_back(facts, race)
        stale = stale or (
            snapshot.at is not None
            and newest_sent is not None
            and snapshot.at + _HEARTBEATS_APART < newest_sent
        )
        if not stale or self._in_a_row >= _MOST_REFUSED:
            self._in_a_row = 0
            return False
        self._in_a_row += 1
        self.refused += 1
        return True


def _goes_back(facts: SnapshotFacts, race: RaceState) -> bool:
    if not facts.race_id:
        return bool(race.info.race_id)  # the server has just started and knows nothing yet
    if facts.race_id != race.info.race_id:
        return False  # another session: nothing to compare
    if facts.lap < race.lap:
        return True
    if facts.control_at is not None and race.control and facts.control_at < race.control[-1].at:
        return True
    known = race.cars.items()
    return any(
        facts.laps_completed.get(n, car.laps_completed) < car.laps_completed for n, car in known
    )


def replacing(race: RaceState, facts: SnapshotFacts) -> RaceState:
    """Return the race without the cars that a snapshot no longer lists."""
    if not facts.cars or facts.race_id != race.info.race_id:
        return race
    gone = set(race.cars) - facts.cars
    if not gone:
        return race
    return replace(race, cars={n: car for n, car in race.cars.items() if n not in gone})


def restamped(snapshot: Snapshot, at: datetime) -> list[RawMessage]:
    """Return the messages of a snapshot as sent at `at`."""
    return [replace(message, sent_at=at) for message in snapshot.messages]


# If a message of these topics is broken, only a snapshot restores it; others repeat themselves.
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

_NO_SIGN_OF_LIFE = frozenset({"Heartbeat", "ExtrapolatedClock"})

_TWO_IN_ONE_PLACE_FOR = timedelta(seconds=5)


@dataclass(slots=True)
class IntakeCounts:
    """Counts what happened to the messages so far.

    Attributes:
        arrived: Messages read, without those of snapshots; this count numbers them.
        applied: Messages passed to the engine, in whole or in part.
        repeated: Messages dropped as exact copies.
        overtaken: Messages dropped because newer ones had replaced all of their values.
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
        wants_snapshot: Why a snapshot is needed to repair the state; "" while none is needed.
    """

    def __init__(self, engine: RaceEngine) -> None:
        self.engine = engine
        self.tally = IntakeCounts()
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
        """Arrival of the newest message that counts as a sign of life; None before the first."""
        return self._silence.since

    def take(self, deliveries: Sequence[tuple[RawFrame, Reading]], now: datetime) -> None:
        """Take what arrived, in order, then advance the race to `now`."""
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
        """Whether a message shows that the feed reports the race, not only that a server lives."""
        return topic not in _NO_SIGN_OF_LIFE or self.state.race.phase is not Phase.STARTED

    def _take_snapshot(self, snapshot: Snapshot, received_at: datetime) -> None:
        facts = read_facts(snapshot)
        if self.staleness.is_stale(snapshot, facts, self.state.race, self._newest_sent):
            self.wants_snapshot = "a snapshot was older than what was known"
            return
        self.wants_snapshot = ""
        self.tally.snapshots += 1
        self._silence.interrupted(received_at)
        self._lateness.restart(snapshot.at)
        race = replacing(self.state.race, facts)
        if race is not self.state.race:
            self.engine.replace_race(race)
        for message in restamped(snapshot, self._moment_of(snapshot, received_at)):
            self._apply(message)

    def _moment_of(self, snapshot: Snapshot, received_at: datetime) -> datetime:
        """Return the moment of a snapshot: now on the feed's clock, never before our own state."""
        moment = self.skew.race_time(received_at) or snapshot.at or received_at
        return max(moment, self.state.sent_at or moment)

    def _apply(self, message: RawMessage) -> None:
        before = self.state.faults
        self.engine.take(message)
        if self.state.faults is not before and message.topic in _STATEFUL:
            self.wants_snapshot = f"a part of {message.topic} could not be read"

    def _check_places(self, race_now: datetime) -> None:
        """Ask for a snapshot if two cars share a place for seconds, as a message was lost."""
        places = [car.position for car in self.state.race.cars.values() if car.position is not None]
        if len(places) == len(set(places)):
            self._contested_since = None
        elif self._contested_since is None:
            self._contested_since = race_now
        elif race_now - self._contested_since > _TWO_IN_ONE_PLACE_FOR:
            self._contested_since = None
            self.wants_snapshot = "two cars are in the same place"
