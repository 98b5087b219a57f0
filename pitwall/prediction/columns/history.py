"""Compute the columns from earlier seasons: passes against expectation, by circuit and name.

A rate is log((passes + k) / (expected + k)), where the expectation comes from the gap at the line
alone. An unknown name has 0, which means as many passes as average.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from pitwall.prediction.columns.passes import expected_passes
from pitwall.prediction.columns.spec import Columns, FeatureSpec

Rates = Mapping[str, float]
_CIRCUIT_PRIOR: Final = 5.0
_NAME_PRIOR: Final = 10.0
_RECENT_YEARS: Final = 3
_TABLE = "earlier seasons; the model's table"

SPECS: Final = (
    FeatureSpec("history_circuit_log_ratio", "log ratio", "passes here, all seasons", _TABLE),
    FeatureSpec("history_circuit_3year_log_ratio", "log ratio", "here, three seasons", _TABLE),
    FeatureSpec("history_attacker_3year_log_ratio", "log ratio", "passes made", _TABLE),
    FeatureSpec("history_defender_3year_log_ratio", "log ratio", "times passed", _TABLE),
    FeatureSpec("history_attacker_team_1year_log_ratio", "log ratio", "passes made", _TABLE),
    FeatureSpec("history_defender_team_1year_log_ratio", "log ratio", "times passed", _TABLE),
)


@dataclass(frozen=True, slots=True)
class SeasonHistory:
    """Log ratios by circuit (lower case), driver code and team name. Empty is neutral."""

    circuit: Rates = field(default_factory=dict)
    circuit_recent: Rates = field(default_factory=dict)
    attacker: Rates = field(default_factory=dict)
    defender: Rates = field(default_factory=dict)
    attacker_team: Rates = field(default_factory=dict)
    defender_team: Rates = field(default_factory=dict)

    def to_document(self) -> dict[str, dict[str, float]]:
        """Return the tables as plain JSON values."""
        return {name: dict(rates) for name, rates in asdict(self).items()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> SeasonHistory:
        """Return the tables from a document that `to_document` returned."""
        return cls(**{name: dict(rates) for name, rates in document.items()})


@dataclass(frozen=True, slots=True)
class Histories:
    """The tables for each season, each counted from the seasons before it."""

    by_season: Mapping[int, SeasonHistory] = field(default_factory=dict)

    def of(self, season: int) -> SeasonHistory:
        """Return the tables for a season; the newest for a later or unknown season (0)."""
        if not self.by_season or 0 < season < min(self.by_season):
            return SeasonHistory()
        return self.by_season.get(season, self.by_season[max(self.by_season)])

    def to_document(self) -> dict[str, dict[str, dict[str, float]]]:
        """Return the tables as plain JSON values."""
        return {str(season): one.to_document() for season, one in self.by_season.items()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Histories:
        """Return the tables from a document that `to_document` returned."""
        return cls(
            {int(season): SeasonHistory.from_document(one) for season, one in document.items()}
        )


class Names(NamedTuple):
    """The circuit, drivers and teams of one battle, by which the tables are counted and read."""

    circuit: str
    attacker: str
    defender: str
    attacker_team: str
    defender_team: str


class PastBattle(NamedTuple):
    """One battle at the line in an earlier season."""

    year: int
    names: Names
    gap_s: float
    passed: float


def count_history(outcomes: Iterable[PastBattle], season: int) -> SeasonHistory:
    """Return the tables for a season, from battles of earlier seasons only."""
    before = [outcome for outcome in outcomes if outcome.year < season]
    recent = [outcome for outcome in before if outcome.year >= season - _RECENT_YEARS]
    last = [outcome for outcome in before if outcome.year >= season - 1]
    return SeasonHistory(
        circuit=_log_ratios(before, "circuit", _CIRCUIT_PRIOR),
        circuit_recent=_log_ratios(recent, "circuit", _CIRCUIT_PRIOR),
        attacker=_log_ratios(recent, "attacker", _NAME_PRIOR),
        defender=_log_ratios(recent, "defender", _NAME_PRIOR),
        attacker_team=_log_ratios(last, "attacker_team", _NAME_PRIOR),
        defender_team=_log_ratios(last, "defender_team", _NAME_PRIOR),
    )


def count_histories(outcomes: Sequence[PastBattle]) -> Histories:
    """Return the tables for every season after the first, and for the season after the last."""
    seasons = sorted({outcome.year for outcome in outcomes})
    following = [*seasons[1:], seasons[-1] + 1] if seasons else []
    return Histories({season: count_history(outcomes, season) for season in following})


def _log_ratios(outcomes: Sequence[PastBattle], what: str, prior: float) -> dict[str, float]:
    expected = expected_passes([outcome.gap_s for outcome in outcomes])
    sums: dict[str, list[float]] = {}
    for outcome, usual in zip(outcomes, expected.tolist(), strict=True):
        total = sums.setdefault(_key(what, getattr(outcome.names, what)), [0.0, 0.0])
        total[0] += outcome.passed
        total[1] += usual
    return {
        name: round(float(np.log((passes + prior) / (usual + prior))), 6)
        for name, (passes, usual) in sorted(sums.items())
        if name
    }


def _key(what: str, name: str) -> str:
    return name.strip().lower() if what == "circuit" else name.strip()


def values(history: SeasonHistory, names: Sequence[Names]) -> Columns:
    """Return the columns of this module, one element for each of `names`."""
    tables = (
        (history.circuit, "circuit"),
        (history.circuit_recent, "circuit"),
        (history.attacker, "attacker"),
        (history.defender, "defender"),
        (history.attacker_team, "attacker_team"),
        (history.defender_team, "defender_team"),
    )
    return {
        spec.name: np.array(
            [rates.get(_key(what, getattr(name, what)), 0.0) for name in names], dtype=np.float64
        )
        for spec, (rates, what) in zip(SPECS, tables, strict=True)
    }
