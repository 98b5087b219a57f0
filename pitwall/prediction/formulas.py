"""How each feature is computed from what is known of one battle; None is missing.

Differences are attacker minus defender. `pitwall.prediction.features` names, explains and
orders them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median
from typing import Final

from pitwall.domain.race import Compound, LapRecord
from pitwall.prediction.circuits import CircuitRates
from pitwall.prediction.situation import Situation

CLEAR_AIR_S = 2.0
_SOFTNESS: Final = {
    Compound.HYPERSOFT: 2.0,
    Compound.ULTRASOFT: 1.0,
    Compound.SUPERSOFT: 0.5,
    Compound.SOFT: 0.0,
    Compound.MEDIUM: -1.0,
    Compound.HARD: -2.0,
    Compound.SUPERHARD: -3.0,
}


def _clip(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))


def interval_s(at: Situation, _: CircuitRates) -> float:
    """Return the feature `interval_s`."""
    return at.interval_s


def interval_below_1s(at: Situation, _: CircuitRates) -> float:
    """Return the feature `interval_below_1s`."""
    return max(0.0, 1.0 - at.interval_s)


def interval_change_1lap_s(at: Situation, _: CircuitRates) -> float | None:
    """Return the feature `interval_change_1lap_s`, between the line crossings around a lap ago."""
    past = at.past_lines
    if not past:
        return None
    newest = past[0]
    before = past[1] if len(past) > 1 else None
    if before is None or newest.ago_s >= at.lap_s:
        ago_s = newest.gap_s
    else:
        share = newest.ago_s / at.lap_s
        ago_s = share * newest.gap_s + (1 - share) * before.gap_s
    return math.tanh(at.interval_s - ago_s)


def closest_1lap_log_s(at: Situation, _: CircuitRates) -> float | None:
    """Return the feature `closest_1lap_log_s`."""
    gaps = at.readings or tuple(line.gap_s for line in at.past_lines[:1])
    return math.log(max(0.1, min(5.0, *gaps))) if gaps else None


def attacker_ahead_1lap_share(at: Situation, _: CircuitRates) -> float | None:
    """Return the feature `attacker_ahead_1lap_share`."""
    gaps = at.readings or tuple(line.gap_s for line in at.past_lines[:1])
    return sum(gap < 0 for gap in gaps) / len(gaps) if gaps else None


def _lines_within(at: Situation, lines: int, limit_s: float) -> float | None:
    if not at.past_lines:  # a feed joined in mid-race: that is no sign of a new fight
        return None
    return float(sum(0 < line.gap_s < limit_s for line in at.past_lines[:lines]))


def lines_within_1s_5lap(at: Situation, _: CircuitRates) -> float | None:
    """Return the feature `lines_within_1s_5lap`."""
    return _lines_within(at, 5, 1.0)


def lines_within_2s_7lap(at: Situation, _: CircuitRates) -> float | None:
    """Return the feature `lines_within_2s_7lap`."""
    return _lines_within(at, 7, 2.0)


def pace_diff_5lap_s(at: Situation, _: CircuitRates) -> float | None:
    """Return the feature `pace_diff_5lap_s`."""
    attacker_s = _running_pace_s(back for back, _front in at.laps[:5])
    defender_s = _running_pace_s(front for _back, front in at.laps[:5])
    if attacker_s is None or defender_s is None:
        return None
    return math.tanh(attacker_s - defender_s)


def _running_pace_s(laps: Iterable[LapRecord]) -> float | None:
    times = [lap.lap_time_s for lap in laps if lap.lap_time_s is not None and not lap.pitted]
    return median(times) if times else None


def speed_trap_diff_kmh(at: Situation, _: CircuitRates) -> float | None:
    """Return the feature `speed_trap_diff_kmh`."""
    if not at.laps:
        return None
    attacker_kmh, defender_kmh = (lap.speeds_kmh.get("ST") for lap in at.laps[0])
    if attacker_kmh is None or defender_kmh is None:
        return None
    return _clip(attacker_kmh - defender_kmh, 25.0)


def defender_interval_s(at: Situation, _: CircuitRates) -> float | None:
    """Return the feature `defender_interval_s`."""
    ahead_s = at.defender_interval_s
    return None if ahead_s is None else min(CLEAR_AIR_S, ahead_s)


def defender_within_1s(at: Situation, _: CircuitRates) -> float | None:
    """Return the feature `defender_within_1s`."""
    ahead_s = at.defender_interval_s
    return None if ahead_s is None else float(ahead_s < 1.0)


def tyre_life_diff_laps(at: Situation, _: CircuitRates) -> float | None:
    """Return the feature `tyre_life_diff_laps`."""
    attacker, defender = at.attacker.stint, at.defender.stint
    if attacker is None or attacker.tyre_life_laps is None:
        return None
    if defender is None or defender.tyre_life_laps is None:
        return None
    return _clip(float(attacker.tyre_life_laps - defender.tyre_life_laps), 25.0)


def compound_softness_diff(at: Situation, _: CircuitRates) -> float | None:
    """Return the feature `compound_softness_diff`."""
    attacker = _SOFTNESS.get(at.attacker.stint.compound) if at.attacker.stint else None
    defender = _SOFTNESS.get(at.defender.stint.compound) if at.defender.stint else None
    return None if attacker is None or defender is None else attacker - defender


def overtake_enabled(at: Situation, _: CircuitRates) -> float | None:
    """Return the feature `overtake_enabled`."""
    enabled = at.race.overtake_enabled
    return None if enabled is None else float(enabled)


def circuit_overtake_log_ratio(at: Situation, rates: CircuitRates) -> float:
    """Return the feature `circuit_overtake_log_ratio`."""
    return rates.log_ratio(at.race.info.circuit)
