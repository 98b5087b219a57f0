"""Forecast the battles of a race state: features, the mixture, memory of the race, reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from pitwall.domain.battles import Battle, gap_at_line_s
from pitwall.domain.forecasts import (
    Condition,
    ExpertName,
    ExpertOpinion,
    MixedForecast,
    Reason,
)
from pitwall.domain.race import RaceState
from pitwall.prediction.bundle import SHIPPED, Bundle, load_bundle
from pitwall.prediction.columns.spec import EXPERTS, Rows
from pitwall.prediction.columns.topics import SITUATION, topic_of
from pitwall.prediction.conditions import condition, condition_words, why_no_forecast
from pitwall.prediction.experts import Logits
from pitwall.prediction.explanations import Explainer
from pitwall.prediction.features import FeatureCache, feature_columns, feature_matrix, feature_names
from pitwall.prediction.forecast import Answers, Forecast
from pitwall.prediction.memory import (
    NO_MEMORY,
    RESIDUALS,
    Memory,
    at_the_line,
    noted,
    running_residuals,
)
from pitwall.prediction.mixture import Mixture, Opinions, Stacked
from pitwall.prediction.reasons import LEAST, in_words

# No feed says which car has DRS or Overtake Mode when it matters, how much charge a battery has, or
# how much a wake costs, so every expert rests on an estimate of the effect it is named after.
IS_ESTIMATED: Final = dict.fromkeys(ExpertName, True)


class MixturePredictor:
    """Implements `pitwall.ports.forecasts.Predictor` with a trained mixture.

    It forecasts every battle in which passing is allowed, and says why where it does not; see
    `conditions.refusal`. A new predictor reads the race afresh for each call, so that any number of
    threads may share it; the one that `for_playback` returns has a feature cache.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._cache: FeatureCache | None = None
        self.mixture = Mixture(bundle.parts)
        self._explainer: Explainer | None = Explainer(
            self.mixture, [topic_of(name) for name in feature_names()]
        )
        self._places = {name: place for place, name in enumerate(feature_names())}

    @classmethod
    def load(cls, path: Path = SHIPPED) -> MixturePredictor:
        """Return the predictor of a bundle.

        Raises:
            ModelError: A file is missing, damaged, or made for other features.
        """
        return cls(load_bundle(path, feature_columns()))

    @property
    def version(self) -> str:
        """The trained model's name and content hash."""
        return self.bundle.version

    @property
    def trained_at(self) -> datetime | None:
        """When the model was trained, UTC."""
        return self.bundle.trained_at

    def forecast(
        self, race: RaceState, battles: Sequence[Battle], memory: Memory = NO_MEMORY
    ) -> Answers:
        """Return one forecast for each battle, in the same order, and what to remember.

        Args:
            race: The field at this instant.
            battles: Those to forecast.
            memory: What the previous call for this race returned; without it, earlier forecasts
                are unknown.
        """
        refusals = [why_no_forecast(race, battle) for battle in battles]
        asked = [battle for battle, why in zip(battles, refusals, strict=True) if not why]
        if not asked:
            return Answers([Forecast(None, (), why) for why in refusals], memory)
        rows, residuals = self.rows(race, asked, memory)
        stacked = self._stacked(rows, residuals)
        opinions = self.mixture.opinions(rows, residuals, stacked)
        at_line = [is_gap_at_line(race, battle) for battle in asked]
        conditions = [condition(race, battle) for battle in asked]
        words = {one: condition_words(race, one) for one in set(conditions)}
        told = [(one, words[one]) for one in conditions]
        answers = iter(self._forecasts(rows, residuals, stacked, opinions, at_line, told))
        at = [at_the_line(race, battle) for battle in asked]
        return Answers(
            [Forecast(None, (), why) if why else next(answers) for why in refusals],
            noted(memory, at, opinions.p_plain.tolist()),
        )

    def for_playback(self, cache: FeatureCache | None = None) -> Self:
        """Return a predictor with the same model and a feature cache, for one thread at a time.

        Args:
            cache: The cache to use, as that of another predictor; None for an empty one.
        """
        own = copy(self)
        own._cache = FeatureCache() if cache is None else cache
        return own

    def without_reasons(self) -> MixturePredictor:
        """Return a predictor with the same model that gives no reasons, in half the time."""
        plain = copy(self)
        plain._explainer = None
        return plain

    def cache_of(self, race: RaceState) -> FeatureCache:
        """Return a feature cache that has read every lap of `race`."""
        cache = FeatureCache()
        cache.laps.follow(race, self.bundle.knowledge.rules.of(race.info.year))
        return cache

    @property
    def ranges(self) -> Mapping[str, tuple[float, float]]:
        """The lowest and highest value of each feature in training, by name."""
        return self.bundle.ranges

    def explained(
        self, rows: Rows, residuals: Logits | None = None, at_line: Sequence[bool] = ()
    ) -> list[Forecast]:
        """Return forecasts with reasons for rows of features, shape (n, n_features).

        Args:
            rows: Features as the method `rows` returns them.
            residuals: Running residuals as `rows` returns them; None where the outcomes of earlier
                forecasts are unknown.
            at_line: For each row, whether its gap is the one at the line; empty means none.
        """
        if residuals is None:
            residuals = np.zeros((len(rows), len(RESIDUALS)))
        stacked = self._stacked(rows, residuals)
        opinions = self.mixture.opinions(rows, residuals, stacked)
        told = [(Condition.CLEAN, "")] * len(rows)
        at_line = at_line or [False] * len(rows)
        return self._forecasts(rows, residuals, stacked, opinions, at_line, told)

    def rows(
        self, race: RaceState, battles: Sequence[Battle], memory: Memory
    ) -> tuple[Rows, Logits]:
        """Return the features of battles, (n, n_columns), and their running residuals, (n, 4)."""
        cache = FeatureCache() if self._cache is None else self._cache
        matrix = feature_matrix(race, battles, self.bundle.knowledge, cache).astype(np.float32)
        now = np.full(len(battles), race.as_of.timestamp())
        pairs = np.array([(one.attacker, one.defender) for one in battles], dtype=np.int64)
        record = cache.record.of(memory, cache.laps)
        season = self.bundle.parts.seasons.get(race.info.year, 0.0)
        return matrix, running_residuals(record, now, pairs[:, 0], pairs[:, 1], season)

    def _stacked(self, rows: Rows, residuals: Logits) -> Stacked:
        """Return the margins; with the leaves they come from where they will be explained."""
        way = self.mixture.stacked if self._explainer is None else self.mixture.walked
        return way(rows, residuals)

    def _forecasts(
        self,
        rows: Rows,
        residuals: Logits,
        stacked: Stacked,
        opinions: Opinions,
        at_line: Sequence[bool],
        conditions: Sequence[tuple[Condition, str]],
    ) -> list[Forecast]:
        reasons = self._reasons(rows, residuals, stacked, at_line)
        return [
            Forecast(p, why, "", mixed, one, words)
            for p, why, mixed, (one, words) in zip(
                opinions.p_overtake.tolist(),
                reasons,
                mixed_forecasts(opinions),
                conditions,
                strict=True,
            )
        ]

    def _reasons(
        self, rows: Rows, residuals: Logits, stacked: Stacked, at_line: Sequence[bool]
    ) -> list[tuple[Reason, ...]]:
        if self._explainer is None:
            return [()] * len(rows)
        found = self._explainer.contributions(residuals, stacked)
        names = [(part, topic) for part in found.credits for topic in self._explainer.topics]
        names += [(SITUATION, f"residual {name}") for name in RESIDUALS]
        amounts = np.concatenate([*found.credits.values(), found.residuals], axis=1)
        told = []
        are_large = np.abs(amounts) >= LEAST
        for row, is_large, values, flag in zip(
            amounts.tolist(), are_large, rows, at_line, strict=True
        ):
            large = np.flatnonzero(is_large).tolist()
            by_name = {names[place]: row[place] for place in large}
            told.append(in_words(by_name, _Row(self._places, values, flag)))
        return told


