"""How much a battle deserves the eye: mostly how likely a pass is, then how close the two are."""

from __future__ import annotations

from typing import Final

from pitwall.domain.battles import DEFAULT_RULES

OF_CHANCE: Final = 0.75
OF_CLOSENESS: Final = 0.25
CLOSE_BELOW_S: Final = DEFAULT_RULES.closes_beyond_s


def heat(p_overtake: float | None, interval_s: float) -> float:
    """Return how much a battle deserves the eye, in [0, 1].

    `store.timelines` counts the same in SQL, from the same three numbers.
    """
    closeness = min(1.0, max(0.0, 1 - interval_s / CLOSE_BELOW_S))
    return OF_CHANCE * (p_overtake or 0.0) + OF_CLOSENESS * closeness
