"""Change the features of a battle as if it had another gap, other tyres, or Overtake Mode.

A feature never changes alone. With another gap, all gaps of the last minutes are shifted by the
same amount, so that the trend stays the same; with other tyres, the differences change too. Counts,
such as laps spent within a second, stay the same. Changed values are limited to the ranges that
occurred in training.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pitwall.domain.race import Compound
from pitwall.prediction.forecast import Forecast
from pitwall.prediction.what_if import WhatIfFeature

STEPS: Final = {Compound.SOFT: 0.0, Compound.MEDIUM: 1.0, Compound.HARD: 2.0}

_GAPS: Final = re.compile(
    r"interval_s"
    r"|gap_(pair|extrapolated_pair|paced|projected)_(?!change).*_s"
    r"|gap_least_1lap_s|gap_repeated_least_pair.*_s"
    r"|reading_\d_pair_s|readings_(mean|least|most)_pair_\d+s"
    r"|profile_pair_\deighth_s|profile_least_pair_\dlap_s"
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The changes to a battle; None leaves a value unchanged.

    Attributes:
        gap_s: From defender to attacker, the gap that the model uses.
        attacker_tyre_laps, defender_tyre_laps: Laps on the tyres.
        attacker_compound, defender_compound: Soft, medium or hard.
        has_mode: Whether the attacker may use DRS, or Overtake Mode.
    """

    gap_s: float | None = None
    attacker_tyre_laps: float | None = None
    defender_tyre_laps: float | None = None
    attacker_compound: Compound | None = None
    defender_compound: Compound | None = None
    has_mode: bool | None = None


@dataclass(frozen=True, slots=True)
class SeenBattle:
    """The model's input and forecast for a battle at one moment.

    Attributes:
        features: By name; unknown ones are left out.
        residuals: The running residuals: how earlier forecasts of the race came out.
        as_it_was: The scenario that changes nothing; a value is None when it was unknown.
        forecast: Made from these by the current model, whichever model forecast the battle then.
        is_gap_at_line: Whether the gap of `as_it_was` is the one at the line, not the interval.
    """

    features: Mapping[str, float]
    residuals: tuple[float, ...]
    as_it_was: Scenario
    forecast: Forecast
    is_gap_at_line: bool = False


def changed(
    seen: Mapping[str, float], scenario: Scenario, ranges: Sequence[WhatIfFeature]
) -> dict[str, float]:
    """Return the features of a battle after the changes of a scenario.

    Args:
        seen: The model's input by feature name; missing features stay missing, unless the
            scenario sets them.
        scenario: The changes.
        ranges: The ranges of the features that can be changed.
    """
    values: dict[str, float] = {}
    if scenario.gap_s is not None and "interval_s" in seen:
        by_s = scenario.gap_s - seen["interval_s"]
        values |= {name: value + by_s for name, value in seen.items() if _GAPS.fullmatch(name)}
    values |= _tyres(seen, scenario)
    if scenario.has_mode is not None:
        values["overtake_allowed_attacker"] = float(scenario.has_mode)
        if scenario.has_mode:
            values["overtake_enabled"] = 1.0
    limits = {feature.name: (feature.lowest, feature.highest) for feature in ranges}
    held = {
        name: min(max(value, limits[name][0]), limits[name][1])
        for name, value in values.items()
        if name in limits
    }
    return {**seen, **held}


def _tyres(seen: Mapping[str, float], scenario: Scenario) -> dict[str, float]:
    changes = {
        "tyre_life_attacker_laps": scenario.attacker_tyre_laps,
        "tyre_life_defender_laps": scenario.defender_tyre_laps,
        "compound_attacker_steps": _steps(scenario.attacker_compound),
        "compound_defender_steps": _steps(scenario.defender_compound),
    }
    values = {name: value for name, value in changes.items() if value is not None}
    known = {**seen, **values}
    for what, unit in (("tyre_life", "laps"), ("compound", "steps")):
        of = (f"{what}_attacker_{unit}", f"{what}_defender_{unit}")
        if any(name in values for name in of) and all(name in known for name in of):
            values[f"{what}_diff_{unit}"] = known[of[0]] - known[of[1]]
    return values


def _steps(compound: Compound | None) -> float | None:
    return STEPS.get(compound) if compound is not None else None
