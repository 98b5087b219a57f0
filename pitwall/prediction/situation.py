"""What a race state says of one battle: everything that the feature formulas read.

Every reading is taken from the state alone, at any moment of the lap, and nothing of the
last `JUST_NOW_S` counts as history: at the line, the crossing that has just been made is
the present, and the one before it is a lap ago.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from pitwall.domain.battles import Battle
from pitwall.domain.race import CarState, DriverNumber, GapSample, LapRecord, RaceState

JUST_NOW_S = 5.0
CROSSING_NEWER = timedelta(seconds=2)
LINES_KEPT = 9
USUAL_LAP_S = 90.0  # until a car has a lap time of its own
LONGEST_LAP_S = 150.0  # the trace reaches no further back

_sent_at = attrgetter("at")


@dataclass(frozen=True, slots=True)
class LineGap:
    """How far the attacker was behind the defender at one line crossing of both.

    Attributes:
        ago_s: Seconds since the attacker's crossing.
        gap_s: Negative if the attacker was ahead.
    """

    ago_s: float
    gap_s: float


@dataclass(frozen=True, slots=True)
class Situation:
    """One battle as the race state shows it.

    Attributes:
        interval_s: Seconds from defender to attacker, the newest of the feed's interval and
            the difference of their last line crossings.
        lap_s: Duration of a lap here: the attacker's last, within reason.
        defender_interval_s: Seconds from the next car ahead to the defender; inf when the
            defender leads, None when unknown.
        laps: The last laps that both have completed, newest first, attacker's record first.
        lines: Gaps at the last line crossings of both, newest first.
        readings: Gaps of the two during the last lap, without the last five seconds;
            negative where the attacker was ahead. Empty when the feed gave none.
    """

    race: RaceState
    attacker: CarState
    defender: CarState
    interval_s: float
    lap_s: float
    defender_interval_s: float | None
    laps: list[tuple[LapRecord, LapRecord]]
    lines: tuple[LineGap, ...]
    readings: tuple[float, ...]

    @property
    def past_lines(self) -> Sequence[LineGap]:
        """The line gaps that are history by now, newest first."""
        return self.lines[1:] if self.lines and self.lines[0].ago_s < JUST_NOW_S else self.lines


def situations(race: RaceState, battles: Sequence[Battle]) -> list[Situation | None]:
    """Return what is known of each battle, in order; None where a car is not in the race state."""
    ahead_of = _next_ahead(race)
    return [_situation(race, battle, ahead_of) for battle in battles]


def newest_interval_s(
    ahead: CarState, behind: CarState, feed_s: float | None, feed_at: datetime | None
) -> float | None:
    """Return the newest interval of two cars: the feed's, or that of their last line crossings.

    The crossings count when both have completed the same lap and the later crossing is
    newer than the feed's interval by `CROSSING_NEWER`. At the line the feed's own interval
    is the better of the two: it is exact, while a crossing is told some hundredths late.
    """
    if ahead.laps and behind.laps and ahead.laps[-1].lap_number == behind.laps[-1].lap_number:
        front_at, back_at = ahead.laps[-1].completed_at, behind.laps[-1].completed_at
        if back_at > front_at and (feed_at is None or back_at - feed_at > CROSSING_NEWER):
            return (back_at - front_at).total_seconds()
    return feed_s


def shared_laps(
    attacker: CarState, defender: CarState, laps: int = LINES_KEPT
) -> list[tuple[LapRecord, LapRecord]]:
    """Return the last laps that both have completed, newest first, attacker's record first.

    Only these are compared: while one of the two has yet to cross the line, his lap times
    stop a lap earlier.
    """
    of_defender = {lap.lap_number: lap for lap in defender.laps[-laps - 1 :]}
    return [
        (lap, of_defender[lap.lap_number])
        for lap in reversed(attacker.laps[-laps - 1 :])
        if lap.lap_number in of_defender
    ][:laps]


def _situation(
    race: RaceState, battle: Battle, ahead_of: Mapping[DriverNumber, Sequence[CarState]]
) -> Situation | None:
    attacker, defender = race.cars.get(battle.attacker), race.cars.get(battle.defender)
    if attacker is None or defender is None:
        return None
    interval_s = newest_interval_s(defender, attacker, battle.interval_s, battle.interval_at)
    lap_s = min(attacker.last_lap_s or USUAL_LAP_S, LONGEST_LAP_S)
    laps = shared_laps(attacker, defender)
    return Situation(
        race=race,
        attacker=attacker,
        defender=defender,
        interval_s=battle.interval_s if interval_s is None else interval_s,
        lap_s=lap_s,
        defender_interval_s=_defender_interval_s(defender, attacker, ahead_of),
        laps=laps,
        lines=tuple(
            LineGap(
                (race.as_of - back.completed_at).total_seconds(),
                (back.completed_at - front.completed_at).total_seconds(),
            )
            for back, front in laps
        ),
        readings=tuple(_readings(race.as_of, attacker.trace, defender.trace, lap_s)),
    )


def _next_ahead(race: RaceState) -> dict[DriverNumber, Sequence[CarState]]:
    """Return for each car the cars ahead of it in the running order, the nearest two first.

    Cars in the pits or stopped are not left out: the feed's interval is to the car one place
    ahead, whoever that is.
    """
    order = race.in_order()
    return {car.number: order[max(i - 2, 0) : i][::-1] for i, car in enumerate(order)}


def _defender_interval_s(
    defender: CarState,
    attacker: CarState,
    ahead_of: Mapping[DriverNumber, Sequence[CarState]],
) -> float | None:
    """Return how close the defender himself follows another car.

    While the feed still shows the attacker ahead of the defender, just after a pass, the
    car in front of both is meant.
    """
    near = ahead_of.get(defender.number)
    if near is None:
        return None
    others = [car for car in near if car.number != attacker.number]
    if not others:
        return math.inf
    sample = defender.trace[-1] if defender.trace else None
    feed_s = sample.interval_s if sample and near[0] is others[0] else None
    interval_s = newest_interval_s(others[0], defender, feed_s, defender.interval_at)
    if (
        interval_s is None
        and sample
        and sample.interval_s is None
        and sample.gap_to_leader_s is None
    ):
        return math.inf  # lapped against the car ahead: nobody to be held up by
    return interval_s


def _readings(
    now: datetime, back: Sequence[GapSample], front: Sequence[GapSample], lap_s: float
) -> Iterator[float]:
    """Yield the gap at each reading of the attacker, against the defender's newest then.

    The defender passes each timing point just before the attacker does, so that his newest
    reading is from the same point of the track.
    """
    first = bisect_left(back, now - timedelta(seconds=lap_s), key=_sent_at)
    until = bisect_right(back, now - timedelta(seconds=JUST_NOW_S), key=_sent_at)
    if first >= until or not front:
        return
    newest = bisect_right(front, back[first].at, key=_sent_at) - 1
    last = len(front) - 1
    for sample in back[first:until]:
        while newest < last and front[newest + 1].at <= sample.at:
            newest += 1
        if newest >= 0 and (gap_s := _gap_s(sample, front[newest])) is not None:
            yield gap_s


def _gap_s(back: GapSample, front: GapSample) -> float | None:
    """Return how far `back` was behind `front`; None where lapped or unknown.

    A car that has just taken the lead may be without a gap until it next crosses the line;
    the car behind it tells by an interval that is also its gap to the leader.
    """
    back_s, front_s = back.gap_to_leader_s, front.gap_to_leader_s
    if back_s is not None and front_s is not None:
        return back_s - front_s
    if back_s is not None and back.interval_s == back_s:
        return back_s
    return -front_s if front_s is not None and front.interval_s == front_s else None
