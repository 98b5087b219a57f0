"""Competing outcomes: how likely a battle is interrupted before it is decided, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pitwall.prediction.experts import Expert, Logits
from pitwall.prediction.views import Rows

OUTCOMES: Final = ("decided", "pit", "neutralised", "retired")


@dataclass(frozen=True, slots=True)
class Interruption:
    """A calibrated model of several classes.

    The probabilities are softmax(`slope` * z + `offsets`) of its raw logits z; both numbers were
    fitted on races that it had not seen. Rows at the chequered flag and in the wet taught it
    nothing: `finished` is not retired.

    Attributes:
        expert: Its margins have one column for each of `OUTCOMES`.
        offsets: Shape (4,), the first 0.
    """

    expert: Expert
    slope: float
    offsets: Logits

    def chances(self, rows: Rows) -> Logits:
        """Return the probabilities of `OUTCOMES`, shape (n, 4), adding up to one.

        One minus the first is the probability that the battle is interrupted by the end of the
        next lap; `p_overtake` is given that it is not.
        """
        return class_chances(self.expert.margins(rows), self.slope, self.offsets)


def class_chances(margins: Logits, slope: float, offsets: Logits) -> Logits:
    """Return softmax(`slope` * margins + `offsets`), shape (n, n_classes)."""
    logits = slope * margins.reshape(-1, len(offsets)) + offsets
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: Logits = odds / odds.sum(axis=1, keepdims=True)
    return chances
