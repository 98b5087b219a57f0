"""Compare the two cars of a battle: their gap lap by lap, their last lap, a stop of each.

The functions are pure and cheap: they run for every battle of every frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Final

from pitwall.domain.race import CarState, DriverNumber, LapRecord, RaceState

LAPS_BACK: Final = 5

TRAPS: Final = ("I1", "I2", "FL", "ST")

TYPICAL_STOP_S: Final = 22.0
"""What a stop costs where this race has shown none: the usual circuits need 19 to 27 s."""

_STOPS_AT_MOST_S: Final = 60.0  # longer ones were repairs or a red flag
_STOPS_AT_LEAST_S: Final = 8.0
_STOPS_COUNTED: Final = 12  # the newest


@dataclass(frozen=True, slots=True)
class LineGap:
    """The gap of two cars when the second crossed the line at the end of a lap.

    Attributes:
        lap: The number of that lap. Source: `TimingData` `NumberOfLaps`.
        gap_s: Seconds between the two crossings. Range: from 0. Source: their arrival in the feed.
        at: When the second crossed. Source: the feed.
    """

    lap: int
    gap_s: float
    at: datetime


@dataclass(frozen=True, slots=True)
class DuelLap:
    """The lap of one number as one car drove it.

    Attributes:
        lap_s: The lap time. None where the feed did not tell. Source: `TimingData` `LastLapTime`.
        sectors_s: The three sector times; None where the feed did not tell. Source: `TimingData`
            `Sectors`.
        speeds_kmh: At the traps I1, I2, FL and ST; None where the newest is of an earlier lap.
            Source: `TimingData` `Speeds`.
    """

    lap_s: float | None
    sectors_s: tuple[float | None, float | None, float | None]
    speeds_kmh: tuple[float | None, float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class Rejoin:
    """Where a car would come out after a stop now, if nobody else stopped. Estimated.

    Attributes:
        position: Its place. Range: from 1. Source: the gaps to the leader.
        ahead: The car that it would come out behind. None for the lead. Source: the gaps to the
            leader.
        gap_s: Seconds to that car. None for the lead. Source: the gaps to the leader.
    """

    position: int
    ahead: DriverNumber | None = None
    gap_s: float | None = None


@dataclass(frozen=True, slots=True)
class Duel:
    """The two cars of a battle, compared. Source: the race engine, from `TimingData`.

    Attributes:
        line_gaps: The gap at each line crossing of the last laps, oldest first; laps on which
            the defender was behind are left out.
        lap: The last lap that both have completed; 0 before there is one.
        attacker: That lap of the attacker; None before there is one.
        defender: That lap of the defender; None before there is one.
        attacker_stop: Where the attacker would come out after a stop. None where its gap is not
            known. Estimated.
        defender_stop: Where the defender would come out after a stop. None where its gap is not
            known. Estimated.
        stop_s: What a stop is taken to cost, seconds.
        stops_seen: From how many stops of this race that is; 0: from none, it is a usual one.
        trace_at: When the newest point of the battle's histories was taken; None before one.
    """

    line_gaps: tuple[LineGap, ...] = ()
    lap: int = 0
    attacker: DuelLap | None = None
    defender: DuelLap | None = None
    attacker_stop: Rejoin | None = None
    defender_stop: Rejoin | None = None
    stop_s: float = TYPICAL_STOP_S
    stops_seen: int = 0
    trace_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StopCost:
    """What a stop costs: seconds, and how many stops of this race told it."""

    seconds: float = TYPICAL_STOP_S
    seen: int = 0


def stop_cost(cars: Iterable[CarState]) -> StopCost:
    """Return what stops of this race have cost under green; a usual cost before the first.

    The lap into the pits and the lap out of them are compared with the car's other laps.
    """
    costs: list[tuple[datetime, float]] = []
    for car in cars:
        if car.pit_stops:
            costs += _costs(car.laps)
    if not costs:
        return StopCost()
    newest = sorted(costs)[-_STOPS_COUNTED:]
    return StopCost(median(cost for _, cost in newest), len(costs))


def _costs(laps: tuple[LapRecord, ...]) -> list[tuple[datetime, float]]:
    usual = [
        lap.lap_time_s
        for lap in laps
        if lap.lap_time_s is not None and lap.track_clear and not lap.pitted and lap.lap_number > 1
    ]
    if not usual:
        return []
    usual_s = median(usual)
    found = []
    for into, out in pairwise(laps):
        if not (into.pitted and out.pitted and into.track_clear and out.track_clear):
            continue
        if into.lap_time_s is None or out.lap_time_s is None:
            continue
        cost_s = into.lap_time_s + out.lap_time_s - 2 * usual_s
        if _STOPS_AT_LEAST_S <= cost_s <= _STOPS_AT_MOST_S:
            found.append((out.completed_at, cost_s))
    return found


def duel_of(
    race: RaceState,
    attacker: CarState,
    defender: CarState,
    cost: StopCost,
    trace_at: datetime | None = None,
) -> Duel:
    """Return the two cars of a battle compared.

    Args:
        race: The field at this instant.
        attacker: The car behind.
        defender: The car ahead.
        cost: What a stop costs, from `stop_cost`.
        trace_at: When the newest point of the battle's histories was taken.
    """
    front = {lap.lap_number: lap for lap in defender.laps[-LAPS_BACK - 2 :]}
    both = [
        (lap, front[lap.lap_number])
        for lap in attacker.laps[-LAPS_BACK - 2 :]
        if lap.lap_number in front
    ]
    gaps = tuple(
        LineGap(
            back.lap_number,
            round((back.completed_at - ahead.completed_at).total_seconds(), 3),
            back.completed_at,
        )
        for back, ahead in both
        if back.completed_at >= ahead.completed_at
    )
    newest = both[-1] if both else None
    return Duel(
        line_gaps=gaps[-LAPS_BACK - 1 :],
        lap=newest[0].lap_number if newest else 0,
        attacker=_lap(newest[0]) if newest else None,
        defender=_lap(newest[1]) if newest else None,
        attacker_stop=rejoin(race, attacker, cost.seconds),
        defender_stop=rejoin(race, defender, cost.seconds),
        stop_s=round(cost.seconds, 1),
        stops_seen=cost.seen,
        trace_at=trace_at,
    )


def _lap(lap: LapRecord) -> DuelLap:
    speeds = [None if trap in lap.stale_traps else lap.speeds_kmh.get(trap) for trap in TRAPS]
    return DuelLap(lap.lap_time_s, lap.sectors_s, (speeds[0], speeds[1], speeds[2], speeds[3]))


def rejoin(race: RaceState, car: CarState, cost_s: float) -> Rejoin | None:
    """Return where a car would come out if it stopped now; None where its gap is not known.

    Only cars on the leader's lap are counted: those that are laps down are behind.
    """
    own_s = _gap_s(car)
    if own_s is None:
        return None
    out_s = own_s + cost_s
    ahead = [
        (gap_s, other.number)
        for other in race.cars.values()
        if other.number != car.number
        and other.is_running
        and (gap_s := _gap_s(other)) is not None
        and gap_s < out_s
    ]
    if not ahead:
        return Rejoin(1)
    gap_s, number = max(ahead)
    return Rejoin(len(ahead) + 1, number, round(out_s - gap_s, 1))


def _gap_s(car: CarState) -> float | None:
    if car.position == 1:
        return 0.0
    return car.trace[-1].gap_to_leader_s if car.trace else None
