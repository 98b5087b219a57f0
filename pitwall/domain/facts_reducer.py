"""Apply events about stops, overtakes, bests, championship and radio to the race state.

The feed patches its lists by index and its objects by field, so what an event does not mention
stays as it was. Every list has a bound; what lies beyond is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from pitwall.domain import events as race_events
from pitwall.domain.race import CarState, DriverNumber, RaceState, Stint
from pitwall.domain.session_facts import (
    BESTS,
    MOST_CAPTURES,
    MOST_OVERTAKES,
    MOST_STOPS,
    MOST_TEAMS,
    CarFacts,
    ChampionshipPlace,
    CountedOvertake,
    RadioCapture,
    RankedBest,
    SessionFacts,
    TimedStop,
)

_MOST_CARS = 200
_STOP = ("told_at", "lap", "stationary_s", "lane_s")
_POINTS = ("position", "predicted_position", "points", "predicted_points")

K = TypeVar("K")
V = TypeVar("V")


def stop_timed(race: RaceState, event: race_events.StopTimed) -> RaceState:
    """Take a pit stop, and where the feed told stints without their laps, their first laps."""
    facts = race.facts.of_car(event.number)
    stop = _changed(facts.stops.get(event.index, TimedStop()), event, _STOP)
    stops = _with(facts.stops, event.index, stop, MOST_STOPS)
    race = _with_car_facts(race, event, replace(facts, stops=stops))
    car = race.cars.get(event.number)
    return race if car is None else with_stint_laps(race, car)


def overtake_counted(race: RaceState, event: race_events.OvertakeCounted) -> RaceState:
    """Take an entry of the feed's count of a car's overtakes."""
    facts = race.facts.of_car(event.number)
    counted = facts.overtakes.get(event.index, CountedOvertake())
    counted = _changed(counted, event, ("told_at", "count"))
    overtakes = _with(facts.overtakes, event.index, counted, MOST_OVERTAKES)
    return _with_car_facts(race, event, replace(facts, overtakes=overtakes))


def best_told(race: RaceState, event: race_events.BestTold) -> RaceState:
    """Take a car's best time or speed, or drop one that the feed took back."""
    if event.what not in BESTS:
        return race
    facts = race.facts.of_car(event.number)
    best = RankedBest() if event.is_cleared else facts.bests.get(event.what, RankedBest())
    best = _changed(best, event, ("value", "rank", "lap"))
    bests = _with(facts.bests, event.what, best, len(BESTS))
    return _with_car_facts(race, event, replace(facts, bests=bests))


def points_predicted(race: RaceState, event: race_events.PointsPredicted) -> RaceState:
    """Take a place in one of the two championships."""
    facts = race.facts
    if event.number is not None:
        place = facts.driver_points.get(event.number, ChampionshipPlace())
        place = _changed(place, event, _POINTS)
        driver_points = _with(facts.driver_points, int(event.number), place, _MOST_CARS)
        return _with_facts(race, event.sent_at, replace(facts, driver_points=driver_points))
    place = _changed(facts.team_points.get(event.team, ChampionshipPlace()), event, _POINTS)
    team_points = _with(facts.team_points, event.team, place, MOST_TEAMS)
    return _with_facts(race, event.sent_at, replace(facts, team_points=team_points))


def radio_captured(race: RaceState, event: race_events.RadioCaptured) -> RaceState:
    """Take a capture of team radio."""
    capture = race.facts.radio.get(event.index, RadioCapture())
    capture = _changed(capture, event, ("number", "told_at"))
    if event.path:
        capture = replace(capture, path=event.path)
    radio = _with(race.facts.radio, event.index, capture, MOST_CAPTURES)
    return _with_facts(race, event.sent_at, replace(race.facts, radio=radio))


def leader_listed(race: RaceState, event: race_events.LeaderListed) -> RaceState:
    """Take a line of the feed's own list of the first three."""
    if not 1 <= event.place <= 3:
        return race
    top_three = _with(race.facts.top_three, event.place, int(event.number), 3)
    return _with_facts(race, event.sent_at, replace(race.facts, top_three=top_three))


def folder_named(race: RaceState, event: race_events.FolderNamed) -> RaceState:
    """Take the session's folder in the feed's archive."""
    return _with_facts(race, event.sent_at, replace(race.facts, folder=event.folder))


def without_car(race: RaceState, number: DriverNumber) -> RaceState:
    """Return the race without what was told of a car that the feed removed."""
    if number not in race.facts.cars:
        return race
    cars = {key: facts for key, facts in race.facts.cars.items() if key != number}
    return replace(race, facts=replace(race.facts, cars=cars))


def with_stint_laps(race: RaceState, car: CarState) -> RaceState:
    """Return the race with the first laps of stints that only the list of stops tells.

    That is so where a feed is joined mid-race: it tells all stints at once, without their laps.
    The list leaves out stops at times, so that it counts where it has one for each change of tyres,
    and none of them was seen.
    """
    stops = race.facts.of_car(car.number).stops_in_order
    laps = [stop.lap for stop in stops if stop.lap is not None]
    if car.out_lap is not None or not laps or len(laps) != len(car.stints) - 1:
        return race
    if sorted(set(laps)) != laps:
        return race
    firsts = (1, *(lap + 1 for lap in laps))
    stints = tuple(map(_beginning, car.stints, firsts))
    if stints == car.stints:
        return race
    return replace(race, cars={**race.cars, car.number: replace(car, stints=stints)})


def _beginning(stint: Stint, first: int) -> Stint:
    return stint if stint.from_lap == first else replace(stint, from_lap=first)


def _changed(value: V, event: race_events.TimingEvent, names: tuple[str, ...]) -> V:
    """Return a value with the fields of these names that an event mentions."""
    told: dict[str, Any] = {
        name: given for name in names if (given := getattr(event, name)) is not None
    }
    return replace(value, **told) if told else value  # type: ignore[type-var]  # a dataclass each


def _with(known: Mapping[K, V], key: K, value: V, most: int) -> Mapping[K, V]:
    """Return a mapping with one value more or changed; a full one takes no new key."""
    if key not in known and len(known) >= most:
        return known
    return known if known.get(key) == value else {**known, key: value}


def _with_car_facts(
    race: RaceState,
    event: race_events.StopTimed | race_events.OvertakeCounted | race_events.BestTold,
    facts: CarFacts,
) -> RaceState:
    cars = _with(race.facts.cars, int(event.number), facts, _MOST_CARS)
    return _with_facts(race, event.sent_at, replace(race.facts, cars=cars))


def _with_facts(race: RaceState, at: datetime, facts: SessionFacts) -> RaceState:
    return replace(race, facts=facts, as_of=max(race.as_of, at))
