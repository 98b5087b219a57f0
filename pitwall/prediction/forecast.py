"""Define a predictor's forecasts, and decide which battles get none."""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.battles import Battle
from pitwall.domain.forecasts import Condition, MixedForecast, Reason
from pitwall.domain.race import CarState, Compound, RaceState, TrackStatus
from pitwall.prediction.memory import Memory

FIRST_LAPS = 2  # the models were not trained on battles before both cars completed two laps


def why_no_forecast(race: RaceState, battle: Battle) -> str:
    """Return why this battle gets no forecast; "" if it gets one."""
    attacker, defender = race.cars.get(battle.attacker), race.cars.get(battle.defender)
    if attacker is None or defender is None:
        return "car unknown"
    if race.phase.is_over or _has_finished(race, attacker):
        return "race over"
    if race.track_status is not TrackStatus.CLEAR:
        return "track not clear"
    if min(attacker.laps_completed, defender.laps_completed) < FIRST_LAPS:
        return "first laps"
    if is_on_wets(attacker) or is_on_wets(defender):
        return "wet-weather tyres"
    return "fresh from the pits" if _pitted(attacker) or _pitted(defender) else ""


def is_on_wets(car: CarState) -> bool:
    """Return whether a car is on intermediate or full wet-weather tyres."""
    return car.stint is not None and car.stint.compound in {Compound.INTERMEDIATE, Compound.WET}


def _has_finished(race: RaceState, car: CarState) -> bool:
    return race.total_laps is not None and car.laps_completed >= race.total_laps


def _pitted(car: CarState) -> bool:
    return car.in_pit or car.pitted_this_lap or bool(car.laps and car.laps[-1].pitted)


@dataclass(frozen=True, slots=True)
class Forecast:
    """A predictor's forecast of one battle.

    Attributes:
        p_overtake: In [0, 1]; None when the predictor gives no forecast.
        reasons: What moved the forecast, largest first.
        no_forecast_because: A few words when `p_overtake` is None, else "".
        mixed: The rest of the forecast; None where a single model, or none, answers.
        condition: The condition in which the battle is fought.
        condition_words: It as a few words for readers, such as `yellow in sector 11: passing is
            forbidden there`; "" for a clean battle.
    """

    p_overtake: float | None
    reasons: tuple[Reason, ...] = ()
    no_forecast_because: str = ""
    mixed: MixedForecast | None = None
    condition: Condition = Condition.CLEAN
    condition_words: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """A predictor's forecasts of the battles of one instant.

    Attributes:
        forecasts: One for each battle, in the order of the battles.
        memory: To be passed in at the next instant of the same race.
    """

    forecasts: list[Forecast]
    memory: Memory
