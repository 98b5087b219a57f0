"""Infer what a feed or a recording leaves out: the phase, the track's status, the leader's lap.

`reducer.apply` sets what the feed's own topics tell. Here other topics stand in for the silent
ones: `SessionData`, line crossings, and race control. What is inferred is named in
`RaceState.inferred`, and a topic that speaks later has the last word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pitwall.domain import events as race_events
from pitwall.domain.race import CarState, ControlMessage, Inferred, Phase, RaceState, TrackStatus
from pitwall.domain.sessions import is_raced

_SURE_AFTER = 3  # line crossings under way, where the feed has told another phase
_NEWER = timedelta(seconds=2)  # topics that tell the same do so within two seconds
_PREPARES_FOR = timedelta(seconds=30)


def inferred_after(before: RaceState, race: RaceState, event: race_events.TimingEvent) -> RaceState:
    """Return the state after an event with what follows from it.

    Args:
        before: The state before the event.
        race: The state after it, by what the feed told alone.
        event: What was told.
    """
    then = _BY_EVENT.get(type(event))
    return race if then is None else then(before, race, event)


def _phase_told(_before: RaceState, race: RaceState, event: race_events.PhaseChanged) -> RaceState:
    told = replace(race.told, phase_at=event.sent_at, crossings=0)
    return _known(replace(race, told=told), Inferred.PHASE)


def _track_told(
    _before: RaceState, race: RaceState, event: race_events.TrackStatusChanged
) -> RaceState:
    told = replace(race.told, track_at=event.sent_at)
    return _known(replace(race, told=told), Inferred.TRACK_STATUS)


def _lap_told(_before: RaceState, race: RaceState, event: race_events.LapCounted) -> RaceState:
    if event.lap is None:
        return race
    return _known(replace(race, told=replace(race.told, counts_laps=True)), Inferred.LAP)


def status_repeated(race: RaceState, event: race_events.StatusRepeated) -> RaceState:
    """Take a status of `SessionData` where its own topic has not told a newer one."""
    at, told = event.told_at, race.told
    if event.phase is not None and _is_newer(at, told.phase_at):
        race = _with_phase(race, event.phase)
        race = _known(
            replace(race, told=replace(race.told, phase_at=at, crossings=0)), Inferred.PHASE
        )
    if event.track_status is not None and _is_newer(at, told.track_at):
        race = _with_track(race, event.track_status, event.sent_at)
        race = _known(replace(race, told=replace(race.told, track_at=at)), Inferred.TRACK_STATUS)
    if event.lap is not None and not told.counts_laps and _is_race(race):
        race = replace(race, lap=max(race.lap, event.lap))
    return replace(race, as_of=max(race.as_of, event.sent_at))


def _is_newer(at: datetime, known_at: datetime | None) -> bool:
    return known_at is None or at - known_at > _NEWER


def _by_crossing(before: RaceState, race: RaceState, event: race_events.CarTimed) -> RaceState:
    """Infer lap and phase from a line crossing."""
    car, was = race.cars.get(event.number), before.cars.get(event.number)
    laps_before = was.laps_completed if was else 0
    if car is None or car.laps_completed <= laps_before or not _is_race(race):
        return race
    race = _with_lap(race, car.laps_completed + 1)
    if car.laps_completed == laps_before + 1 and not car.in_pit:
        race = _crossed_under_way(race, car)
    is_last = race.total_laps is not None and car.laps_completed >= race.total_laps
    return _finished(race) if is_last else race


def _with_lap(race: RaceState, lap: int) -> RaceState:
    """Return the race on a lap, where `LapCount` is silent or has missed one."""
    if race.total_laps is not None:
        lap = min(lap, race.total_laps)
    if lap < race.lap + (2 if race.told.counts_laps else 1):
        return race
    return _infer(replace(race, lap=lap), Inferred.LAP)


def _crossed_under_way(race: RaceState, car: CarState) -> RaceState:
    if race.phase not in {Phase.INACTIVE, Phase.ABORTED}:
        return race
    if not race.track_status.allows_overtaking:
        return race
    crossings = race.told.crossings + 1
    race = replace(race, told=replace(race.told, crossings=crossings))
    if race.told.phase_at is not None and crossings < _SURE_AFTER:
        return race
    race = _infer(replace(race, phase=Phase.STARTED), Inferred.PHASE)
    if len(car.laps) != 1:
        return race
    # The cars came to the grid through the pit lane, which was no pit stop.
    first = replace(car, laps=(replace(car.laps[0], pitted=False),))
    others = {n: replace(each, pitted_this_lap=each.in_pit) for n, each in race.cars.items()}
    return replace(race, cars={**others, car.number: first})


def _finished(race: RaceState) -> RaceState:
    """Return the race as finished, if it was inferred that it runs."""
    if Inferred.PHASE in race.inferred and race.phase is Phase.STARTED:
        return replace(race, phase=Phase.FINISHED)
    return race


def _by_control(before: RaceState, race: RaceState, event: race_events.ControlSaid) -> RaceState:
    """Infer the flags, and the end, from a message of race control that is new."""
    if race.control is before.control:
        return race
    said = event.message
    if _is_of_before_clear(race, said):
        return race
    flags = race.told.flags.after(said.category, said.message, said.flag, said.scope, said.sector)
    if flags is not race.told.flags:
        race = replace(race, told=replace(race.told, flags=flags))
    if race.told.track_at is None and flags.status is not race.track_status:
        race = _infer(_with_track(race, flags.status, event.sent_at), Inferred.TRACK_STATUS)
    is_last = (said.flag or "").upper() == "CHEQUERED" or said.message.upper() == "CHEQUERED FLAG"
    return _finished(race) if is_last else race


def _is_of_before_clear(race: RaceState, said: ControlMessage) -> bool:
    """Whether a message that comes late, as in a snapshot, is older than a track told to be clear.

    The time in a message has whole seconds only.
    """
    if race.told.track_at is None or race.track_status is not TrackStatus.CLEAR:
        return False
    return race.track_status_at - said.at > _NEWER


def _described(before: RaceState, race: RaceState, event: race_events.RaceDescribed) -> RaceState:
    """Keep what was told of the cars of the next race just before it was named."""
    if race.cars is not before.cars and not race.cars and _is_prepared(before, event.sent_at):
        race = replace(race, cars=before.told.cars)
    if event.is_inferred:
        return _infer(race, Inferred.SESSION)
    return _known(race, Inferred.SESSION)


def _preparing(
    before: RaceState,
    race: RaceState,
    event: race_events.DriverListed | race_events.CarGridded | race_events.StintChanged,
) -> RaceState:
    """Note what may belong to the next race, which the feed can name later."""
    if isinstance(event, race_events.DriverListed):
        cars = {**_prepared(before, event.sent_at)}
        mine = cars.get(event.number, CarState(event.number))
        listed = race.cars.get(event.number)
        if listed is None:  # a session that is over takes no more cars
            return race
        cars[event.number] = replace(mine, driver=listed.driver)
    else:
        was, now = before.cars.get(event.number), race.cars.get(event.number)
        if not race.phase.is_over or now is None or now == was:
            return race  # of this race, or told again
        cars = {**_prepared(before, event.sent_at)}
        mine = cars.get(event.number, CarState(event.number))
        fresh = now.stints[-1:] if isinstance(event, race_events.StintChanged) else mine.stints
        stints = tuple(replace(each, stint_number=1) for each in fresh)
        cars[event.number] = replace(mine, grid_position=now.grid_position, stints=stints)
    told = replace(race.told, cars=cars, cars_at=event.sent_at)
    return replace(race, told=told)


def _prepared(race: RaceState, at: datetime) -> dict[Any, CarState]:
    return dict(race.told.cars) if _is_prepared(race, at) else {}


def _is_prepared(race: RaceState, at: datetime) -> bool:
    since = race.told.cars_at
    return since is not None and timedelta(0) <= at - since <= _PREPARES_FOR


def _with_phase(race: RaceState, phase: Phase) -> RaceState:
    if race.phase is phase:
        return race
    cars = race.cars
    if phase is Phase.STARTED and race.lap <= 1:
        cars = {number: at_lights_out(race, car) for number, car in cars.items()}
    return replace(race, phase=phase, cars=cars)


def at_lights_out(race: RaceState, car: CarState) -> CarState:
    """Return a car as its first lap begins: it came to the grid through the pit lane."""
    unclear = race.track_status is not TrackStatus.CLEAR
    return replace(
        car,
        pitted_this_lap=False,
        unclear_this_lap=unclear,
        sectors_s=(None, None, None),
        speeds_kmh={},
    )


def _with_track(race: RaceState, status: TrackStatus, at: datetime) -> RaceState:
    if race.track_status is status:
        return race
    cars = race.cars
    if status is not TrackStatus.CLEAR:
        cars = {number: replace(car, unclear_this_lap=True) for number, car in cars.items()}
    return replace(race, track_status=status, track_status_at=at, cars=cars)


def _is_race(race: RaceState) -> bool:
    return not race.info.kind or is_raced(race.info.kind)


def _infer(race: RaceState, what: Inferred) -> RaceState:
    return race if what in race.inferred else replace(race, inferred=race.inferred | {what})


def _known(race: RaceState, what: Inferred) -> RaceState:
    return replace(race, inferred=race.inferred - {what}) if what in race.inferred else race


_BY_EVENT: dict[type, Callable[[RaceState, RaceState, Any], RaceState]] = {
    race_events.CarTimed: _by_crossing,
    race_events.PhaseChanged: _phase_told,
    race_events.TrackStatusChanged: _track_told,
    race_events.LapCounted: _lap_told,
    race_events.ControlSaid: _by_control,
    race_events.RaceDescribed: _described,
    race_events.DriverListed: _preparing,
    race_events.CarGridded: _preparing,
    race_events.StintChanged: _preparing,
}
