"""Define the ports of forecasting: current battles, battles of stored races and what-if battles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, Self, runtime_checkable

from pitwall.domain.battles import Battle
from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import RaceState
from pitwall.prediction.features import FeatureCache
from pitwall.prediction.forecast import Answers, Forecast
from pitwall.prediction.memory import NO_MEMORY, Memory
from pitwall.prediction.scenario import Scenario, SeenBattle


class Predictor(Protocol):
    """Forecasts battles from the race state alone.

    `prediction` implements it with libraries that `engine`, which needs it, does without.
    """

    @property
    def version(self) -> str:
        """The trained model's name and content hash."""
        ...

    @property
    def trained_at(self) -> datetime | None:
        """When the model was trained, UTC; None if it never was."""
        ...

    def for_playback(self, cache: FeatureCache | None = None) -> Self:
        """Return a predictor of the same model for one playback, cheaply.

        It may keep in `cache`, or in one of its own, what saves it time from call to call. A cache
        changes no forecast, also not after going back or after another race, and it must not be
        used by two threads at once.
        """
        ...

    def forecast(
        self, race: RaceState, battles: Sequence[Battle], memory: Memory = NO_MEMORY
    ) -> Answers:
        """Return one forecast for each battle, in the same order, and what to remember.

        Args:
            race: The field at this instant.
            battles: Those to forecast.
            memory: What the previous call for the same race returned.
        """
        ...


@runtime_checkable
class ReasoningPredictor(Predictor, Protocol):
    """A predictor that can leave out the reasons, which take it a while."""

    def without_reasons(self) -> Predictor:
        """Return a predictor that gives the same forecasts without reasons, from the same cache."""
        ...


class ForecastThen(Protocol):
    """Forecasts moments of stored races.

    `replay` implements it with the model, whose libraries `api`, which needs it, may not load.
    """

    async def forecast_at(self, race_id: str, at: datetime) -> LiveFrame:
        """Return a frame of a stored race as of `at`, forecast with the current model.

        Raises:
            RaceNotFoundError: No such race is stored, or it had not begun at `at`.
        """
        ...


class BattleInspection(Protocol):
    """Shows the model's input for battles of stored races, and forecasts changed battles.

    `analysis` implements it with the model, whose libraries `web`, which needs it, may not load.
    """

    async def seen(self, race_id: str, pair: tuple[int, int], at: datetime) -> SeenBattle:
        """Return the current model's input and forecast for a battle at a moment.

        Raises:
            RaceNotFoundError: The race is not stored, or had not begun.
            NotFoundError: The two had no battle at that moment, or the model gives no forecast.
        """
        ...

    async def what_if(self, seen: SeenBattle, scenario: Scenario) -> Forecast:
        """Return the forecast of a battle after the changes of a scenario."""
        ...

    def range_of(self, feature: str) -> tuple[float, float] | None:
        """Return the lowest and highest value of a feature in training; None without any."""
        ...
