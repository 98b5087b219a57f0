"""Apply events to the race state: `apply(race, event) -> race`.

The function is pure and total: every event gives a next state, whatever came before, because
feeds repeat themselves, start mid-race and send two halves of one change in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pitwall.domain import control_reducer, facts_reducer, stint_laps, timed_reducer
from pitwall.domain import events as race_events
from pitwall.domain.car_use import Drive
from pitwall.domain.flags import ShownFlags
from pitwall.domain.gaps import seconds_of
from pitwall.domain.inference import at_lights_out, inferred_after, status_repeated
from pitwall.domain.next_session import with_next_session
from pitwall.domain.race import (
    CarState,
    DriverNumber,
    GapSample,
    LapRecord,
    Phase,
    RaceState,
    Stint,
    TrackStatus,
)
from pitwall.domain.timed_state import NEW_CAR, TimedSession

TRACE_FOR = timedelta(seconds=330)  # three green laps, to compare a lap with earlier ones
_FIRST_LAPS = 2  # a lap count that falls to this, after a red flag, begins anew
_MOST_STINTS = 30
_WEATHER_EVERY = timedelta(seconds=90)  # its topic tells it once a minute


def apply(race: RaceState, event: race_events.TimingEvent) -> RaceState:
    """Return the state after `event`. `as_of` never goes back."""
    return with_next_session(race, _applied(race, event), event, _applied)


def _applied(race: RaceState, event: race_events.TimingEvent) -> RaceState:
    after = inferred_after(race, _BY_EVENT[type(event)](race, event), event)
    same_status = after.track_status is race.track_status
    return after if same_status and after.phase is race.phase else _with_racing(race, after)


def _with_racing(before: RaceState, after: RaceState) -> RaceState:
    """Return the state after its track status or phase changed, with what follows for racing."""
    may_race = after.track_status.allows_overtaking
    resumes = may_race and not before.track_status.allows_overtaking
    starts = after.phase is Phase.STARTED and before.phase is not Phase.STARTED
    stops = before.track_status.allows_overtaking and not may_race
    # A safety car, a virtual one and a red flag switch DRS and Overtake Mode off, and race control
    # seldom says so: 54 of 90 safety cars of 2018 to 2026 have no message. It says when they are
    # on again.
    switched_off = not may_race and after.overtake_enabled is not None
    if after.track_status in {TrackStatus.CLEAR, TrackStatus.RED}:
        # They end every yellow, and race control does not take back each of them.
        after = replace(after, told=replace(after.told, flags=ShownFlags(after.track_status)))
    return replace(
        after,
        racing_since=after.as_of if resumes or starts else after.racing_since,
        overtake_enabled=False if switched_off else after.overtake_enabled,
        neutral_since=after.as_of if stops else after.neutral_since,
    )


def _car_timed(race: RaceState, event: race_events.CarTimed) -> RaceState:
    car = race.cars.get(event.number) or CarState(event.number)
    if event.laps_completed is not None and _counts_anew(race, car, event.laps_completed):
        car = _counted_from(car, event.laps_completed)
    if race.timed is None and (event.laps_completed or 0) < car.laps_completed:
        event = _without_old_time(event)
    changes: dict[str, Any] = {}
    _take_place_and_gaps(car, event, changes)
    _take_pits_and_stops(car, event, changes)
    _take_times(car, event, changes)
    if race.timed is not None:
        return _timed_line(race, race.timed, car, event, changes)
    if event.laps_completed is not None and event.laps_completed > car.laps_completed:
        _complete_lap(race, car, event, changes, event.laps_completed)
        stint_laps.correct_out_lap(car, event, changes, event.laps_completed)
    elif event.last_lap_s is not None:
        _complete_record_late(car, event.last_lap_s, changes)
    if not changes:
        return race
    return _with_drive(_with_car(race, replace(car, **changes), event.sent_at), event)


def _without_old_time(event: race_events.CarTimed) -> race_events.CarTimed:
    """Return a line without its lap time, if it is that of an earlier lap."""
    is_old = event.laps_completed is not None and event.last_lap_s is not None
    return replace(event, last_lap_s=None) if is_old else event


def _timed_line(
    race: RaceState,
    timed: TimedSession,
    car: CarState,
    event: race_events.CarTimed,
    changes: dict[str, Any],
) -> RaceState:
    """Apply a timing line of qualifying or practice, whose laps are counted in another way."""
    mine = timed.cars.get(car.number, NEW_CAR)
    ended = timed_reducer.lap_ended(mine, car, event)
    timed_reducer.take_back_laps(mine, car, event, changes)
    if ended is not None:
        _complete_lap(race, car, event, changes, ended)
        *laps, record = changes["laps"]
        in_pit = changes["pitted_this_lap"] or bool(event.pit_out)
        record = timed_reducer.with_lap_type(record, timed, mine.run, in_pit=in_pit)
        changes |= {"laps": (*laps, record), "pitted_this_lap": in_pit}
    elif event.last_lap_s is not None and "laps" not in changes:
        _complete_record_late(car, event.last_lap_s, changes)
    if not changes:
        return race
    race = _with_car(race, replace(car, **changes), event.sent_at)
    after = timed_reducer.after_line(race, car, event, lap_over=ended is not None)
    return _with_drive(replace(race, timed=after), event)


def _with_drive(race: RaceState, event: race_events.CarTimed) -> RaceState:
    """Return the race with the sums of a finished sector or lap closed."""
    drive = race.drives.get(event.number)
    crossed = event.laps_completed is not None and race.cars[event.number].crossed_at
    ended = drive and drive.after(event.sectors_s or {}, lap_over=crossed == event.sent_at)
    if ended is None or ended is drive:
        return race
    return replace(race, drives={**race.drives, event.number: ended})


def _take_place_and_gaps(
    car: CarState, event: race_events.CarTimed, changes: dict[str, Any]
) -> None:
    if event.position is not None and event.position != car.position:
        changes["position"] = event.position
        changes["position_at"] = event.sent_at
        if car.trace and car.trace[-1].at == event.sent_at:  # two halves of one update
            same = replace(car.trace[-1], position=event.position)
            changes["trace"] = (*car.trace[:-1], same)
    if event.catching is not None:
        changes["catching"] = event.catching
    if event.gap_to_leader is None and event.interval is None:
        return
    gap = car.gap_to_leader if event.gap_to_leader is None else event.gap_to_leader
    interval = car.interval if event.interval is None else event.interval
    changes["gap_to_leader"] = gap
    if event.interval is not None:
        changes["interval"] = interval
        changes["interval_at"] = event.sent_at
    trace, first = changes.get("trace", car.trace), 0
    # Compare ages, as an instant minus `TRACE_FOR` can lie outside the range of dates.
    while first < len(trace) and event.sent_at - trace[first].at > TRACE_FOR:
        first += 1
    place = changes.get("position", car.position)
    sample = GapSample(event.sent_at, seconds_of(gap), seconds_of(interval), place)
    changes["trace"] = (*trace[first:], sample)


def _take_pits_and_stops(
    car: CarState, event: race_events.CarTimed, changes: dict[str, Any]
) -> None:
    for name in ("in_pit", "pit_out", "pit_stops", "retired", "stopped"):
        value = getattr(event, name)
        if value is not None:
            changes[name] = value
    if event.in_pit or event.pit_out:
        changes["pitted_this_lap"] = True
    if event.in_pit and not car.in_pit:
        changes["stints_at_stop"] = len(car.stints)
    elif car.in_pit and event.in_pit is False:
        changes["left_pits_at"] = event.sent_at
        stint_laps.leave_pits(car, event, changes)


def _take_times(car: CarState, event: race_events.CarTimed, changes: dict[str, Any]) -> None:
    if event.last_lap_s is not None:
        changes["last_lap_s"] = event.last_lap_s
    if event.best_lap_s is not None:
        changes["best_lap_s"] = event.best_lap_s
    if event.sectors_s:
        sectors = list(car.sectors_s)
        for index, value in event.sectors_s.items():
            sectors[index] = value
        changes["sectors_s"] = tuple(sectors)
        changes["best_sectors_s"] = tuple(map(_best, car.best_sectors_s, sectors))
        # A first sector begins a lap, even if the last one of the lap before was told late.
        is_first = event.sectors_s.get(0) is not None
        told = frozenset() if is_first else car.sectors_this_lap
        changes["sectors_this_lap"] = told.union(event.sectors_s)
    if event.segments:
        changes["segments"] = _with_segments(car.segments, event.segments)
    if event.speeds_kmh:
        changes["speeds_kmh"] = {**car.speeds_kmh, **event.speeds_kmh}
        changes["traps_this_lap"] = car.traps_this_lap.union(event.speeds_kmh)


def _best(before_s: float | None, new_s: float | None) -> float | None:
    """Return the better of two sector times; 0 is none."""
    if not new_s or new_s < 0:
        return before_s
    return new_s if before_s is None else min(before_s, new_s)


def _with_segments(
    known: tuple[tuple[int, ...], ...], told: Mapping[int, Mapping[int, int]]
) -> tuple[tuple[int, ...], ...]:
    """Return the mini-sectors of a car with those that were told; those between are not shown."""
    sectors = [list(sector) for sector in known]
    for index, segments in told.items():
        sectors += [[] for _ in range(index + 1 - len(sectors))]
        for place, status in segments.items():
            sectors[index] += [0] * (place + 1 - len(sectors[index]))
            sectors[index][place] = status
    return tuple(map(tuple, sectors))


def _complete_lap(
    race: RaceState,
    car: CarState,
    event: race_events.CarTimed,
    changes: dict[str, Any],
    lap_number: int,
) -> None:
    """Close the current lap; a feed that skipped laps gives one record, not invented ones.

    The sector times and speeds of a car that skipped laps may be of any of them.
    """
    in_pit = changes.get("in_pit", car.in_pit)
    pitted = changes.get("pitted_this_lap", car.pitted_this_lap) or in_pit
    clear = race.track_status is TrackStatus.CLEAR
    speeds = changes.get("speeds_kmh", car.speeds_kmh)
    sectors = changes.get("sectors_s", car.sectors_s)
    told = changes.get("sectors_this_lap", car.sectors_this_lap)
    first, second, third = (
        sector_s if index in told else None for index, sector_s in enumerate(sectors)
    )
    record = LapRecord(
        lap_number=lap_number,
        completed_at=event.sent_at,
        lap_time_s=event.last_lap_s,
        sectors_s=(first, second, third),
        speeds_kmh=speeds,
        pitted=pitted,
        track_clear=clear and not car.unclear_this_lap,
        stale_traps=frozenset(speeds) - changes.get("traps_this_lap", car.traps_this_lap),
        overtake_enabled=race.overtake_enabled,
        driving=race.drives.get(car.number, Drive()).at_line()[0],
    )
    changes |= {
        "laps_completed": lap_number,
        "laps": (*car.laps, record),
        "crossed_at": event.sent_at,
        "pitted_this_lap": in_pit,
        "unclear_this_lap": not clear,
        "traps_this_lap": frozenset(),
        "sectors_this_lap": frozenset(),
    }


def _counts_anew(race: RaceState, car: CarState, laps_completed: int) -> bool:
    """Whether the feed counts a car's laps again from an earlier one, as after some red flags.

    Anything else that goes back is an old message.
    """
    if race.stopped_at is None or laps_completed >= car.laps_completed:
        return False
    return car.crossed_at is not None and car.crossed_at <= race.stopped_at


def _counted_from(car: CarState, laps_completed: int) -> CarState:
    """Return a car whose next lap to be completed is `laps_completed`; 0 counts as 1."""
    first = max(1, laps_completed)
    return replace(
        car,
        laps_completed=first - 1,
        laps=tuple(lap for lap in car.laps if lap.lap_number < first),
        laps_before_restart=(
            *car.laps_before_restart,
            *(lap for lap in car.laps if lap.lap_number >= first),
        ),
    )


def _complete_record_late(car: CarState, last_lap_s: float, changes: dict[str, Any]) -> None:
    """Fill in a lap time that arrived after its line crossing."""
    if car.laps and car.laps[-1].lap_time_s is None:
        changes["laps"] = (*car.laps[:-1], replace(car.laps[-1], lap_time_s=last_lap_s))


def _stint_changed(race: RaceState, event: race_events.StintChanged) -> RaceState:
    if not 1 <= event.stint_number <= _MOST_STINTS:
        return race
    car = race.cars.get(event.number) or CarState(event.number)
    missing = range(len(car.stints) + 1, event.stint_number + 1)
    stints = [*car.stints, *(Stint(number) for number in missing)]
    changes = {
        name: value
        for name in ("compound", "fresh_tyre", "tyre_life_laps", "start_laps")
        if (value := getattr(event, name)) is not None
    }
    if event.stint_number > len(car.stints):
        changes["from_lap"] = stint_laps.first_lap_of(car, event, stints)
    stints[event.stint_number - 1] = replace(stints[event.stint_number - 1], **changes)
    car = replace(car, stints=tuple(stints))
    return facts_reducer.with_stint_laps(_with_car(race, car, event.sent_at), car)


def _driver_listed(race: RaceState, event: race_events.DriverListed) -> RaceState:
    if race.timed is not None and timed_reducer.is_foreign(race, event):
        return replace(race, timed=replace(race.timed, is_followed=True))
    car = race.cars.get(event.number) or CarState(event.number)
    changes = {
        name: value
        for name in ("code", "name", "team", "team_colour")
        if (value := getattr(event, name)) is not None
    }
    return _with_car(race, replace(car, driver=replace(car.driver, **changes)), event.sent_at)


def _car_gridded(race: RaceState, event: race_events.CarGridded) -> RaceState:
    car = race.cars.get(event.number) or CarState(event.number)
    return _with_car(race, replace(car, grid_position=event.grid_position), event.sent_at)


def _car_removed(race: RaceState, event: race_events.CarRemoved) -> RaceState:
    """Forget everything about a car, so that no old data count as current if it comes back."""
    left: dict[str, Any] = {
        name: {
            number: each for number, each in getattr(race, name).items() if number != event.number
        }
        for name in ("cars", "samples", "points", "drives")
    }
    race = facts_reducer.without_car(race, event.number)
    return replace(race, **left, as_of=max(race.as_of, event.sent_at))


def _race_described(race: RaceState, event: race_events.RaceDescribed) -> RaceState:
    """Set the race's identity, and start afresh when the feed moves on to another race."""
    if race.info.race_id and event.info.race_id and race.info.race_id != event.info.race_id:
        race = RaceState(as_of=race.as_of)
    timed = timed_reducer.timed_from(event.info, race)
    race = replace(race, info=event.info, timed=timed, as_of=max(race.as_of, event.sent_at))
    return race if timed is None else replace(race, lap=0, total_laps=None)


