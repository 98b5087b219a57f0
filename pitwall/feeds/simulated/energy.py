"""What the battery gives and takes: harvest, boost and Overtake Mode.

A lap's ordinary deployment is taken to equal its ordinary harvest, so only what a driver
spends beyond that in a fight, and saves to win it back, moves the state of charge.
Capacity and the 0.5 MJ of Overtake Mode are from press reports of the 2026 rules; the seconds
gained are chosen, tuned against passes counted in 2022-2026.
"""

from __future__ import annotations

from dataclasses import dataclass

CAPACITY_MJ = 4.0
MODE_MJ = 0.5  # extra for each lap with Overtake Mode
MODE_WITHIN_S = 1.0  # behind the next car at the detection point
RESERVE_MJ = 0.6  # nobody fights below this
_BOOST_MW = 0.15  # the cap on Boost in races
_MODE_MW = 0.10  # what Overtake Mode adds on average: it tapers later than usual deployment
_GAIN_S_PER_MJ = 0.16  # at the end of a straight
_SAVING_MW = 0.012  # won back all round the lap while not fighting
_SAVING_COST = 0.0006  # seconds lost for each second of saving on a low battery
_LOW_MJ = 1.5


@dataclass(frozen=True, slots=True)
class Deployment:
    """What one mini-sector did to a car: seconds gained (negative is lost), MJ afterwards."""

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
    power = (_BOOST_MW if boost else 0.0) + (_MODE_MW if mode else 0.0)
    used = min(power * straight_s, max(0.0, battery_mj - RESERVE_MJ))
    return Deployment(_GAIN_S_PER_MJ * used, battery_mj - used)


def save(battery_mj: float, time_s: float) -> Deployment:
    """Return the effect of `time_s` seconds without a fight."""
    cost = _SAVING_COST * time_s if battery_mj < _LOW_MJ else 0.0
    return Deployment(-cost, min(CAPACITY_MJ, battery_mj + _SAVING_MW * time_s))


def arm(battery_mj: float) -> float:
    """Return the battery after Overtake Mode was granted for the next lap."""
    return min(CAPACITY_MJ, battery_mj + MODE_MJ)
