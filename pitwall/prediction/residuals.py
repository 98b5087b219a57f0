"""How a race has differed so far from what was forecast: of all battles, and of either driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]

RESIDUALS: Final = ("race", "attacker", "defender")
_PRIORS: Final = (6.0, 3.0, 3.0)  # battles' worth of variance that say: as forecast


@dataclass(frozen=True, slots=True)
class Record:
    """Battles of one race that were forecast when the attacker crossed the line; m of them.

    Attributes:
        resolved_s: When both had crossed the line again, and the outcome was known.
        attackers, defenders: Car numbers.
        passed: 1.0 for a pass, 0.0 for a hold; battles without an outcome are not in the record.
        forecasts: What was forecast then, in (0, 1): the plain mean of the experts' logits, so
            that a forecast does not answer to its own earlier corrections.
    """

    resolved_s: Array
    attackers: Ids
    defenders: Ids
    passed: Array
    forecasts: Array


def running_residuals(record: Record, now_s: Array, attackers: Ids, defenders: Ids) -> Array:
    """Return the residuals of n battles of the race, shape (n, 3): race, attacker, defender.

    Each is sum(passed - forecast) / (sum forecast (1 - forecast) + prior), over the battles of
    the record that were resolved by `now_s`, and that have the same attacker or the same defender.
    """
    known = record.resolved_s[None, :] <= now_s[:, None]
    surprise = record.passed - record.forecasts
    variance = record.forecasts * (1 - record.forecasts)
    same = (
        known,
        known & (record.attackers[None, :] == attackers[:, None]),
        known & (record.defenders[None, :] == defenders[:, None]),
    )
    return np.stack(
        [
            (mask @ surprise) / (mask @ variance + prior)
            for mask, prior in zip(same, _PRIORS, strict=True)
        ],
        axis=1,
    )
