"""Say in which condition a battle is fought, and which battles get no forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pitwall.domain.battles import Battle
from pitwall.domain.forecasts import Condition, Refusal
from pitwall.domain.race import CarState, RaceState, TrackStatus
from pitwall.domain.yellow_flags import sectors_under_yellow

_SETTLED_LAPS: Final = 2  # completed by both cars, after which a battle is no longer early

_BEHIND: Final[Mapping[TrackStatus, str]] = {
    TrackStatus.SAFETY_CAR: "behind the safety car: the next forecast comes at the restart",
    TrackStatus.RED: "red flag: the next forecast comes at the restart",
    TrackStatus.VIRTUAL_SAFETY_CAR: "virtual safety car: the next forecast comes when it ends",
    TrackStatus.VSC_ENDING: "virtual safety car ending: the next forecast comes in seconds",
}


def refusal(race: RaceState, battle: Battle) -> Refusal | None:
    """Return why this battle gets no forecast; None if it gets one."""
    attacker, defender = race.cars.get(battle.attacker), race.cars.get(battle.defender)
    if attacker is None or defender is None:
        return Refusal.UNKNOWN
    if race.phase.is_over or _has_finished(race, attacker):
        return Refusal.OVER
    if not race.track_status.allows_overtaking:
        return Refusal.NEUTRALISED
    if attacker.in_pit or defender.in_pit:
        return Refusal.PIT
    if race.lap <= 1 and not attacker.laps_completed and not defender.laps_completed:
        return Refusal.START
    return None


def why_no_forecast(race: RaceState, battle: Battle) -> str:
    """Return why this battle gets no forecast, and when it gets one; "" if it gets one now."""
    why = refusal(race, battle)
    if why is None:
        return ""
    return _BEHIND[race.track_status] if why is Refusal.NEUTRALISED else _WORDS[why]


_WORDS: Final[Mapping[Refusal, str]] = {
    Refusal.UNKNOWN: "car unknown",
    Refusal.OVER: "race over",
    Refusal.PIT: "in the pit lane: the next forecast comes at its exit",
    Refusal.START: "first lap: the first forecast comes on lap 2",
}


def condition(race: RaceState, battle: Battle) -> Condition:
    """Return the hardest condition that applies to a battle between two cars of the race."""
    both = (race.cars[battle.attacker], race.cars[battle.defender])
    if not all(map(_is_on_slicks, both)):
        return Condition.WET
    if any(car.laps_completed < _SETTLED_LAPS for car in both):
        return Condition.EARLY
    if any(map(_pitted, both)):
        return Condition.FRESH
    if race.track_status is TrackStatus.YELLOW:
        return Condition.YELLOW
    return Condition.RESTART if _restarted(race, both[0]) else Condition.CLEAN


def condition_words(race: RaceState, found: Condition) -> str:
    """Return a condition as a few words for readers; "" for a clean battle."""
    if found is not Condition.YELLOW:
        return _CONDITIONS[found]
    sectors = sorted(sectors_under_yellow(race))
    if not sectors:
        return _CONDITIONS[found]
    several = len(sectors) > 1
    where = f"sectors {', '.join(map(str, sectors))}" if several else f"sector {sectors[0]}"
    return f"yellow in {where}: passing is forbidden there"


_CONDITIONS: Final[Mapping[Condition, str]] = {
    Condition.WET: "not both on known slick tyres",
    Condition.EARLY: "opening laps",
    Condition.FRESH: "fresh from the pits",
    Condition.YELLOW: "yellow flag: passing is forbidden where it is shown",
    Condition.RESTART: "just after a restart",
    Condition.CLEAN: "",
}


def _has_finished(race: RaceState, car: CarState) -> bool:
    return race.total_laps is not None and car.laps_completed >= race.total_laps


def _is_on_slicks(car: CarState) -> bool:
    return car.stint is not None and car.stint.compound.is_slick


def _pitted(car: CarState) -> bool:
    return car.in_pit or car.pitted_this_lap or bool(car.laps and car.laps[-1].pitted)


def _restarted(race: RaceState, attacker: CarState) -> bool:
    """Return whether the cars began to race less than two line crossings of the attacker ago."""
    return len(attacker.laps) > 1 and race.racing_since > attacker.laps[-2].completed_at
