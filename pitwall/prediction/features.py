"""The one definition of every feature, for training and for serving.

`feature_matrix(race, battles, rates)` reads nothing but the race state, the battles and the
counted circuit rates, so that a row built in training equals the one built live.
Differences are attacker minus defender. NaN is missing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pitwall.domain.battles import Battle
from pitwall.domain.race import RaceState
from pitwall.prediction import formulas
from pitwall.prediction.circuits import CircuitRates
from pitwall.prediction.situation import Situation, situations

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One column of X.

    Attributes:
        name: `<what>_<of whom>_<window>_<unit>`.
        unit: Of the value.
        meaning: One phrase.
        source: Live-timing fields that it comes from.
        formula: From what is known of one battle to the value; None is missing.
        with_interval: How the value moves when the interval grows, all else equal: 1, -1, or
            0 for not at all. Training refuses a coefficient by which closer means less likely.
        topic: Columns of one topic are explained together.
    """

    name: str
    unit: str
    meaning: str
    source: str
    formula: Callable[[Situation, CircuitRates], float | None]
    topic: str
    with_interval: int = 0


def feature_matrix(race: RaceState, battles: Sequence[Battle], rates: CircuitRates) -> Matrix:
    """Return X, shape (n_battles, n_features), float64, NaN for missing.

    A battle whose cars are not in the race state gives a row of NaN.
    """
    matrix = np.full((len(battles), len(FEATURES)), np.nan)
    for row, situation in enumerate(situations(race, battles)):
        if situation is not None:
            values = [spec.formula(situation, rates) for spec in FEATURES]
            matrix[row] = [math.nan if value is None else value for value in values]
    return matrix


def feature_names() -> tuple[str, ...]:
    """Return the names of the columns of X, in order."""
    return tuple(spec.name for spec in FEATURES)


def feature_hash(specs: Sequence[FeatureSpec] | None = None) -> str:
    """Return a short hash of what defines the columns: names, units and meanings, in order.

    A model file carries it, so that a model made for other columns is refused.
    """
    texts = [f"{s.name}|{s.unit}|{s.meaning}" for s in (FEATURES if specs is None else specs)]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


FEATURES: Final[tuple[FeatureSpec, ...]] = (
    FeatureSpec(
        "interval_s",
        "s",
        "attacker behind defender, now",
        "IntervalToPositionAhead; at the line, NumberOfLaps of both",
        formulas.interval_s,
        "gap",
        with_interval=1,
    ),
    FeatureSpec(
        "interval_below_1s_s",
        "s",
        "by how much the interval is below 1.0 s, else 0",
        "as interval_s",
        formulas.interval_below_1s,
        "gap",
        with_interval=-1,
    ),
    FeatureSpec(
        "interval_change_1lap_s",
        "tanh s",
        "interval now minus a lap ago, tanh; negative is closing in",
        "NumberOfLaps of both",
        formulas.interval_change_1lap_s,
        "closing",
        with_interval=1,
    ),
    FeatureSpec(
        "closest_1lap_log_s",
        "log s",
        "smallest gap during the last lap, the last 5 s left out, from 0.1 to 5 s",
        "GapToLeader of both",
        formulas.closest_1lap_log_s,
        "closest",
    ),
    FeatureSpec(
        "attacker_ahead_1lap_share",
        "share",
        "share of the last lap's readings in which the attacker was ahead",
        "GapToLeader of both",
        formulas.attacker_ahead_1lap_share,
        "lost",
    ),
    FeatureSpec(
        "lines_within_1s_5lap",
        "lines",
        "earlier line crossings of the last five less than 1.0 s behind, and no pass",
        "NumberOfLaps of both",
        formulas.lines_within_1s_5lap,
        "stuck",
    ),
    FeatureSpec(
        "lines_within_2s_7lap",
        "lines",
        "earlier line crossings of the last seven less than 2.0 s behind",
        "NumberOfLaps of both",
        formulas.lines_within_2s_7lap,
        "stuck",
    ),
    FeatureSpec(
        "pace_diff_5lap_s",
        "tanh s",
        "median of the last five laps of both without pits, tanh",
        "LastLapTime, InPit",
        formulas.pace_diff_5lap_s,
        "pace",
    ),
    FeatureSpec(
        "speed_trap_diff_kmh",
        "km/h",
        "speed at the trap on the longest straight, last lap of both, within 25",
        "Speeds.ST",
        formulas.speed_trap_diff_kmh,
        "speed",
    ),
    FeatureSpec(
        "defender_interval_s",
        "s",
        "defender behind the next car, 2 at most; 2 for the leader",
        "IntervalToPositionAhead, Line, NumberOfLaps",
        formulas.defender_interval_s,
        "traffic",
    ),
    FeatureSpec(
        "defender_within_1s",
        "0 or 1",
        "whether the defender is himself less than 1.0 s behind a car",
        "as defender_interval_s",
        formulas.defender_within_1s,
        "traffic",
    ),
    FeatureSpec(
        "tyre_life_diff_laps",
        "laps",
        "laps on the tyres, within 25",
        "TimingAppData Stints.TotalLaps",
        formulas.tyre_life_diff_laps,
        "tyres",
    ),
    FeatureSpec(
        "compound_softness_diff",
        "steps",
        "compound, 1 a step softer",
        "TimingAppData Stints.Compound",
        formulas.compound_softness_diff,
        "compound",
    ),
    FeatureSpec(
        "circuit_overtake_log_ratio",
        "log ratio",
        "passes per battle and lap here against all circuits, counted in earlier races, shrunk",
        "SessionInfo circuit; the model's table",
        formulas.circuit_overtake_log_ratio,
        "circuit",
    ),
)
