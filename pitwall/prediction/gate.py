"""Weight the experts by the situation, and estimate how likely a battle is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pitwall.prediction.columns.spec import Column, Rows
from pitwall.prediction.experts import Expert, Logits

OUTCOMES: Final = ("decided", "pit", "neutralised", "retired")


@dataclass(frozen=True, slots=True)
class Interruption:
    """A calibrated classifier of how a battle ends.

    The probabilities are softmax(`slope` * z + `offsets`) of its raw logits z; both parameters were
    fitted on races that it had not seen. Rows at the chequered flag and in the wet were left out of
    its training, so `finished` does not count as retired.

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
        next lap; `p_overtake` assumes that it is not.
        """
        return class_chances(self.expert.margins(rows), self.slope, self.offsets)


def class_chances(margins: Logits, slope: float, offsets: Logits) -> Logits:
    """Return softmax(`slope` * margins + `offsets`), shape (n, n_classes)."""
    logits = slope * margins.reshape(-1, len(offsets)) + offsets
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: Logits = odds / odds.sum(axis=1, keepdims=True)
    return chances


_SETTLED_LAPS = 20.0

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Roles:
    """Names of the columns that the gate reads, and that are monotone.

    Attributes:
        gap: Attacker's distance to the defender, s.
        since_neutral: Laps since the track was last not clear.
        race_fraction: Share of the race distance done, 0 to 1.
        year: Season.
    """

    gap: str
    since_neutral: str
    race_fraction: str
    year: str

    def situations(self, rows: Rows, columns: Sequence[Column], residuals: Logits) -> Situations:
        """Return the gate's inputs from rows of the whole matrix, shape (n, n_columns)."""
        names = [column.name for column in columns]
        gap, since, fraction, year = (
            rows[:, names.index(name)].astype(np.float64)
            for name in (self.gap, self.since_neutral, self.race_fraction, self.year)
        )
        return Situations(gap, since, fraction, year, residuals)


@dataclass(frozen=True, slots=True)
class Situations:
    """The gate's inputs for n battles; shape (n,), residuals (n, 3)."""

    gap_s: Logits
    laps_since_neutral: Logits
    race_fraction: Logits
    year: Logits
    residuals: Logits

    def context(self, terms: Sequence[str]) -> Logits:
        """Return the named terms, shape (n, len(terms)); missing values count as average."""
        return np.stack([TERMS[term](self) for term in terms], axis=1)


TERMS: Final[Mapping[str, Callable[[Situations], Logits]]] = {
    "one": lambda s: np.ones(len(s.gap_s)),
    "gap": lambda s: np.nan_to_num(s.gap_s - 0.9),
    "gap_below_half": lambda s: (s.gap_s < _HALF).astype(np.float64),
    "race_residual": lambda s: s.residuals[:, 0],
    "since_neutral": lambda s: np.nan_to_num(
        np.minimum(s.laps_since_neutral, _SETTLED_LAPS) / _SETTLED_LAPS, nan=1.0
    ),
    "race_fraction": lambda s: np.nan_to_num(s.race_fraction - 0.5),
    "rules_2022": lambda s: ((s.year >= 2022) & (s.year < 2026)).astype(np.float64),
    "rules_2026": lambda s: (s.year >= 2026).astype(np.float64),
}

# The gap is not among them: with it, a closer attacker could get a lower probability, as the
# weights would move towards an expert with a lower opinion.
MONOTONE_TERMS: Final = (
    "one",
    "race_residual",
    "since_neutral",
    "race_fraction",
    "rules_2022",
    "rules_2026",
)


@dataclass(frozen=True, slots=True)
class Gate:
    """A softmax over experts.

    Attributes:
        terms: Names from `TERMS`.
        weights: Shape (len(terms), n_experts - 1); those of the last expert are 0.
    """

    terms: tuple[str, ...]
    weights: Logits

    def shares(self, situations: Situations) -> Logits:
        """Return each expert's share, shape (n, n_experts), adding up to one."""
        return softmax_shares(situations.context(self.terms) @ self.weights)


def softmax_shares(scores: Logits) -> Logits:
    """Return the softmax over (scores, 0): shape (n, k) to (n, k + 1)."""
    whole = np.concatenate([scores, np.zeros((len(scores), 1))], axis=1)
    odds = np.exp(whole - whole.max(axis=1, keepdims=True))
    shares: Logits = odds / odds.sum(axis=1, keepdims=True)
    return shares
