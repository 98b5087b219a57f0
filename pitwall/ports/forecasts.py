"""Ports of forecasting: battles of now, of stored races, and hypothetical ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from pitwall.domain.battles import Battle
from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import RaceState
from pitwall.prediction.forecast import Answers, Forecast
from pitwall.prediction.memory import NO_MEMORY, Memory
from pitwall.prediction.scenario import Scenario, SeenBattle


class Predictor(Protocol):
    """Forecasts battles from the race state alone."""

    @property
    def version(self) -> str:
        """Which trained model answers: name and content hash."""
        ...

    @property
    def trained_at(self) -> datetime | None:
        """When the model was trained, UTC; None if it never was."""
        ...

    def forecast(
        self, race: RaceState, battles: Sequence[Battle], memory: Memory = NO_MEMORY
    ) -> Answers:
        """Return one forecast for each battle, in the same order, and what to remember.

        Args:
            race: The field at this instant.
            battles: Those to forecast.
            memory: What the call before returned, of the same race.
        """
        ...


class ForecastThen(Protocol):
    """Forecasts of races that are stored."""

    async def forecast_at(self, race_id: str, at: datetime) -> LiveFrame:
        """Return a frame of a stored race as it stood at `at`, forecast with the model of today.

        Raises:
            RaceNotFoundError: No such race is stored, or it had not begun at `at`.
        """
        ...


class BattleInspection(Protocol):
    """What the model sees of battles of kept races, and what it would say had they been others."""

    async def seen(self, race_id: str, pair: tuple[int, int], at: datetime) -> SeenBattle:
        """Return what the model of today sees of a battle, attacker and defender, at a moment.

        Raises:
            RaceNotFoundError: The race is not kept, or had not begun.
            NotThereError: The two did not battle at that moment, or the model says nothing of it.
        """
        ...

    async def what_if(self, seen: SeenBattle, scenario: Scenario) -> Forecast:
        """Return the forecast of a battle of which some things are changed."""
        ...

    def range_of(self, feature: str) -> tuple[float, float] | None:
        """Return least and greatest value of a feature in training; None if it saw none."""
        ...
