"""What a predictor says of battles, and where it gives no forecast."""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.battles import Battle
from pitwall.domain.forecasts import MixedForecast, Reason
from pitwall.domain.race import CarState, Compound, RaceState, TrackStatus
from pitwall.prediction.memory import Memory

FIRST_LAPS = 2  # the models have seen no battle before both cars had completed two laps


def why_no_forecast(race: RaceState, battle: Battle) -> str:
    """Return why there is no answer for this battle, or ""."""
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
    """Return whether a car runs on intermediate or full wet-weather tyres."""
    return car.stint is not None and car.stint.compound in {Compound.INTERMEDIATE, Compound.WET}


def _has_finished(race: RaceState, car: CarState) -> bool:
    return race.total_laps is not None and car.laps_completed >= race.total_laps


def _pitted(car: CarState) -> bool:
    return car.in_pit or car.pitted_this_lap or bool(car.laps and car.laps[-1].pitted)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a predictor says of one battle.

    Attributes:
        p_overtake: In [0, 1]; None when this predictor does not answer here.
        reasons: What moved it, largest first.
        no_forecast_because: A few words when `p_overtake` is None, else "".
        mixed: What stands behind it; None where one model answers alone, or none.
    """

    p_overtake: float | None
    reasons: tuple[Reason, ...] = ()
    no_forecast_because: str = ""
    mixed: MixedForecast | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What a predictor says of the battles of one instant.

    Attributes:
        forecasts: One for each battle, in the order in which they were asked about.
        memory: To be given back at the next instant of the same race.
    """

    forecasts: list[Forecast]
    memory: Memory
