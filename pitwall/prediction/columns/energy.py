"""Compute the columns about batteries and car telemetry.

All but the car telemetry is estimated by `energy_table`, which needs the season's rules.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from pitwall.prediction.columns.energy_table import charge_chances
from pitwall.prediction.columns.lap_cells import LAGS
from pitwall.prediction.columns.scene import Scene
from pitwall.prediction.columns.spec import OF_BOTH, Columns, FeatureSpec, Vector, mean_of
from pitwall.prediction.energy.likelihoods import TOW_KMH, tow
from pitwall.prediction.energy.straight import surplus_of

_SIGNS = "Speeds, Sectors, NumberOfLaps of the field, RaceControlMessages, CarData; estimated"
_LINES = "NumberOfLaps of the field, RaceControlMessages"
_CHANNELS = "CarData"
_DRIVING: Final = (
    ("full_throttle", "share", "full_share", "readings on full throttle"),
    ("brake", "share", "brake_share", "readings on the brake"),
    ("top_speed", "kmh", "top", "highest speed"),
)
_UNITS: Final = {"share": "share", "kmh": "km/h"}

SPECS: Final = (
    *(
        FeatureSpec(f"{what}_{who}_mj", "MJ", f"{whose} {meaning}", _SIGNS)
        for who, whose in OF_BOTH
        for what, meaning in (
            ("charge", "battery, mean"),
            ("charge_sd", "battery, standard deviation"),
            ("spent", "last lap beyond the ordinary, mean"),
            ("spent_sd", "last lap beyond the ordinary, standard deviation"),
            ("spent_mean3", "last three laps beyond the ordinary"),
        )
    ),
    *(
        FeatureSpec(f"{what}_diff_mj", "MJ", meaning, _SIGNS)
        for what, meaning in (
            ("charge", "battery, means"),
            ("spent", "last lap beyond the ordinary"),
            ("spent_mean3", "last three laps beyond the ordinary"),
        )
    ),
    FeatureSpec(
        "charge_pair_chance", "share", "chance that the attacker has more", _SIGNS
    ),
    *(
        FeatureSpec(
            f"lifting_{who}_chance", "share", f"that {whose} driver charges", _SIGNS
        )
        for who, whose in OF_BOTH
    ),
    FeatureSpec(
        "straight_end_pair_kmh", "km/h", "attacker faster at the end of a straight", _SIGNS,
    ),
    *(
        FeatureSpec(
            f"overtake_allowed_{who}", "0 or 1", f"{whose} gap at the line allows it", _LINES,
        )
        for who, whose in OF_BOTH
    ),
    *(
        FeatureSpec(
            f"{what}_{who}_{unit}", _UNITS[unit], f"{whose} {meaning}", _CHANNELS
        )
        for who, whose in (*OF_BOTH, ("diff", "attacker minus defender,"))
        for what, unit, _, meaning in _DRIVING
    ),
)  # fmt: skip


def values(scene: Scene) -> Columns:
    """Return the columns of this module."""
    of_laps = scene.once("energy", _of_laps)
    tows = TOW_KMH * (tow(scene.interval_s) - tow(scene.d("front")))
    return of_laps | {"straight_end_pair_kmh": of_laps["straight_end_pair_kmh"] + tows}


def _of_laps(scene: Scene) -> Columns:
    columns: Columns = {}
    for who, cell in (("attacker", scene.a), ("defender", scene.d)):
        columns |= {
            f"charge_{who}_mj": cell("charge"),
            f"charge_sd_{who}_mj": cell("charge_sd"),
            f"spent_{who}_mj": cell("spent"),
            f"spent_sd_{who}_mj": cell("spent_sd"),
            f"spent_mean3_{who}_mj": mean_of([cell("spent", ago) for ago in range(3)]),
            f"lifting_{who}_chance": cell("lifts"),
            f"overtake_allowed_{who}": cell("eligible"),
            **{f"{what}_{who}_{unit}": cell(name) for what, unit, name, _ in _DRIVING},
        }
    for what in ("charge", "spent", "spent_mean3"):
        columns[f"{what}_diff_mj"] = columns[f"{what}_attacker_mj"] - columns[f"{what}_defender_mj"]
    for what, unit, name, _ in _DRIVING:
        columns[f"{what}_diff_{unit}"] = scene.diff(name)
    columns["charge_pair_chance"] = _more_left(scene)
    columns["straight_end_pair_kmh"] = _straight_end_kmh(scene)
    return columns


def _more_left(scene: Scene) -> Vector:
    """Return the probability that the attacker has more charge, the two taken as independent."""
    states, at = scene.cache.laps.energy.states, scene.lap + LAGS
    attacker = charge_chances(states[scene.attacker_slots, at])
    defender = charge_chances(states[scene.defender_slots, at])
    below = np.cumsum(defender, axis=-1) - 0.5 * defender
    return np.asarray((attacker * below).sum(-1))


def _straight_end_kmh(scene: Scene) -> Vector:
    """Return the attacker's speed advantage at the speed trap, from car and battery."""
    regime = scene.knowledge.rules.of(scene.race.info.year)
    if regime is None:
        return np.full(len(scene.battles), np.nan)
    surplus = surplus_of(regime)
    usual = scene.diff("st_clean20")
    usual = np.where(np.isfinite(usual), usual, scene.diff("st_med8"))
    allowed = [cell("allowed") * (1.0 - cell("lifts")) for cell in (scene.a, scene.d)]
    return (
        usual
        + surplus.boost * scene.diff("spends")
        + surplus.charging * scene.diff("lifts")
        + surplus.mode * (allowed[0] - allowed[1])
    )
