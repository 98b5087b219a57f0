"""Forecast battles with made-up contributions, for tests of what carries them further."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pitwall.domain.battles import Battle
from pitwall.domain.forecasts import (
    Condition,
    ExpertName,
    ExpertOpinion,
    MixedForecast,
    Reason,
    points_of,
)
from pitwall.domain.race import RaceState
from pitwall.prediction.features import FeatureCache
from pitwall.prediction.forecast import Answers, Forecast
from pitwall.prediction.memory import NO_MEMORY, Memory


def made_up(
    base: float,
    contributions: Sequence[float],
    *,
    p_kept: float | None = 0.83,
    condition: Condition = Condition.CLEAN,
    words: str = "",
) -> Forecast:
    """Return a forecast whose parts add up.

    Args:
        base: The logit of the situation.
        contributions: Of OM, BOOST and AERO, logits.
        p_kept: As the forecast has it.
        condition: As the forecast has it.
        words: The condition in words.
    """
    p = _chance(base + sum(contributions))
    moved = sum(map(abs, contributions)) or 1.0
    moves = zip(ExpertName, contributions, points_of(base, contributions), strict=True)
    experts = tuple(
        ExpertOpinion(
            name,
            _chance(base + adds),
            abs(adds) / moved,
            is_estimated=True,
            contribution=adds,
            points=points,
        )
        for name, adds, points in moves
    )
    mixed = MixedForecast(
        p_overtake_3=1 - (1 - p) ** 2,
        p_low=0.8 * p,
        p_high=p + 0.2 * (1 - p),
        experts=experts,
        p_pit=0.04,
        p_neutralised=0.013,
        p_retired=0.002,
        base=base,
        p_kept=p_kept,
    )
    om, boost, aero = (round(adds, 2) for adds in contributions)
    reasons = (
        Reason("gap", round(base, 2), "gap 0.6 s", "situation"),
        Reason("energy", boost, "more charge on the straights", "boost"),
        Reason("sectors", aero, "0.2 s lost in the wake of sector 2", "aero"),
        Reason("enabled", om, "within one second at detection", "om"),
    )
    largest_first = tuple(sorted(reasons, key=lambda reason: -abs(reason.weight)))
    return Forecast(p, largest_first, mixed=mixed, condition=condition, condition_words=words)


def _chance(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


class ContributingPredictor:
    """Implements `pitwall.ports.forecasts.Predictor`: every pair of cars has its own contributions.

    Attributes:
        trained_at: None, because it never was.
    """

    trained_at: datetime | None = None

    def __init__(self, version: str = "contributing-1") -> None:
        self.version = version

    def for_playback(self, cache: FeatureCache | None = None) -> Self:
        return self

    def forecast(
        self, race: RaceState, battles: Sequence[Battle], memory: Memory = NO_MEMORY
    ) -> Answers:
        return Answers([self._one(race, battle) for battle in battles], memory)

    def _one(self, race: RaceState, battle: Battle) -> Forecast:
        lap = race.cars[battle.attacker].laps_completed
        turn = 0.9 * int(battle.attacker) + 0.31 * int(battle.defender) + 0.05 * lap
        contributions = (math.sin(turn), 1.4 * math.sin(2 * turn + 1), 0.9 * math.cos(3 * turn))
        fresh = int(battle.attacker) % 2 == 0
        return made_up(
            -1.6 - battle.interval_s,
            contributions,
            p_kept=0.6 + 0.3 * math.cos(turn) ** 2,
            condition=Condition.FRESH if fresh else Condition.CLEAN,
            words="fresh from the pits" if fresh else "",
        )
