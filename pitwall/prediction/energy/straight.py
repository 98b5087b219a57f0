"""Compute how much speed electrical power adds at the end of a straight.

A point mass drives along a straight at full throttle, with and without the power in question. Mass,
drag and engine are those of a Formula 1 car in a race, known to about ten per cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from pitwall.prediction.rules import Regime

Vector = npt.NDArray[np.float64]

MASS_KG: Final = 830.0  # 768 to 800 kg by rule with driver, and half a tank; within 40 kg
DRAG_PER_M: Final = (
    0.00125  # half of air density times drag area (1.2 to 1.9 m² by wing) over mass; within 20 %
)
_ENGINE_KW: Final = {"DRS": 620.0, "Overtake Mode": 400.0}  # without the motor
_ENTRY_KMH: Final = 200.0  # the speed at which a straight begins
_STRAIGHT_S: Final = 6.0
_LIFT_S: Final = 1.2  # time without the motor at the end of a straight, for a driver who charges
_STEP_S: Final = 0.05
_KMH: Final = 3.6
_DRS_KMH: Final = 2.0  # gain of the open wing at a trap, beyond the tow; see docs/energy.md
# Ordinary deployment as a share of what the curve allows, because the energy of a lap is limited:
# to 2025 it was 4 MJ, while 120 kW for 55 s of full throttle would take 6.6; in 2026 it is about
# 8.5 MJ (press reports), while 350 kW for 35 s would take 12.
_ORDINARY: Final = {"DRS": 0.6, "Overtake Mode": 0.7}


@dataclass(frozen=True, slots=True)
class Surplus:
    """Speed gains at the end of a straight, km/h compared with ordinary deployment.

    Attributes:
        boost: The gain of a driver who spends in a fight.
        mode: The gain of Overtake Mode, or of an open wing, beyond boost.
        charging: The loss of a driver who lifts to charge; negative.
        boost_w_kg: Electrical power that boost adds at the speeds of a straight, W/kg.
    """

    boost: float
    mode: float
    charging: float
    boost_w_kg: float


@lru_cache(maxsize=16)
def surplus_of(regime: Regime) -> Surplus:
    """Return the speed gains that the power curves of a regime give at the end of a straight.

    Boost adds up to its cap to ordinary deployment, within the curve; Overtake Mode has a curve of
    its own.
    """
    speeds = np.arange(0.0, 401.0)
    curve = regime.motor_at(speeds)
    usual = _ORDINARY.get(regime.system, 1.0) * curve
    cap = np.inf if regime.boost_cap_kw is None else regime.boost_cap_kw
    engine = _ENGINE_KW.get(regime.system, 400.0)
    base = _end_kmh(usual, engine)
    fast = slice(round(_ENTRY_KMH), round(base))
    boosted = _end_kmh(np.minimum(usual + cap, curve), engine)
    mode = boosted + _DRS_KMH
    if regime.overtake_motor_kw is not None:
        over = np.minimum(usual + cap, regime.motor_at(speeds, overtake=True))
        mode = _end_kmh(over, engine)
    return Surplus(
        boost=boosted - base,
        mode=mode - boosted,
        charging=_end_kmh(usual, engine, lift_s=_LIFT_S) - base,
        boost_w_kg=1000.0 * float((np.minimum(usual + cap, curve) - usual)[fast].mean()) / MASS_KG,
    )


def _end_kmh(motor_kw: Vector, engine_kw: float, lift_s: float = 0.0) -> float:
    """Return the speed at the end of a straight; `motor_kw` is indexed by whole km/h."""
    mps = _ENTRY_KMH / _KMH
    for step in range(round(_STRAIGHT_S / _STEP_S)):
        motor = 0.0 if step * _STEP_S > _STRAIGHT_S - lift_s else motor_kw[int(mps * _KMH)]
        watts = 1000.0 * (engine_kw + float(motor))
        mps += _STEP_S * (watts / (MASS_KG * mps) - DRAG_PER_M * mps * mps)
    return mps * _KMH
