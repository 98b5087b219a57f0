"""Forecast from the gap alone, as the yardstick that the mixture has to beat.

It is a logistic regression on the gap and its logarithm, the `gap only` of the model card. Its
three coefficients are in `gap_only.json`. `ml.gap_only` fitted them to instants between the lines
in races of 2023 and 2024; they are never fitted to later races.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

_NUMBERS = Path(__file__).with_name("gap_only.json")
NEAR_S = 0.1  # keeps the logarithm finite for cars side by side


def gap_only(interval_s: float) -> float:
    """Return the probability of a pass within a lap, in (0, 1), for a gap in seconds, from 0 up.

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
    numbers = json.loads(_NUMBERS.read_text(encoding="utf-8"))
    return numbers["gap_s"], numbers["log_gap"], numbers["constant"]
