"""Choose pit stops and tyres: plans, undercuts, covers and cheap stops."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from random import Random

from pitwall.domain.race import Compound
from pitwall.feeds.simulated.cars import RaceCar, RunningOrder
from pitwall.feeds.simulated.setup import RaceSetup
from pitwall.feeds.simulated.tyres import TyreSet, Wear

_S, _M, _H = Compound.SOFT, Compound.MEDIUM, Compound.HARD

_ONE_STOP = (((_M, _H), 5.0), ((_H, _M), 3.0), ((_S, _H), 2.0), ((_S, _M), 0.6))

_TWO_STOP = (((_M, _H, _M), 3.0), ((_S, _M, _M), 2.0), ((_M, _H, _S), 2.0), ((_M, _H, _H), 2.0))

_STINT_STRETCH = 1.12  # a planned stint may run this far past the tyre's life

_FOLLOWS = 0.7  # 77 % of a field of 2023-26 start on the same compound

_SHIFT_SD = 0.06

_STOP_SD = 0.03

_UNDERCUT_S = 1.8  # a car stuck closer than this thinks of stopping early

_UNDERCUT_LAPS = 6

_LAST_STOP_LAPS = 4  # no car stops voluntarily this close to the end


@dataclass(frozen=True, slots=True)
class Situation:
    """The situation that a pit wall sees as its car approaches the pit lane.

    Attributes:
        lap: The lap being finished; its end is passed in the pit lane.
        laps: Race distance.
        gap_ahead_s: To the next car in race order; large where a lap apart.
        threat_stopped: The car behind in the order, or the next, has just left the pits.
        neutral: Safety car or virtual safety car is out, so a stop is cheap.
    """

    lap: int
    laps: int
    gap_ahead_s: float
    threat_stopped: bool
    neutral: bool


@dataclass(frozen=True, slots=True)
class Fashion:
    """The plan that most teams of a race agree on.

    Attributes:
        stints: Its compounds.
        shift: By how much of the distance all teams stop later than the tyres suggest.
    """

    stints: tuple[Compound, ...]
    shift: float


def draw_fashion(rng: Random, wear: Wear, laps: int) -> Fashion:
    """Return the plan that most teams of a race agree on."""
    return Fashion(_choose_stints(rng, wear, laps), rng.gauss(0.0, _SHIFT_SD))


def _choose_stints(rng: Random, wear: Wear, laps: int) -> tuple[Compound, ...]:
    reach = _STINT_STRETCH * (wear.life_laps(_M) + wear.life_laps(_H))
    # Two stops are needed where one cannot last, and tempting where it only just can.
    two_stops = rng.random() < max(0.06, min(0.92, 0.85 + 2.2 * (1.0 - reach / laps)))
    choices = _TWO_STOP if two_stops else _ONE_STOP
    return rng.choices([c for c, _ in choices], [w for _, w in choices])[0]


def plan_race(
    rng: Random, wear: Wear, laps: int, fashion: Fashion
) -> tuple[TyreSet, list[tuple[int, Compound]]]:
    """Return the tyres to start on, and the laps to stop on with what to fit.

    Stints share the distance in proportion to how long their tyres live.
    """
    follows = rng.random() < _FOLLOWS
    stints = fashion.stints if follows else _choose_stints(rng, wear, laps)
    total = sum(wear.life_laps(c) for c in stints)
    plan: list[tuple[int, Compound]] = []
    done = fashion.shift * laps
    for now, after in itertools.pairwise(stints):
        done += laps * wear.life_laps(now) / total
        stop = round(done + rng.gauss(0.0, laps * _STOP_SD))
        earliest = plan[-1][0] + 3 if plan else 3
        plan.append((max(earliest, min(laps - 3, stop)), after))
    age = rng.choice((0, 0, 0, 2, 3)) if stints[0] is not _H else 0
    return TyreSet(stints[0], age), plan


def choose_stop(rng: Random, car: RaceCar, wear: Wear, now: Situation) -> Compound | None:
    """Return what to fit if the car should come in at the end of this lap, else None."""
    left = now.laps - now.lap
    if left < 1 or now.lap < 2:
        return None
    must = left <= _LAST_STOP_LAPS and len(car.used) < 2
    if must:
        return _other(car)
    if left <= _LAST_STOP_LAPS:
        return None
    if not car.plan:
        return _unplanned(rng, car, wear, now)
    planned_lap, compound = car.plan[0]
    early = planned_lap - now.lap
    worn_out = car.tyres.age_laps > 1.2 * wear.life_laps(car.tyres.compound)
    if early <= 0 or worn_out or _tempted(rng, car, now, early):
        return compound
    return None


def _tempted(rng: Random, car: RaceCar, now: Situation, early: int) -> bool:
    """Return whether to stop before the planned lap."""
    if now.neutral:
        return car.tyres.age_laps >= 6 and early < now.laps * 0.3 and rng.random() < 0.75
    if early > _UNDERCUT_LAPS:
        return False
    undercut = car.stuck_laps >= 3 and now.gap_ahead_s < _UNDERCUT_S and rng.random() < 0.22
    cover = now.threat_stopped and rng.random() < 0.40
    return undercut or cover


def _unplanned(rng: Random, car: RaceCar, wear: Wear, now: Situation) -> Compound | None:
    """Return fresh tyres for a car whose plan is done, if it gains by them."""
    left = now.laps - now.lap
    if now.neutral and car.tyres.age_laps >= 0.4 * wear.life_laps(car.tyres.compound):
        return _lasting(wear, left) if rng.random() < 0.35 else None
    if car.tyres.age_laps + left * 0.5 > 1.45 * wear.life_laps(car.tyres.compound) and left > 10:
        return _lasting(wear, left)
    return None


def _lasting(wear: Wear, left: int) -> Compound:
    """Return the softest compound that lives to the end."""
    return next((c for c in (_S, _M) if wear.life_laps(c) * _STINT_STRETCH >= left), _H)


def _other(car: RaceCar) -> Compound:
    return _S if _S not in car.used else _M


_FAR_S = 99.0

_JUST_STOPPED_LAPS = 2

_UNDERCUT_BY_S = (-2.0, 4.0)  # window around the pit loss in which a stopped car is a threat


class PitWall:
    """Every team's view of the running order."""

    def __init__(self, rng: Random, setup: RaceSetup, order: RunningOrder) -> None:
        self._rng = rng
        self._setup = setup
        self._order = order

    def call_in(self, car: RaceCar, *, neutral: bool) -> Compound | None:
        """Return what to fit if the car should come in now, else None."""
        place = self._order.place(car)
        ahead = self._order.gap(car, self._order.cars[place - 1]).seconds if place else None
        now = Situation(
            lap=car.progress // len(self._setup.shape.minis) + 1,
            laps=self._setup.laps,
            gap_ahead_s=_FAR_S if ahead is None else ahead,
            threat_stopped=self._threatened(car, place),
            neutral=neutral,
        )
        return choose_stop(self._rng, car, self._setup.wear, now)

    def _threatened(self, car: RaceCar, place: int) -> bool:
        """Return whether a car that has just stopped would come out ahead if this car stays out."""
        loss_s = self._setup.circuit.pit_loss_s
        low, high = _UNDERCUT_BY_S
        for other in self._order.cars[place + 1 :]:
            if other.progress <= car.progress - len(self._setup.shape.minis):
                break
            gap_s = other.at_s - car.passed_at_s[other.progress]
            fresh = other.stint_number > 1 and other.tyres.age_laps < _JUST_STOPPED_LAPS
            if fresh and loss_s + low < gap_s < loss_s + high:
                return True
        return False
