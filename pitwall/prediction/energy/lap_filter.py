"""Update the estimate of a car's battery by one lap: a Bayes filter over twelve steps.

    before -> [move, ST] [move] [move] [move, I1] .. [move] [move, FL] -> after

Besides the present charge it carries the moments of the charge at the start of the lap, so that the
energy spent in the lap has its own uncertainty and is not the difference of two estimates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from pitwall.prediction.energy.grid import Moves, moves_of
from pitwall.prediction.energy.likelihoods import LapSigns, likelihoods, near, wishes
from pitwall.prediction.energy.straight import Vector, surplus_of
from pitwall.prediction.rules import Regime

_ALLOWED_EDGE_S: Final = 0.08
_ASTRAY: Final = 0.05  # chance, per lap, that the estimate is wrong and any charge is possible
_UNTOLD: Final = 0.8  # chance that the mode is enabled before race control has said so
_SHORTEST_S, _LONGEST_S = 50, 150


@dataclass(frozen=True, slots=True)
class Belief:
    """The estimate of a car's battery at a line crossing.

    Attributes:
        state: The probability of each state of the grid.
        spent_mj: Mean and standard deviation of the energy spent in the lap, less the energy
            harvested beyond the ordinary.
    """

    state: Vector
    spent_mj: tuple[float, float]


def follow_lap(regime: Regime, before: Vector | None, signs: LapSigns, *, first: bool) -> Belief:
    """Return the estimate after a lap.

    Args:
        regime: The season's rules.
        before: The state at the previous line; None if unknown.
        signs: The measurements of the lap.
        first: Whether this lap began at lights out.
    """
    moves = moves_of(regime, round(max(_SHORTEST_S, min(_LONGEST_S, signs.lap_s)) / 5) * 5)
    state = moves.start(known=first) if before is None else before
    state = (1.0 - _ASTRAY) * state + _ASTRAY * moves.start(known=False)
    if regime.overtake_extra_mj:
        state = (1.0 - signs.allowed) * state + signs.allowed * (state @ moves.armed)
    charge = moves.charges_mj
    moments = np.stack([state, state * charge, state * charge * charge])
    likelihood = likelihoods(signs, surplus_of(regime)) if signs.raced else None
    for step, wish in enumerate(wishes(signs)):
        if signs.raced:
            moments = wish * (moments @ moves.fighting) + (1.0 - wish) * (moments @ moves.free)
        else:
            moments = moments @ moves.holding
        if likelihood is not None:
            moments = moments * likelihood[step].repeat(len(charge) // 3)
            moments = moments / moments[0].sum()
    return Belief(moments[0], _spent(moments, moves))


def allowance(gap_s: float, detection_s: float, *, enabled: bool | None) -> float:
    """Return the chance of Overtake Mode or DRS on the lap after a crossing with this gap."""
    switched = _UNTOLD if enabled is None else float(enabled)
    return switched * near(gap_s, detection_s, _ALLOWED_EDGE_S)


def _spent(moments: Vector, moves: Moves) -> tuple[float, float]:
    now = moves.charges_mj
    began, spread = moments[1], moments[2]
    mean = float(began.sum() - (moments[0] * now).sum())
    square = float(spread.sum() - 2.0 * (began * now).sum() + (moments[0] * now * now).sum())
    return mean, math.sqrt(max(square - mean * mean, 0.0))