def _track_status_changed(race: RaceState, event: race_events.TrackStatusChanged) -> RaceState:
    cars = race.cars
    if event.status is not TrackStatus.CLEAR:
        cars = {number: replace(car, unclear_this_lap=True) for number, car in cars.items()}
    return replace(
        race,
        as_of=max(race.as_of, event.sent_at),
        track_status=event.status,
        track_status_at=event.sent_at,
        cars=cars,
        stopped_at=event.sent_at if event.status is TrackStatus.RED else race.stopped_at,
    )


def _phase_changed(race: RaceState, event: race_events.PhaseChanged) -> RaceState:
    if race.timed is not None:
        return timed_reducer.phase_changed(race, event)
    cars = race.cars
    if event.phase is Phase.STARTED and race.lap <= 1:
        # The cars came to the grid through the pit lane, which was no pit stop.
        cars = {number: at_lights_out(race, car) for number, car in cars.items()}
    return replace(
        race,
        phase=event.phase,
        cars=cars,
        as_of=max(race.as_of, event.sent_at),
        stopped_at=event.sent_at if event.phase is Phase.ABORTED else race.stopped_at,
    )


def _lap_counted(race: RaceState, event: race_events.LapCounted) -> RaceState:
    if race.timed is not None:  # the snapshot of a qualifying session has the race's distance
        return race
    lap, lap_at, cars = race.lap, race.lap_at, race.cars
    if event.lap and event.lap < lap and race.stopped_at is not None and lap_at <= race.stopped_at:
        lap, lap_at = event.lap, event.sent_at
        if lap <= _FIRST_LAPS:
            cars = {number: _counted_from(car, 1) for number, car in cars.items()}
    elif event.lap and event.lap > lap:
        lap, lap_at = event.lap, event.sent_at
    return replace(
        race,
        lap=lap,
        lap_at=lap_at,
        cars=cars,
        total_laps=event.total_laps or race.total_laps,
        as_of=max(race.as_of, event.sent_at),
    )


