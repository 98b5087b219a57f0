"""Collect the true events of a simulated race, and the outcome of every battle at the line.

A row is one car directly behind another at a line crossing, less than two seconds apart, both
having completed the same laps; its label looks one lap ahead. The same rules counted the real
races of 2018-2026.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass

from pitwall.domain.race import DriverNumber, TrackStatus
from pitwall.feeds.simulated.events import (
    CarRetired,
    CarStopped,
    Happening,
    LaneLeft,
    LapDone,
    LoopPassed,
    PlaceTaken,
    RaceFinished,
    StatusSet,
)
from pitwall.feeds.simulated.race import RaceSimulation
from pitwall.feeds.simulated.setup import RaceSetup, prepare


@dataclass(frozen=True, slots=True)
class StatusSpan:
    """The track status from one change to the next, seconds since lights out."""

    status: TrackStatus
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Truth:
    """One whole race.

    Attributes:
        loops_passed: Every loop passage, with each car's battery, mode and wake at that instant.
        laps_done: Every line crossing in order of time, with gaps, tyres, battery and mode.
        places_taken: Every change in the running order, and how it came about.
        pit_stops: In order of leaving the lane.
        stopped: Cars that stopped on the track, and when.
        retired: The same cars when given up.
        statuses: Covers the race from lights out without holes.
        finished_at_s: When the winner took the flag.
        final_order: Every car, the winner first.
    """

    setup: RaceSetup
    loops_passed: tuple[LoopPassed, ...]
    laps_done: tuple[LapDone, ...]
    places_taken: tuple[PlaceTaken, ...]
    pit_stops: tuple[LaneLeft, ...]
    stopped: tuple[CarStopped, ...]
    retired: tuple[CarRetired, ...]
    statuses: tuple[StatusSpan, ...]
    finished_at_s: float
    final_order: tuple[DriverNumber, ...]

    def laps_of(self, number: DriverNumber) -> list[LapDone]:
        """Return the laps one car completed, in order."""
        return [lap for lap in self.laps_done if lap.number == number]


def simulate(seed: int, laps: int | None = None, *, overtake_mode: bool = True) -> Truth:
    """Return the truth of a seed's race without writing its messages."""
    return observe(prepare(seed, laps, overtake_mode=overtake_mode))


def observe(setup: RaceSetup) -> Truth:
    """Run a race and return its truth."""
    race = RaceSimulation(setup)
    happenings: list[Happening] = list(race.run())
    statuses = [h for h in happenings if isinstance(h, StatusSet)]
    finished_at_s = next(h.at_s for h in happenings if isinstance(h, RaceFinished))
    return Truth(
        setup=setup,
        loops_passed=tuple(h for h in happenings if isinstance(h, LoopPassed)),
        laps_done=tuple(h for h in happenings if isinstance(h, LapDone)),
        places_taken=tuple(h for h in happenings if isinstance(h, PlaceTaken)),
        pit_stops=tuple(h for h in happenings if isinstance(h, LaneLeft)),
        stopped=tuple(h for h in happenings if isinstance(h, CarStopped)),
        retired=tuple(h for h in happenings if isinstance(h, CarRetired)),
        statuses=_spans(statuses, max(h.at_s for h in happenings)),
        finished_at_s=finished_at_s,
        final_order=race.order(),
    )


def _spans(changes: list[StatusSet], last_s: float) -> tuple[StatusSpan, ...]:
    starts = [StatusSet(0.0, TrackStatus.CLEAR), *changes]
    ends = [change.at_s for change in changes] + [last_s]
    return tuple(StatusSpan(s.status, s.at_s, e) for s, e in zip(starts, ends, strict=True))


MOST_GAP_S = 2.0


@dataclass(frozen=True, slots=True)
class LineBattle:
    """One pair at one line crossing, and how its next lap ended.

    Attributes:
        outcome: `pass`, `hold`, `pit`, `neutralised`, `retired` or `finished`.
        tyre_advantage_s: By how many seconds a lap the attacker's tyres are better.
        mode: Whether the attacker had Overtake Mode on the next lap.
    """

    race_seed: int
    lap: int
    attacker: DriverNumber
    defender: DriverNumber
    gap_s: float
    outcome: str
    tyre_advantage_s: float
    mode: bool


def line_battles(truth: Truth) -> list[LineBattle]:
    """Return every battle from the second lap on, lap by lap, front first."""
    by_lap: dict[int, dict[DriverNumber, LapDone]] = defaultdict(dict)
    for done in truth.laps_done:
        by_lap[done.lap][done.number] = done
    battles: list[LineBattle] = []
    for lap in sorted(by_lap):
        order = sorted(by_lap[lap].values(), key=lambda done: done.at_s)
        for defender, attacker in itertools.pairwise(order):
            if lap >= 2 and 0.0 < attacker.at_s - defender.at_s < MOST_GAP_S:
                battles.append(_battle(truth, by_lap, attacker, defender))
    return battles


def _battle(
    truth: Truth,
    by_lap: dict[int, dict[DriverNumber, LapDone]],
    attacker: LapDone,
    defender: LapDone,
) -> LineBattle:
    following = by_lap.get(attacker.lap + 1, {})
    next_attacker = following.get(attacker.number)
    wear = truth.setup.wear
    return LineBattle(
        race_seed=truth.setup.seed,
        lap=attacker.lap,
        attacker=attacker.number,
        defender=defender.number,
        gap_s=attacker.at_s - defender.at_s,
        outcome=_outcome(truth, attacker, defender, following),
        tyre_advantage_s=wear.cost_s(defender.tyres) - wear.cost_s(attacker.tyres),
        mode=next_attacker is not None and next_attacker.mode,
    )


def _outcome(
    truth: Truth, attacker: LapDone, defender: LapDone, following: dict[DriverNumber, LapDone]
) -> str:
    if attacker.at_s >= truth.finished_at_s:
        return "finished"
    a, d = following.get(attacker.number), following.get(defender.number)
    if a is None or d is None:
        return "retired"
    if a.pitted or d.pitted or attacker.pitted or defender.pitted:
        return "pit"
    if _disturbed(truth, defender.at_s - defender.lap_time_s, max(a.at_s, d.at_s)):
        return "neutralised"
    return "pass" if a.at_s < d.at_s else "hold"


def _disturbed(truth: Truth, start_s: float, end_s: float) -> bool:
    return any(
        span.status is not TrackStatus.CLEAR and span.start_s < end_s and span.end_s > start_s
        for span in truth.statuses
    )
