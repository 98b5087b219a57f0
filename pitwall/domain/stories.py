"""Define the story of one battle of a stored race: its forecasts, its gap and its events.

Everything comes from the race's feed, on the race's clock; nothing is looked up later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pitwall.domain.race import TrackStatus
from pitwall.domain.records import LapRow, PredictionRecord


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two cars of a battle.

    Attributes:
        code: Three letters, or the car's number where the feed gave none.
        colour: The team's colour, six hexadecimal digits; "" when unknown.
    """

    car: int
    code: str
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class GapPoint:
    """One reading of the gap between the two cars.

    Attributes:
        gap_s: Seconds from the defender back to the attacker; negative while the attacker is ahead.
    """

    at: datetime
    gap_s: float


@dataclass(frozen=True, slots=True)
class IntervalPoint:
    """One reading of a car's interval to the car ahead of it, seconds."""

    at: datetime
    interval_s: float


class Turn(StrEnum):
    """The kinds of event in a battle."""

    PASSED = "passed"  # the attacker took the place
    PASSED_BACK = "passed_back"  # the defender took it back
    PITTED = "pitted"  # one of them came into the pits
    SWAPPED = "swapped"  # the order changed while one of them was in the pits, or just after


_STEP: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a battle; `car` is the car that passed or pitted."""

    at: datetime
    turn: Turn
    car: int


@dataclass(frozen=True, slots=True)
class NeutralisedSpell:
    """A period in which the track was not clear; `until` is None while it lasts."""

    since: datetime
    until: datetime | None
    status: TrackStatus


@dataclass(frozen=True, slots=True)
class LapOfBoth:
    """The lap of one number, as both cars drove it."""

    lap: int
    attacker: LapRow
    defender: LapRow


@dataclass(frozen=True, slots=True)
class BattleStory:
    """One battle from a minute before its first forecast to two minutes after its last.

    Attributes:
        since, until: The time that the story covers, on the race's own clock.
        forecasts: One a second, oldest first; empty where there is no forecast.
        gaps: Between the two cars, oldest first.
        ahead: The defender's own intervals, oldest first; they show whether it is held up itself.
        happenings: Events of the battle, oldest first.
        stretches: Periods in which the track was not clear, oldest first.
        laps: Laps that both completed, from some laps before the battle on, oldest first.
    """

    race_id: str
    attacker: Side
    defender: Side
    since: datetime
    until: datetime
    forecasts: tuple[PredictionRecord, ...]
    gaps: tuple[GapPoint, ...]
    ahead: tuple[IntervalPoint, ...]
    happenings: tuple[Happening, ...]
    stretches: tuple[NeutralisedSpell, ...]
    laps: tuple[LapOfBoth, ...]

    def known_at(self, at: datetime) -> BattleStory:
        """Return the story as it was known at a moment.

        A battle that lasts then has no known end: the story covers whole steps of two minutes, so
        that a chart of it does not end where the battle will.
        """
        steps = -(-(at - self.since) // _STEP) if at > self.since else 1
        return replace(
            self,
            until=self.until if self.until <= at else self.since + steps * _STEP,
            forecasts=tuple(
                row
                if row.settled_at is not None and row.settled_at <= at
                else row._replace(outcome=None, settled_at=None)
                for row in self.forecasts
                if row.made_at <= at
            ),
            gaps=tuple(point for point in self.gaps if point.at <= at),
            ahead=tuple(point for point in self.ahead if point.at <= at),
            happenings=tuple(turn for turn in self.happenings if turn.at <= at),
            stretches=tuple(
                replace(each, until=each.until if each.until and each.until <= at else None)
                for each in self.stretches
                if each.since <= at
            ),
            laps=tuple(
                both
                for both in self.laps
                if max(both.attacker.completed_at, both.defender.completed_at) <= at
            ),
        )

    def covers(self, race_id: str, attacker: int, defender: int, at: datetime) -> bool:
        """Whether this is the story of that battle at that moment."""
        pair = (self.attacker.car, self.defender.car)
        return (
            self.race_id == race_id
            and pair == (attacker, defender)
            and self.since <= at <= self.until
        )
