"""Model the battery: harvest, boost and Overtake Mode.

A lap's ordinary deployment is taken to equal its ordinary harvest, so only what a driver
spends beyond that in a fight, and saves to win it back, moves the state of charge.
Capacity and the 0.5 MJ of Overtake Mode are from press reports of the 2026 rules; the seconds
gained are chosen, tuned against passes counted in 2022-2026.
"""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.feeds.simulated.lap_shape import MiniSector

CAPACITY_MJ = 4.0
MODE_MJ = 0.5  # extra for each lap with Overtake Mode
MODE_WITHIN_S = 1.0  # behind the next car at the detection point
RESERVE_MJ = 0.6  # no car fights below this
_BOOST_MW = 0.15  # the cap on Boost in races
_MODE_MW = 0.0125  # spends those 0.5 MJ over the straights of a lap
_MODE_GAIN = 0.011  # seconds for each second of straight: power where others taper off
_GAIN_S_PER_MJ = 0.09  # at the end of a straight
_SAVING_MW = 0.012  # won back all round the lap while not fighting
_CHARGING_MW = 0.030  # won back by a driver who lifts to charge
_CHARGING_COST = 0.0035  # seconds lost by lifting, for each second
_EMPTY_MJ = 1.0  # a driver gives a fight up to charge below this
_READY_MJ = 3.0  # and attacks again above this
_RUN = 1.7  # speed gained grows along a straight: at its end, over the mean that the time tells
_LIFTED = 0.035  # of the speed at a straight's end, lost by lifting to charge
_ON_STRAIGHT = 0.5  # share of straight above which the end of a mini-sector lies on one


@dataclass(frozen=True, slots=True)
class Deployment:
    """The effect of one mini-sector: seconds gained (negative: lost), and MJ afterwards."""

    gain_s: float
    battery_mj: float


def spend(battery_mj: float, straight_s: float, *, boost: bool, mode: bool) -> Deployment:
    """Return the effect of deploying on `straight_s` seconds of straight.

    Example:
        >>> spend(3.0, 3.7, boost=True, mode=False).gain_s > 0.0
        True
        >>> spend(0.1, 3.7, boost=True, mode=True).gain_s
        0.0
    """
    left_mj = max(0.0, battery_mj - RESERVE_MJ)
    boosted = min(left_mj, _BOOST_MW * straight_s) if boost else 0.0
    extra = min(left_mj - boosted, _MODE_MW * straight_s) if mode else 0.0
    gain_s = _GAIN_S_PER_MJ * boosted + _MODE_GAIN / _MODE_MW * extra
    return Deployment(gain_s, battery_mj - boosted - extra)


def surge(mini: MiniSector, gain_s: float, *, charging: bool) -> float:
    """Return how much faster a car is at the end of a mini-sector, as a share of its speed.

    Speed and time must tell one story: what was gained on the straight is an excess of speed
    that grew along it. A car that lifts to charge does so at the end, so it loses more speed
    there than its time shows. 0 in corners, where grip decides.

    Args:
        mini: The mini-sector just driven.
        gain_s: Seconds gained in it by the battery and by the slipstream.
        charging: Whether the driver lifts to charge.

    Example:
        >>> whole = MiniSector(base_s=3.7, straight_s=3.7, corner_s=0.0, zone=0.0)
        >>> round(surge(whole, 0.061, charging=False), 3)  # 8 km/h of 300
        0.028
    """
    if mini.straight_s < _ON_STRAIGHT * mini.base_s:
        return 0.0
    return _RUN * gain_s / mini.straight_s - (_LIFTED if charging else 0.0)


def save(battery_mj: float, time_s: float, *, charging: bool) -> Deployment:
    """Return the effect of `time_s` seconds without a fight."""
    power, cost = (_CHARGING_MW, _CHARGING_COST) if charging else (_SAVING_MW, 0.0)
    return Deployment(-cost * time_s, min(CAPACITY_MJ, battery_mj + power * time_s))


def rest(battery_mj: float, time_s: float) -> float:
    """Return the battery after `time_s` seconds behind a safety car, where all cars charge."""
    return save(battery_mj, time_s, charging=True).battery_mj


def charges(battery_mj: float, *, charging: bool) -> bool:
    """Return whether the driver lifts to charge: from empty until ready, and not in between.

    Example:
        >>> charges(0.8, charging=False), charges(2.0, charging=True), charges(2.0, charging=False)
        (True, True, False)
    """
    return battery_mj < (_READY_MJ if charging else _EMPTY_MJ)


def arm(battery_mj: float) -> float:
    """Return the battery after Overtake Mode was granted for the next lap."""
    return min(CAPACITY_MJ, battery_mj + MODE_MJ)
