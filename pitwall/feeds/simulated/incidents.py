"""What goes wrong: driver errors, spins, breakdowns and crashes, drawn from the seed.

Rates are chosen so that races show about as many retirements, yellow flags and safety cars
as those of 2018-2026: two retirements, half a safety car and a third of a virtual one a race.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

_SMALL_PER_LAP = 0.010  # a lock-up or a wide moment
_SPIN_PER_LAP = 0.0011
_BREAKDOWN_PER_RACE = 0.05
_CRASH_PER_RACE = 0.025
_CRASH_ON_LAP_ONE = 0.009
_FIGHTING = 1.8  # errors come more often right behind another car


class Trouble(StrEnum):
    """What befell a car."""

    SMALL = "small"
    SPIN = "spin"
    BREAKDOWN = "breakdown"
    CRASH = "crash"


@dataclass(frozen=True, slots=True)
class Mishap:
    """One error and the seconds it costs."""

    trouble: Trouble
    lost_s: float


def draw_end(rng: Random, loops: int, laps: int) -> tuple[int, Trouble] | None:
    """Return after how many loops of the race this car's race ends early, and how; or None."""
    if rng.random() < _CRASH_ON_LAP_ONE:
        return rng.randrange(1, loops), Trouble.CRASH
    luck = rng.random()
    at = rng.randrange(loops, loops * max(2, laps))
    if luck < _CRASH_PER_RACE:
        return at, Trouble.CRASH
    if luck < _CRASH_PER_RACE + _BREAKDOWN_PER_RACE:
        return at, Trouble.BREAKDOWN
    return None


def draw_mishap(rng: Random, error_rate: float, gap_s: float, loops: int) -> Mishap | None:
    """Return an error in this mini-sector, mostly None; `gap_s` is to the car ahead."""
    rate = error_rate * (_FIGHTING if gap_s < 1.0 else 1.0) / loops
    luck = rng.random()
    if luck < _SPIN_PER_LAP * rate:
        return Mishap(Trouble.SPIN, rng.uniform(5.0, 16.0))
    if luck < (_SPIN_PER_LAP + _SMALL_PER_LAP) * rate:
        return Mishap(Trouble.SMALL, 0.25 + rng.expovariate(1.6))
    return None
