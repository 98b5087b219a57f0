"""What one lap tells of a car's battery: a Bayes filter over twelve steps of the lap.

    before -> [move, ST] [move] [move] [move, I1] .. [move] [move, FL] -> after

Besides the charge now it carries the charge with which the lap began, by moments, so that
what the lap spent is known with its own uncertainty, not as the difference of two estimates.
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
_ASTRAY: Final = 0.05  # chance a lap that all of this is wrong, and the charge anything
_UNTOLD: Final = 0.8  # chance that the mode is enabled while race control is silent
_SHORTEST_S, _LONGEST_S = 50, 150


@dataclass(frozen=True, slots=True)
class Belief:
    """What is thought of a car at a line.

    Attributes:
        state: Chance of each state of the grid.
        spent_mj: Mean and standard deviation of what the lap took, harvest beyond the ordinary
            taken off.
    """

    state: Vector
    spent_mj: tuple[float, float]


def follow_lap(regime: Regime, before: Vector | None, signs: LapSigns, *, first: bool) -> Belief:
    """Return what is thought after a lap.

    Args:
        regime: The season's rules.
        before: The state at the line before; None if that is not known.
        signs: What was told of the lap.
        first: Whether this lap began at lights out.
    """
    moves = moves_of(regime, round(max(_SHORTEST_S, min(_LONGEST_S, signs.lap_s)) / 5) * 5)
    state = moves.start(known=first) if before is None else before
    state = (1.0 - _ASTRAY) * state + _ASTRAY * moves.start(known=False)
    if regime.overtake_extra_mj:
        state = (1.0 - signs.allowed) * state + signs.allowed * (state @ moves.armed)
    charge = moves.charges_mj
    moments = np.stack([state, state * charge, state * charge * charge])
    seen = likelihoods(signs, surplus_of(regime)) if signs.raced else None
    for step, wish in enumerate(wishes(signs)):
        if signs.raced:
            moments = wish * (moments @ moves.fighting) + (1.0 - wish) * (moments @ moves.free)
        else:
            moments = moments @ moves.holding
        if seen is not None:
            moments = moments * seen[step].repeat(len(charge) // 3)
            moments = moments / moments[0].sum()
    return Belief(moments[0], _spent(moments, moves))


def allowance(gap_s: float, detection_s: float, *, enabled: bool | None) -> float:
    """Return the chance of Overtake Mode, or DRS, on the lap after a line crossed with this gap."""
    switched = _UNTOLD if enabled is None else float(enabled)
    return switched * near(gap_s, detection_s, _ALLOWED_EDGE_S)


def _spent(moments: Vector, moves: Moves) -> tuple[float, float]:
    now = moves.charges_mj
    began, spread = moments[1], moments[2]
    mean = float(began.sum() - (moments[0] * now).sum())
    square = float(spread.sum() - 2.0 * (began * now).sum() + (moments[0] * now * now).sum())
    return mean, math.sqrt(max(square - mean * mean, 0.0))
