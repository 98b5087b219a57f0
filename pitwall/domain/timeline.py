"""What happened when in a whole race: flags, laps, stops, battles and passes, by instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

CALLED: Final = 0.5
"""From this probability on a forecast has called a pass."""


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasted: `what` is a track status, or `aborted` for a race that was stopped."""

    what: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """A car was in the pit lane during this lap, which it completed at `at`."""

    at: datetime
    car: int
    lap: int


@dataclass(frozen=True, slots=True)
class Fight:
    """A battle, as long as it was forecast without a pause.

    Attributes:
        most_p: The largest `p_overtake` said of it.
        said_before: The largest `p_overtake` said of it within the lap before a pass; None where
            no forecast of it came out as passed.
        cried: Whether a forecast of `CALLED` or more was settled, and none of it came true.
    """

    attacker: int
    defender: int
    since: datetime
    until: datetime
    most_p: float
    said_before: float | None
    cried: bool


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass on the track, out of a battle.

    Attributes:
        position: The place won.
        said: The largest `p_overtake` within the lap before; None where none was settled.
    """

    at: datetime
    attacker: int
    defender: int
    position: int
    said: float | None

    @property
    def was_called(self) -> bool:
        """Whether the forecast had called it."""
        return self.said is not None and self.said >= CALLED


@dataclass(frozen=True, slots=True)
class Digest:
    """How a race came out against its forecasts.

    Attributes:
        passes: On the track, out of a battle.
        called: Of these, forecast with `CALLED` or more at some second of the lap before.
        missed: The others.
        failed: Battles of which a pass was called, and none came within the lap.
    """

    passes: int
    called: int
    missed: int
    failed: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """A whole race at a glance; every tuple in order of time.

    Attributes:
        begins: Five minutes before lights out; when its first message was sent, if that is later
            or the start was not told.
        ends: When its newest message was sent.
        started: Lights out; None where the feed did not tell.
        flags: Times in which the track was not clear, or the race stopped.
        laps: When the leader began each lap, from lap 1 on as far as told, and its number.
        heat: The hottest battle in each of so many equal parts of the time, in [0, 1].
        codes: The three letters of each car's driver, by number.
    """

    begins: datetime
    ends: datetime
    started: datetime | None
    flags: tuple[Span, ...]
    laps: tuple[tuple[datetime, int], ...]
    stops: tuple[Stop, ...]
    fights: tuple[Fight, ...]
    passes: tuple[Pass, ...]
    heat: tuple[float, ...]
    codes: dict[int, str]

    @property
    def digest(self) -> Digest:
        """How the race came out against the forecasts, in numbers."""
        called = sum(each.was_called for each in self.passes)
        failed = sum(fight.cried for fight in self.fights)
        return Digest(len(self.passes), called, len(self.passes) - called, failed)
