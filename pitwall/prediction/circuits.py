"""How readily a circuit lets cars pass: counted rates, shrunk towards the rate of all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SHRINKAGE_ROWS = 200.0


@dataclass(frozen=True, slots=True)
class CircuitRates:
    """Passes per battle and lap, by circuit.

    Attributes:
        base: Rate of all circuits together, in (0, 1); it also stands for an unknown circuit.
        by_circuit: Shrunk rates by the circuit's short name, in lower case.
    """

    base: float
    by_circuit: Mapping[str, float] = field(default_factory=dict)

    def log_ratio(self, circuit: str) -> float:
        """Return log(rate here / rate of all); 0 for a circuit never seen."""
        return math.log(self.by_circuit.get(circuit.strip().lower(), self.base) / self.base)


def count_rates(outcomes: Iterable[tuple[str, float]], prior: float | None = None) -> CircuitRates:
    """Return shrunk rates from (circuit, 1 for a pass or 0) pairs.

    Each circuit counts as if it also had `SHRINKAGE_ROWS` battles at the rate of all.

    Args:
        outcomes: One pair for each battle.
        prior: The rate of all when there are no outcomes.

    Raises:
        ValueError: No outcomes and no prior, or outcomes of one kind only.
    """
    passes: dict[str, float] = {}
    battles: dict[str, int] = {}
    for name, y in outcomes:
        key = name.strip().lower()
        passes[key] = passes.get(key, 0.0) + y
        battles[key] = battles.get(key, 0) + 1
    total = sum(battles.values())
    base = sum(passes.values()) / total if total else prior
    if base is None or not 0 < base < 1:
        message = f"circuit rates need both passes and holds, the overall rate was {base}"
        raise ValueError(message)
    return CircuitRates(
        base,
        {
            key: (passes[key] + SHRINKAGE_ROWS * base) / (count + SHRINKAGE_ROWS)
            for key, count in sorted(battles.items())
        },
    )