class _Row:
    """The features of one battle, by name."""

    def __init__(
        self,
        places: dict[str, int],
        values: npt.NDArray[np.float32],
        is_gap_at_line: bool,
    ) -> None:
        self._places = places
        self._values = values
        self.is_gap_at_line = is_gap_at_line

    def __getitem__(self, name: str) -> float:
        return float(self._values[self._places[name]])


def is_gap_at_line(race: RaceState, battle: Battle) -> bool:
    """Return whether the model uses the gap at the line instead of the battle's interval."""
    attacker, defender = race.cars.get(battle.attacker), race.cars.get(battle.defender)
    if attacker is None or defender is None:
        return False
    return gap_at_line_s(defender, attacker, battle.interval_at) is not None


def mixed_forecasts(opinions: Opinions) -> list[MixedForecast]:
    """Return the published part of the opinions on n battles."""
    by_row = zip(
        opinions.p_overtake_3.tolist(),
        opinions.low.tolist(),
        opinions.high.tolist(),
        opinions.p_experts.tolist(),
        opinions.shares.tolist(),
        opinions.contributions.tolist(),
        opinions.points.tolist(),
        opinions.p_outcomes.tolist(),
        opinions.base.tolist(),
        opinions.p_kept.tolist(),
        strict=True,
    )
    return [
        MixedForecast(
            p_overtake_3=p_3,
            p_low=low,
            p_high=high,
            experts=tuple(
                ExpertOpinion(name, p, weight, IS_ESTIMATED[name], contribution, moved)
                for name, p, weight, contribution, moved in zip(
                    EXPERTS, p_experts, shares, contributions, points, strict=True
                )
            ),
            p_pit=outcomes[1],
            p_neutralised=outcomes[2],
            p_retired=outcomes[3],
            base=base,
            p_kept=p_kept,
        )
        for (
            p_3,
            low,
            high,
            p_experts,
            shares,
            contributions,
            points,
            outcomes,
            base,
            p_kept,
        ) in by_row
    ]