def _weather_measured(race: RaceState, event: race_events.WeatherMeasured) -> RaceState:
    """Take the weather; a series of all readings counts only where its own topic is silent."""
    as_of, told_at = max(race.as_of, event.sent_at), race.told.weather_at
    if event.measured_at is None:
        told = replace(race.told, weather_at=event.sent_at)
        return replace(race, weather=event.weather, told=told, as_of=as_of)
    is_newer = told_at is None or event.measured_at - told_at > _WEATHER_EVERY
    return replace(race, weather=event.weather if is_newer else race.weather, as_of=as_of)


def _cars_sampled(race: RaceState, event: race_events.CarsSampled) -> RaceState:
    # The feed also sends cars that are not in this race.
    known = {number: each for number, each in event.samples.items() if number in race.cars}
    drives = {n: race.drives.get(n, Drive()).with_reading(each) for n, each in known.items()}
    race = replace(race, samples={**race.samples, **known}, drives={**race.drives, **drives})
    return replace(race, as_of=max(race.as_of, event.sent_at))


def _cars_located(race: RaceState, event: race_events.CarsLocated) -> RaceState:
    known = {number: each for number, each in event.points.items() if number in race.cars}
    return replace(race, points={**race.points, **known}, as_of=max(race.as_of, event.sent_at))


