"""Keep what a feed tells of the next session before it names that session.

On one connection the topics of a new session come within a moment, in any order: its status, the
state of the track, laps, weather, drivers, tyres and places may be told just before `SessionInfo`
names it. What comes after the end of a session is therefore also taken as if it were of a new one,
until the feed has been quiet for some seconds; if the feed then names another session, it begins
with that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from pitwall.domain import events as race_events
from pitwall.domain.race import CarState, NextSession, Phase, RaceState, Told

_PAUSE: Final = timedelta(seconds=3)  # between topics of one session change, at most
_NAMED_WITHIN: Final = timedelta(seconds=30)
_OF_A_SESSION: Final = frozenset(
    {
        race_events.CarTimed,
        race_events.StintChanged,
        race_events.DriverListed,
        race_events.CarGridded,
        race_events.CarRemoved,
        race_events.PhaseChanged,
        race_events.TrackStatusChanged,
        race_events.StatusRepeated,
        race_events.LapCounted,
        race_events.WeatherMeasured,
        race_events.ControlSaid,
    }
)

Apply = Callable[[RaceState, race_events.TimingEvent], RaceState]


def with_next_session(
    before: RaceState, after: RaceState, event: race_events.TimingEvent, apply: Apply
) -> RaceState:
    """Return the state after an event, with what the event would say of a next session.

    Args:
        before: The state before the event.
        after: The state after it.
        event: What was told.
        apply: Applies an event to a state.
    """
    known = before.told.next
    if known is None and not before.phase.is_over:
        return after  # while the cars race, which is nearly always
    if type(event) is race_events.RaceDescribed:
        return _begun(before, after, event)
    if type(event) not in _OF_A_SESSION:
        return after
    goes_on = known is not None and timedelta(0) <= event.sent_at - known.told_at <= _PAUSE
    if not (goes_on or before.phase.is_over):
        return replace(after, told=replace(after.told, next=None))
    begun = apply(_as_race(known) if known is not None and goes_on else RaceState(), event)
    told = begun.told
    found = NextSession(
        event.sent_at,
        begun.cars,
        begun.phase,
        begun.track_status,
        begun.lap,
        begun.total_laps,
        begun.weather,
        begun.control,
        told.flags,
        told.phase_at,
        told.track_at,
        told.weather_at,
        told.counts_laps,
    )
    return replace(after, told=replace(after.told, next=found))


def _begun(before: RaceState, after: RaceState, event: race_events.RaceDescribed) -> RaceState:
    """Return the session that was just named with what was told of it before."""
    known = before.told.next
    is_another = bool(before.info.race_id) and after.info.race_id != before.info.race_id
    if known is None or not is_another:
        return after
    if not timedelta(0) <= event.sent_at - known.told_at <= _NAMED_WITHIN:
        return after
    race = replace(_as_race(known), as_of=after.as_of, info=after.info, inferred=after.inferred)
    if race.phase.is_over:  # that of the session before, told once more
        race = replace(race, phase=Phase.INACTIVE, told=replace(race.told, phase_at=None))
    if after.timed is not None:  # whose laps and phases are counted in another way
        race = replace(
            after,
            track_status=race.track_status,
            track_status_at=race.track_status_at,
            weather=race.weather,
            told=replace(after.told, track_at=known.track_at, weather_at=known.weather_at),
        )
    cars = {number: _of_both(car, known.cars.get(number)) for number, car in after.cars.items()}
    others = known.cars if after.timed is None else {}
    return replace(race, cars={**others, **cars})


def _of_both(listed: CarState, known: CarState | None) -> CarState:
    """Return a car as it was listed, with what else was told of it."""
    if known is None:
        return listed
    stints = known.stints or listed.stints
    grid = known.grid_position or listed.grid_position
    return replace(known, driver=listed.driver, stints=stints, grid_position=grid)


def _as_race(known: NextSession) -> RaceState:
    told = Told(
        phase_at=known.phase_at,
        track_at=known.track_at,
        weather_at=known.weather_at,
        counts_laps=known.counts_laps,
        flags=known.flags,
    )
    return RaceState(
        as_of=known.told_at,
        phase=known.phase,
        track_status=known.track_status,
        track_status_at=known.track_at or known.told_at,
        cars=known.cars,
        lap=known.lap,
        total_laps=known.total_laps,
        weather=known.weather,
        control=known.control,
        told=told,
    )
