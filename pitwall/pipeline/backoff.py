"""How long to wait before the next attempt: exponential, with full jitter."""

from __future__ import annotations

import random

FIRST_S = 0.5
LONGEST_S = 4.0
PATIENT_AFTER = 75  # attempts: about five minutes
PATIENT_S = 30.0


class Backoff:
    """Delays that grow with each failure in a row, so that nobody hammers a server.

    A race waits for nobody, so the ceiling is four seconds at first; after some five minutes
    it is thirty. The delay is drawn from the whole range below the ceiling: clients that
    were cut off together come back one by one.

    Args:
        rng: Where jitter comes from; tests pass a seeded one.
    """

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng or random.Random()  # noqa: S311  jitter is no secret
        self.failures = 0

    def reset(self) -> None:
        """Note a success."""
        self.failures = 0

    def next_s(self, asked_s: float | None = None) -> float:
        """Return the seconds to wait after one more failure.

        Args:
            asked_s: What the server asked for; the delay is never below it.
        """
        ceiling_s = min(LONGEST_S, FIRST_S * 2.0 ** min(self.failures, 10))
        if self.failures >= PATIENT_AFTER:
            ceiling_s = PATIENT_S
        self.failures += 1
        return max(asked_s or 0.0, self._rng.uniform(0.0, ceiling_s))