def _heartbeat(race: RaceState, event: race_events.Heartbeat) -> RaceState:
    return replace(race, as_of=max(race.as_of, event.sent_at))


def _with_car(race: RaceState, car: CarState, at: datetime) -> RaceState:
    cars: dict[DriverNumber, CarState] = {**race.cars, car.number: car}
    return replace(race, cars=cars, as_of=max(race.as_of, at))


_BY_EVENT: dict[type, Callable[[RaceState, Any], RaceState]] = {
    race_events.CarTimed: _car_timed,
    race_events.StintChanged: _stint_changed,
    race_events.DriverListed: _driver_listed,
    race_events.CarGridded: _car_gridded,
    race_events.CarRemoved: _car_removed,
    race_events.RaceDescribed: _race_described,
    race_events.TrackStatusChanged: _track_status_changed,
    race_events.PhaseChanged: _phase_changed,
    race_events.StatusRepeated: status_repeated,
    race_events.LapCounted: _lap_counted,
    race_events.WeatherMeasured: _weather_measured,
    race_events.ControlSaid: control_reducer.control_said,
    race_events.CarsSampled: _cars_sampled,
    race_events.CarsLocated: _cars_located,
    race_events.PartTold: timed_reducer.part_told,
    race_events.CarClassified: timed_reducer.car_classified,
    race_events.ClockTold: timed_reducer.clock_told,
    race_events.StopTimed: facts_reducer.stop_timed,
    race_events.OvertakeCounted: facts_reducer.overtake_counted,
    race_events.BestTold: facts_reducer.best_told,
    race_events.PointsPredicted: facts_reducer.points_predicted,
    race_events.RadioCaptured: facts_reducer.radio_captured,
    race_events.LeaderListed: facts_reducer.leader_listed,
    race_events.FolderNamed: facts_reducer.folder_named,
    race_events.Heartbeat: _heartbeat,
}
