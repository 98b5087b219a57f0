"""Weigh the experts by the situation, and estimate how likely a battle is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pitwall.prediction.columns.spec import Column, Flags, Rows
from pitwall.prediction.experts import Expert, Logits

OUTCOMES: Final = ("decided", "pit", "neutralised", "retired")


@dataclass(frozen=True, slots=True)
class Interruption:
    """A calibrated classifier of how a battle ends.

    The probabilities are softmax(`slope` * z + `offsets`) of its raw logits z; both parameters were
    fitted on races that it had not seen. Rows at the chequered flag were left out of its training,
    so `finished` does not count as retired.

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


GAP: Final = "interval_s"
"""The column in which forecasts are monotone: all else equal, closer is never less likely."""

_SETTLED_LAPS: Final = 2
_HALF_A_LAP: Final = 0.5

Read = Callable[[str], Logits]


def _as_number(flags: Flags) -> Logits:
    return flags.astype(np.float64)


def _early(read: Read) -> Logits:
    laps = np.nan_to_num(read("lap_pair_laps"), nan=0.0)
    return _as_number(laps < _SETTLED_LAPS)


def _fresh(read: Read) -> Logits:
    on_this_lap = (read("out_lap_attacker") == 1) | (read("out_lap_defender") == 1)
    on_the_last = (read("pitted_attacker_share") == 1) | (read("pitted_defender_share") == 1)
    return _as_number(on_this_lap | on_the_last)


def _restart(read: Read) -> Logits:
    within = read("racing_for_s") < _SETTLED_LAPS * read("lap_pair_duration_s")
    return _as_number(within & (read("lap_pair_laps") >= _SETTLED_LAPS))


def _wet(read: Read) -> Logits:
    wets = (read("wets_attacker") == 1) | (read("wets_defender") == 1)
    told = (read("tyres_told_attacker") == 1) & (read("tyres_told_defender") == 1)
    return _as_number(wets | ~told)


TERMS: Final[Mapping[str, Callable[[Read], Logits]]] = {
    "early": _early,
    "fresh": _fresh,
    "yellow": lambda read: _as_number(read("yellow_now") == 1),
    "restart": _restart,
    "wet": _wet,
    "late_in_lap": lambda read: np.nan_to_num(read("lap_phase_share") - _HALF_A_LAP),
    "race_share": lambda read: np.nan_to_num(read("race_share") - _HALF_A_LAP),
    "rules_2022": lambda read: _as_number(
        (read("season_year") >= 2022) & (read("season_year") < 2026)
    ),
    "rules_2026": lambda read: _as_number(read("season_year") >= 2026),
}
"""What the gate reads of a situation. The gap is not among it: with it, a closer attacker could get
a lower probability, as the weight of an expert with a low opinion would grow."""


def context_of(rows: Rows, columns: Sequence[Column], terms: Sequence[str]) -> Logits:
    """Return the named terms of rows of the whole matrix, shape (n, len(terms)).

    Missing values count as average.
    """
    return context_at(rows, places_of(columns), terms)


def places_of(columns: Sequence[Column]) -> dict[str, int]:
    """Return where each column lies in the whole matrix, by name."""
    return {column.name: place for place, column in enumerate(columns)}


def context_at(rows: Rows, places: Mapping[str, int], terms: Sequence[str]) -> Logits:
    """Return the same as `context_of`, given where the columns lie."""
    found: dict[str, Logits] = {}

    def read(name: str) -> Logits:
        if name not in found:
            found[name] = rows[:, places[name]].astype(np.float64)
        return found[name]

    if not terms:
        return np.empty((len(rows), 0))
    with np.errstate(invalid="ignore"):
        return np.stack([TERMS[term](read) for term in terms], axis=1)


@dataclass(frozen=True, slots=True)
class Gate:
    """How much of each expert's margin counts, by situation: exp(weights . [1, terms]).

    Attributes:
        terms: Names from `TERMS`.
        weights: Shape (1 + len(terms), n_experts); the first row is that of the constant.
    """

    terms: tuple[str, ...]
    weights: Logits

    def factors(self, context: Logits) -> Logits:
        """Return the factor of each expert, above 0, shape (n, n_experts).

        Args:
            context: The values of `terms`, shape (n, len(terms)).
        """
        factors: Logits = np.exp(with_one(context) @ self.weights)
        return factors


def with_one(context: Logits) -> Logits:
    """Return the terms after a column of ones, shape (n, 1 + len(terms))."""
    return np.concatenate([np.ones((len(context), 1)), context], axis=1)
