"""A forecast's reasons in words: what moved the logit away from the average battle, and how far."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from pitwall.prediction.formulas import CLEAR_AIR_S

SHOWN = 3
_TANH_2S = math.tanh(2.0)
LEAST = 0.05  # of a logit; less than that is no reason

Values = Mapping[str, float]


def in_words(contributions: Mapping[str, float], values: Values) -> tuple[str, ...]:
    """Return the largest contributions to the logit, such as `+0.41 tyres 12 laps fresher`.

    Args:
        contributions: To the logit, by topic, against the average battle of the training.
        values: By feature name; a missing one is NaN, and its topic is left out.
    """
    shown: list[str] = []
    for topic in sorted(contributions, key=lambda topic: -abs(contributions[topic])):
        amount = contributions[topic]
        if len(shown) == SHOWN or abs(amount) < LEAST:
            break
        words = _WORDS[topic](values)
        if words is not None:
            shown.append(f"{amount:+.2f} {words}")
    return tuple(shown)


def _gap(values: Values) -> str | None:
    interval = values["interval_s"]
    return None if math.isnan(interval) else f"gap {interval:.1f} s"


def _closing(values: Values) -> str | None:
    change = values["interval_change_1lap_s"]
    if math.isnan(change):
        return None
    return f"{'closed' if change < 0 else 'lost'} {_seconds(change)} in a lap"


def _closest(values: Values) -> str | None:
    closest = values["closest_1lap_log_s"]
    return None if math.isnan(closest) else f"closest {math.exp(closest):.1f} s in the last lap"


def _lost(values: Values) -> str | None:
    share = values["attacker_ahead_1lap_share"]
    if math.isnan(share):
        return None
    return "was ahead within the last lap" if share > 0 else "was not ahead in the last lap"


def _stuck(values: Values) -> str | None:
    close, near = values["lines_within_1s_5lap"], values["lines_within_2s_7lap"]
    if math.isnan(near):
        return None
    if close > 0:
        return f"{close:.0f} of the last 5 laps within 1 s without a pass"
    return f"{near:.0f} of the last 7 laps within 2 s" if near > 0 else "has only just caught up"


def _pace(values: Values) -> str | None:
    pace = values["pace_diff_5lap_s"]
    if math.isnan(pace):
        return None
    return f"running pace {_seconds(pace)} a lap {'faster' if pace < 0 else 'slower'}"


def _seconds(squashed: float) -> str:
    """Undo the tanh of a difference, which tells little beyond 2 s."""
    if abs(squashed) > _TANH_2S:
        return "2 s or more"
    return f"{abs(math.atanh(squashed)):.1f} s"


def _speed(values: Values) -> str | None:
    difference = values["speed_trap_diff_kmh"]
    if math.isnan(difference):
        return None
    return f"{abs(difference):.0f} km/h {'faster' if difference > 0 else 'slower'} at the trap"


def _traffic(values: Values) -> str | None:
    ahead_s = values["defender_interval_s"]
    if math.isnan(ahead_s):
        return None
    if ahead_s >= CLEAR_AIR_S:
        return "defender in clear air"
    return f"defender himself {ahead_s:.1f} s behind a car"


def _tyres(values: Values) -> str | None:
    laps = values["tyre_life_diff_laps"]
    if math.isnan(laps):
        return None
    if laps == 0:
        return "tyres as old"
    return f"tyres {abs(laps):.0f} laps {'fresher' if laps < 0 else 'older'}"


def _compound(values: Values) -> str | None:
    steps = values["compound_softness_diff"]
    if math.isnan(steps):
        return None
    return "same compound" if steps == 0 else f"{'softer' if steps > 0 else 'harder'} compound"


def _circuit(values: Values) -> str | None:
    ratio = math.exp(values["circuit_overtake_log_ratio"])
    return f"circuit with {ratio:.1f} times the usual passes"


_WORDS: Final[Mapping[str, Callable[[Values], str | None]]] = {
    "gap": _gap,
    "closing": _closing,
    "closest": _closest,
    "lost": _lost,
    "stuck": _stuck,
    "pace": _pace,
    "speed": _speed,
    "traffic": _traffic,
    "tyres": _tyres,
    "compound": _compound,
    "circuit": _circuit,
}
