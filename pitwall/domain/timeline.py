"""Define the timeline of a race: flags, laps, pit stops, battles and passes, by instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

CALLED: Final = 0.5
"""A forecast of at least this probability called a pass."""


@dataclass(frozen=True, slots=True)
class Span:
    """A period; `what` is a track status, or `aborted` for a race that was stopped."""

    what: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """A lap, completed at `at`, in which a car was in the pit lane."""

    at: datetime
    car: int
    lap: int


@dataclass(frozen=True, slots=True)
class Fight:
    """A battle, for as long as it was forecast without a pause.

    Attributes:
        most_p: The largest `p_overtake` of its forecasts.
        p_before_pass: The largest `p_overtake` within the lap before a pass; None where no forecast
            of it came out as passed.
        is_false_alarm: Whether a forecast of `CALLED` or more was settled, and none came true.
    """

    attacker: int
    defender: int
    since: datetime
    until: datetime
    most_p: float
    p_before_pass: float | None
    is_false_alarm: bool


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass on the track that ended a battle.

    Attributes:
        position: The place won.
        p_before: The largest `p_overtake` within the lap before; None where none was settled.
    """

    at: datetime
    attacker: int
    defender: int
    position: int
    p_before: float | None

    @property
    def was_called(self) -> bool:
        """Whether the forecasts had called it."""
        return self.p_before is not None and self.p_before >= CALLED


@dataclass(frozen=True, slots=True)
class Digest:
    """How the forecasts of a race compare with what happened.

    Attributes:
        passes: Passes on the track that ended a battle.
        called: Passes forecast with `CALLED` or more at some second of the lap before.
        missed: The other passes.
        failed: Battles in which a pass was called and none came within the lap.
    """

    passes: int
    called: int
    missed: int
    failed: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """A whole race at a glance; every tuple is in order of time.

    Attributes:
        begins: Five minutes before lights out, or the time of the first message if that is later
            or the start is unknown.
        ends: When its newest message was sent.
        started: Lights out; None where unknown.
        flags: Periods in which the track was not clear, or the race was stopped.
        laps: When the leader began each known lap, and its number from 1.
        heat: The heat of the hottest battle in each of many equal parts of the time, in [0, 1].
        codes: Each driver's three letters, by car number.
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
        """How the forecasts compare with what happened, in numbers."""
        called = sum(each.was_called for each in self.passes)
        failed = sum(fight.is_false_alarm for fight in self.fights)
        return Digest(len(self.passes), called, len(self.passes) - called, failed)
