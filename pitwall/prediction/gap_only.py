"""What a forecast would say that knows the gap alone: what the mixture has to beat.

Logistic in the gap and its logarithm, as the model card's `gap only`. Its three numbers are in
`gap_only.json`, counted by `ml.gap_only` from instants between the lines of races from 2023 and
2024; they are never fitted to races that came later.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

_NUMBERS = Path(__file__).with_name("gap_only.json")
NEAR_S = 0.1  # keeps the logarithm finite side by side


def gap_only(interval_s: float) -> float:
    """Return the chance of a pass within a lap, in (0, 1), of a gap in seconds, from 0 up.

    Example:
        >>> gap_only(0.4) > gap_only(0.8) > gap_only(1.6)
        True
    """
    by_gap, by_logarithm, constant = _numbers()
    gap_s = max(interval_s, 0.0)
    logit = by_gap * gap_s + by_logarithm * math.log(gap_s + NEAR_S) + constant
    return (math.tanh(logit / 2) + 1) / 2


@cache
def _numbers() -> tuple[float, float, float]:
    told = json.loads(_NUMBERS.read_text(encoding="utf-8"))
    return told["gap_s"], told["log_gap"], told["constant"]
