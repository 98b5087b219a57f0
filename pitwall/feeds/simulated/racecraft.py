"""Decide fights between two cars: air, deployment, attempts and their outcome.

Gaps are in seconds at timing loops. A faster car closes in until the dirty air in corners
eats its advantage; the slipstream and the battery bring it alongside on straights; the
braking zone decides. Constants are chosen, tuned so that passes come as often, by gap, as
counted on 189 races 2018-2026.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from pitwall.feeds.simulated.cars import RaceCar
from pitwall.feeds.simulated.lap_shape import MiniSector

FOLLOW_S = 0.38  # nearest that a car follows through a corner
TUCKED_S = 0.09  # nearest down a straight, without a run
_DIRTY_S = 0.022  # lost for each second of cornering right behind another car
_DIRTY_FALL_S = 1.8
_TOW_S = 0.030  # gained for each second of straight right behind another car
_TOW_FALL_S = 0.7
_ATTACK_S = 1.4  # a driver spends battery when nearer than this to the car ahead
_DEFEND_S = 0.6  # and when the car behind is nearer than this
_TRY_S = 0.28  # how nearly alongside an attempt needs to be
_SPREAD_S = 0.135  # luck in a braking zone
_CRAFT_S = 0.015
_GRIP_S = 0.50  # braking advantage for each second a lap of fresher tyres
_ZONE_EDGE_S = -0.60  # in the worst zone of the easiest circuit
_SPEED_EDGE_S = 8.0  # for a speed at the end of the straight twice as high: 3 % are 0.24 s
_MODE_EDGE_S = 0.20  # power where the other tapers off, just before the braking zone
_RUN_SHOWN = 1.6  # by how much nearer a faster car gets, for each second it would be ahead
_NEAREST_S = 0.04
_ERROR_S = 1.2  # a car that lost this much in one mini-sector cannot defend


@dataclass(frozen=True, slots=True)
class Contest:
    """The outcome of one meeting of two cars.

    Attributes:
        passed: The car behind is now ahead.
        attacker_exit_s, defender_exit_s: When each passes the next loop.
        tried: An attempt was made.
    """

    passed: bool
    attacker_exit_s: float
    defender_exit_s: float
    tried: bool


def air_s(gap_s: float, mini: MiniSector) -> float:
    """Return seconds lost (negative: gained) to the air of a car `gap_s` ahead."""
    return wake_s(gap_s, mini) - tow_s(gap_s, mini)


def wake_s(gap_s: float, mini: MiniSector) -> float:
    """Return seconds lost in corners to the dirty air of a car `gap_s` ahead."""
    return _DIRTY_S * math.exp(-gap_s / _DIRTY_FALL_S) * mini.corner_s


def tow_s(gap_s: float, mini: MiniSector) -> float:
    """Return seconds gained in the slipstream of a car `gap_s` ahead."""
    return _TOW_S * math.exp(-gap_s / _TOW_FALL_S) * mini.straight_s


def wants_boost(car: RaceCar, gap_s: float) -> bool:
    """Return whether the driver spends battery to attack or to defend."""
    return not car.charging and (gap_s < _ATTACK_S or car.behind_s < _DEFEND_S)


def contest(
    rng: Random,
    attacker: RaceCar,
    defender: RaceCar,
    exit_s: float,
    arena: tuple[MiniSector, float],
) -> Contest:
    """Decide the fate of `attacker`, which unhindered would be too near or ahead at `exit_s`.

    Args:
        rng: The race's random numbers.
        attacker: The car that comes from behind.
        defender: The car ahead on the road; its own exit is planned.
        exit_s: When the attacker would pass the next loop on an empty road.
        arena: The mini-sector, and the circuit's difficulty from 0 to 1.
    """
    mini, difficulty = arena
    margin = exit_s - defender.exit_at_s
    if defender.hurt_s > _ERROR_S and margin < 0.0:
        return _by(rng, exit_s, defender.exit_at_s)
    if margin >= _TRY_S:
        return _held(rng, exit_s, defender.exit_at_s, mini)
    edge = _edge(attacker, defender, mini, difficulty)
    chance = 1.0 / (1.0 + math.exp(-(edge - margin) / _SPREAD_S * 1.7))
    if rng.random() < chance:
        return _by(rng, exit_s, defender.exit_at_s)
    if mini.zone > 0.0:
        # A failed move costs the line through the corner.
        lost = rng.uniform(0.05, 0.40)
        return Contest(
            passed=False,
            attacker_exit_s=defender.exit_at_s + FOLLOW_S + lost,
            defender_exit_s=defender.exit_at_s + rng.uniform(0.0, 0.10),
            tried=True,
        )
    return _held(rng, exit_s, defender.exit_at_s, mini)


def yield_to(rng: Random, exit_s: float, defender_exit_s: float) -> Contest:
    """Return how a car with blue flags lets a faster one by."""
    lost = rng.uniform(0.15, 0.45)
    exit_s += rng.uniform(0.02, 0.12)
    return Contest(
        passed=True,
        attacker_exit_s=exit_s,
        defender_exit_s=max(defender_exit_s, exit_s) + lost,
        tried=False,
    )


def _edge(attacker: RaceCar, defender: RaceCar, mini: MiniSector, difficulty: float) -> float:
    """Return by how many seconds the attacker may still be behind and have even chances."""
    tyres = max(-2.0, min(2.0, defender.pace_s - attacker.pace_s))
    edge = _CRAFT_S * (attacker.entrant.craft - defender.entrant.craft) + _GRIP_S * tyres
    if mini.zone > 0.0:
        edge += _MODE_EDGE_S * (attacker.mode - defender.mode)
        edge += _SPEED_EDGE_S * (_faster(attacker) - _faster(defender))
        return edge + _ZONE_EDGE_S + 0.10 * mini.zone - 0.40 * difficulty
    # Off the zones a pass takes a car that is all but alongside already.
    return edge - 0.46 - 0.20 * difficulty


def _faster(car: RaceCar) -> float:
    """Return by how much a car is faster than usual at the end of this straight, as a share."""
    return car.surge + car.entrant.trim


def _by(rng: Random, exit_s: float, defender_exit_s: float) -> Contest:
    """Return a pass: the two leave nearly side by side, the loser off the racing line."""
    exit_s = min(exit_s, defender_exit_s - 0.02)
    clear = rng.uniform(0.12, 0.50)
    return Contest(
        passed=True,
        attacker_exit_s=exit_s,
        defender_exit_s=max(defender_exit_s + rng.uniform(0.05, 0.25), exit_s + clear),
        tried=True,
    )


def _held(rng: Random, exit_s: float, defender_exit_s: float, mini: MiniSector) -> Contest:
    """Return a car that stays behind, as near as the road allows."""
    straight = mini.straight_s / mini.base_s
    nearest = straight * TUCKED_S + (1.0 - straight) * FOLLOW_S
    # A car with a run on the other sits nearer than the air allows for long.
    run_s = max(0.0, defender_exit_s + _TRY_S - exit_s)
    nearest = max(_NEAREST_S, nearest * rng.uniform(0.8, 1.3) - _RUN_SHOWN * run_s * straight)
    return Contest(
        passed=False,
        attacker_exit_s=max(exit_s, defender_exit_s + nearest),
        defender_exit_s=defender_exit_s,
        tried=False,
    )
