"""Snapshots after a reconnection: whether one is older than what we know, and what it replaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pitwall.domain.applying import apply
from pitwall.domain.events import CarTimed, ControlSaid, DriverListed, LapCounted, RaceDescribed
from pitwall.domain.race import DriverNumber, RaceState
from pitwall.wire.decode import decode
from pitwall.wire.delivery import Snapshot
from pitwall.wire.message import RawMessage

# A snapshot names the instant of its last heartbeat, which comes every 15 s.
_HEARTBEATS_APART = timedelta(seconds=20)
_MOST_REFUSED = 20  # in a row, a minute; then the server knows better


@dataclass(frozen=True, slots=True)
class Told:
    """What a snapshot says, in so far as it can be compared with what we know."""

    race_id: str = ""
    lap: int = 0
    laps_completed: Mapping[DriverNumber, int] = field(default_factory=dict)
    cars: frozenset[DriverNumber] = frozenset()
    control_at: datetime | None = None


def read_told(snapshot: Snapshot) -> Told:
    """Decode a snapshot into what `Staleness` compares."""
    fresh = RaceState()
    timed: set[DriverNumber] = set()
    control_at: datetime | None = None
    for message in snapshot.messages:
        for event in decode(message).events:
            if isinstance(event, CarTimed | DriverListed):
                timed.add(event.number)
            if isinstance(event, ControlSaid):
                said_at = event.message.at
                control_at = said_at if control_at is None else max(control_at, said_at)
            elif isinstance(event, CarTimed | LapCounted | RaceDescribed):
                fresh = apply(fresh, event)
    laps = {number: car.laps_completed for number, car in fresh.cars.items()}
    return Told(fresh.info.race_id, fresh.lap, laps, frozenset(timed), control_at)


class Staleness:
    """Tells a snapshot that is older than our own state: a server behind a cache sends such.

    Attributes:
        refused: Snapshots set aside so far.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._in_a_row = 0

    def is_stale(
        self, snapshot: Snapshot, told: Told, race: RaceState, newest_sent: datetime | None
    ) -> bool:
        """Whether to set a snapshot aside; after twenty in a row the server is believed.

        Args:
            snapshot: What the server sent.
            told: What it says.
            race: What we know.
            newest_sent: The newest stamp of the feed that we believe.
        """
        stale = (bool(snapshot.messages) or snapshot.at is None) and _goes_back(told, race)
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


def _goes_back(told: Told, race: RaceState) -> bool:
    if not told.race_id:
        return bool(race.info.race_id)  # a server that has just started and knows nothing yet
    if told.race_id != race.info.race_id:
        return False  # another session: nothing to compare
    if told.lap < race.lap:
        return True
    if told.control_at is not None and race.control and told.control_at < race.control[-1].at:
        return True
    known = race.cars.items()
    return any(
        told.laps_completed.get(n, car.laps_completed) < car.laps_completed for n, car in known
    )


def replacing(race: RaceState, told: Told) -> RaceState:
    """Return the race without the cars that a snapshot no longer lists."""
    if not told.cars or told.race_id != race.info.race_id:
        return race
    gone = set(race.cars) - told.cars
    if not gone:
        return race
    return replace(race, cars={n: car for n, car in race.cars.items() if n not in gone})


def restamped(snapshot: Snapshot, at: datetime) -> list[RawMessage]:
    """Return the messages of a snapshot as sent at `at`."""
    return [replace(message, sent_at=at) for message in snapshot.messages]
