"""Inspect a battle of a stored race at any moment, and forecast it with changes: what if?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from pitwall.aio import OnceCache, to_the_end
from pitwall.domain.battles import Battle, gap_at_line_s
from pitwall.domain.race import CarState, Compound, RaceState
from pitwall.engine.race_engine import EngineState
from pitwall.errors import NotFoundError
from pitwall.ports.forecasts import Predictor
from pitwall.prediction.conditions import why_no_forecast
from pitwall.prediction.features import FEATURES, FeatureCache
from pitwall.prediction.forecast import Forecast
from pitwall.prediction.memory import Memory
from pitwall.prediction.predictor import is_gap_at_line
from pitwall.prediction.scenario import STEPS, Scenario, SeenBattle, changed
from pitwall.prediction.what_if import WhatIfFeature
from pitwall.replay.moments import RaceMoments

CACHED_BATTLES: Final = 64  # about 10 kB each

Rows = npt.NDArray[np.float32]
Residuals = npt.NDArray[np.float64]
Key = tuple[str, tuple[int, int], datetime]


class InspectingPredictor(Predictor, Protocol):
    """A predictor that exposes its rows, as `MixturePredictor` does."""

    @property
    def ranges(self) -> Mapping[str, tuple[float, float]]:
        """Least and greatest value of each feature that training saw, by name."""
        ...

    def rows(
        self, race: RaceState, battles: Sequence[Battle], memory: Memory
    ) -> tuple[Rows, Residuals]:
        """Return features, shape (n, n_features), and running residuals, (n, n_residuals)."""
        ...

    def explained(
        self, rows: Rows, residuals: Residuals | None = None, at_line: Sequence[bool] = ()
    ) -> list[Forecast]:
        """Return the forecasts of rows."""
        ...


class BattleInspector:
    """Implements `pitwall.ports.forecasts.BattleInspection` with the present model.

    Recent battles are cached, so that moving a slider runs the model only.

    Args:
        moments: Shows stored races at any moment.
        predictor: Forecasts the battles.
    """

    def __init__(self, moments: RaceMoments, predictor: InspectingPredictor) -> None:
        self._moments = moments
        self._predictor = predictor
        self._cache: OnceCache[Key, SeenBattle] = OnceCache(CACHED_BATTLES)
        self._features = [
            WhatIfFeature(spec.name, spec.unit, spec.meaning, *predictor.ranges[spec.name])
            for spec in FEATURES
            if spec.name in predictor.ranges
        ]

    def range_of(self, feature: str) -> tuple[float, float] | None:
        """Return the least and greatest value of a feature in training; None if it had none."""
        return self._predictor.ranges.get(feature)

    async def seen(self, race_id: str, pair: tuple[int, int], at: datetime) -> SeenBattle:
        """Return what the model sees of a battle, attacker and defender, at a moment.

        Raises:
            RaceNotFoundError: The race is not stored, or had not begun at `at`.
            NotFoundError: The two were not in a battle then, or the model makes no forecast of it.
            BusyError: Too many requests are waiting already.
            StoreError: The database cannot be reached.
        """
        return await self._cache.get((race_id, pair, at), lambda: self._look(race_id, pair, at))

    async def what_if(self, seen: SeenBattle, scenario: Scenario) -> Forecast:
        """Return the forecast of a battle with some of its values changed."""
        scenario = _only_changes(scenario, seen.as_it_was)
        values = changed(seen.features, scenario, self._features)
        at_line = seen.is_gap_at_line and scenario.gap_s is None
        return await asyncio.to_thread(self._forecast, values, seen.residuals, at_line=at_line)

    async def _look(self, race_id: str, pair: tuple[int, int], at: datetime) -> SeenBattle:
        async with self._moments.at(race_id, at) as (_, state, cache):
            return await to_the_end(partial(self._inspect, state, cache, pair))

    def _inspect(
        self, state: EngineState, cache: FeatureCache, pair: tuple[int, int]
    ) -> SeenBattle:
        battles = [each for each in state.battles if (each.attacker, each.defender) == pair]
        if not battles:
            raise NotFoundError("The two were not in a battle at that moment.")
        why = why_no_forecast(state.race, battles[0])
        if why:
            raise NotFoundError(f"The model makes no forecast at this moment: {why}.")
        predictor = self._predictor.for_playback(cache)
        rows, residuals = predictor.rows(state.race, battles, state.memory)
        values = dict(zip([spec.name for spec in FEATURES], rows[0].tolist(), strict=True))
        at_line = is_gap_at_line(state.race, battles[0])
        return SeenBattle(
            features={name: value for name, value in values.items() if np.isfinite(value)},
            residuals=tuple(residuals[0].tolist()),
            as_it_was=_as_it_was(state.race, battles[0], values),
            forecast=self._predictor.explained(rows, residuals, [at_line])[0],
            is_gap_at_line=at_line,
        )

    def _forecast(
        self, values: Mapping[str, float], residuals: tuple[float, ...], *, at_line: bool
    ) -> Forecast:
        row = [values.get(spec.name, np.nan) for spec in FEATURES]
        return self._predictor.explained(
            np.array([row], dtype=np.float32), np.array([residuals], dtype=np.float64), [at_line]
        )[0]


def _as_it_was(race: RaceState, battle: Battle, values: Mapping[str, float]) -> Scenario:
    attacker, defender = race.cars[battle.attacker], race.cars[battle.defender]
    at_line_s = gap_at_line_s(defender, attacker, battle.interval_at)
    allowed = values["overtake_allowed_attacker"]
    return Scenario(
        gap_s=battle.interval_s if at_line_s is None else at_line_s,
        attacker_tyre_laps=_known(values["tyre_life_attacker_laps"]),
        defender_tyre_laps=_known(values["tyre_life_defender_laps"]),
        attacker_compound=_compound(attacker),
        defender_compound=_compound(defender),
        has_mode=None if np.isnan(allowed) else allowed > 0,
    )


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _compound(car: CarState) -> Compound | None:
    stint = car.stints[-1] if car.stints else None
    return stint.compound if stint is not None and stint.compound in STEPS else None


def _only_changes(scenario: Scenario, was: Scenario) -> Scenario:
    """Return the scenario without unchanged values, which the features hold more exactly."""
    names = Scenario.__dataclass_fields__
    return Scenario(
        **{
            name: value
            for name in names
            if (value := getattr(scenario, name)) != getattr(was, name)
        }
    )
