"""Apply events to the state of qualifying and practice: laps, parts, knock-outs, deleted laps.

`pitwall.domain.reducer` calls these functions where `race.timed` is set. In these sessions
`NumberOfLaps` is the number of the lap that begins: it rises at the pit exit and at the line, while
an in-lap ends with nothing but its time, some seconds after the pit entry.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from pitwall.domain import events as race_events
from pitwall.domain.race import (
    CarState,
    ControlMessage,
    DriverNumber,
    LapRecord,
    Phase,
    RaceInfo,
    RaceState,
)
from pitwall.domain.sessions import SessionType, type_of
from pitwall.domain.timed_state import (
    NEW_CAR,
    CarRun,
    LapType,
    SessionClock,
    TimedCar,
    TimedSession,
)

SLOWER_THAN_FLYING: Final = 1.10
"""A lap or sector slower than the session's best by this factor is not driven for a time."""

_MOST_PARTS = 9
_FEWEST_CARS = 18  # of a field that is known whole
_SECOND_PART = ((20, 15), (22, 16), (24, 17))  # up to so many cars, and how many reach part 2
_SAME_S = 0.0005
_RULING = re.compile(
    r"CAR (?P<car>\d{1,3}) \((?P<code>\w{2,4})\).*?\bTIME (?P<minutes>\d{1,2}):(?P<seconds>\d{2}"
    r"\.\d{1,3}) (?P<ruling>DELETED|REINSTATED)\b",
    re.ASCII,
)


def timed_from(info: RaceInfo, race: RaceState) -> TimedSession | None:
    """Return the timed part of the state once the feed has named the session."""
    if type_of(info.kind) is SessionType.RACE:
        return race.timed if not info.kind else None
    return race.timed or TimedSession()


def with_car(timed: TimedSession, number: int, car: TimedCar) -> TimedSession:
    """Return the session with one car changed."""
    if timed.cars.get(number) == car:
        return timed
    return replace(timed, cars={**timed.cars, number: car})


def lap_ended(timed: TimedCar, car: CarState, event: race_events.CarTimed) -> int | None:
    """Return the number of the lap that a timing line ended; None when it ended none."""
    begins = event.laps_completed
    if begins is not None and begins > timed.lap:
        # Only a snapshot gives the pit lane and the number together: its lap has ended there.
        ended = begins if event.in_pit else begins - 1
        return ended if ended > car.laps_completed else None
    in_pit = car.in_pit if event.in_pit is None else event.in_pit
    # Between pit entry and line a snapshot repeats the time of the lap before.
    repeated = bool(car.laps) and event.last_lap_s == car.laps[-1].lap_time_s
    if event.last_lap_s is None or repeated or not in_pit or car.laps_completed >= timed.lap:
        return None
    return timed.lap


def take_back_laps(
    timed: TimedCar, car: CarState, event: race_events.CarTimed, changes: dict[str, Any]
) -> None:
    """Drop the laps that the feed no longer counts, such as one begun after the red flag."""
    begins = event.laps_completed
    if begins is None or begins >= timed.lap:
        return
    changes["laps_completed"] = max(0, begins - 1)
    changes["laps"] = tuple(lap for lap in car.laps if lap.lap_number < begins)


def with_lap_type(
    record: LapRecord, timed: TimedSession, run: CarRun, *, in_pit: bool
) -> LapRecord:
    """Return the record of a lap that has just ended, with its type and part."""
    if in_pit:
        lap_type = LapType.IN
    elif run is CarRun.OUT_LAP:
        lap_type = LapType.OUT
    else:
        slow = _is_slow(record.lap_time_s, timed.best_lap_s)
        lap_type = LapType.SLOW if slow else LapType.FLYING
    return replace(record, lap_type=lap_type, part=timed.part)


def after_line(
    race: RaceState, before: CarState, event: race_events.CarTimed, *, lap_over: bool
) -> TimedSession:
    """Return the session after a timing line; `race` is the state with the line applied."""
    timed, car = race.timed or TimedSession(), race.cars[event.number]
    mine = timed.cars.get(event.number, NEW_CAR)
    run = _next_run(race, mine, before, event, lap_over=lap_over)
    lap = mine.lap if event.laps_completed is None else event.laps_completed
    timed = with_car(timed, event.number, replace(mine, run=run, lap=lap))
    if event.best_lap_s is not None and not timed.tells_bests:
        timed = replace(timed, tells_bests=True)
    last = car.laps[-1] if lap_over and car.laps else None
    if last is not None and last.lap_type is LapType.FLYING and last.lap_time_s is not None:
        timed = replace(timed, best_lap_s=_least(timed.best_lap_s, last.lap_time_s))
    if event.sectors_s and run is not CarRun.OUT_LAP:
        first, second, third = (
            _least(best, event.sectors_s.get(index))
            for index, best in enumerate(timed.best_sectors_s)
        )
        if (first, second, third) != timed.best_sectors_s:
            timed = replace(timed, best_sectors_s=(first, second, third))
    return timed


def _next_run(
    race: RaceState,
    mine: TimedCar,
    before: CarState,
    event: race_events.CarTimed,
    *,
    lap_over: bool,
) -> CarRun:
    car = race.cars[event.number]
    if car.in_pit:
        return CarRun.IN_PIT
    if event.pit_out or before.in_pit or (event.in_pit is False and mine.run is CarRun.IN_PIT):
        return CarRun.OUT_LAP
    run = mine.run
    crossed = event.laps_completed is not None and event.laps_completed > mine.lap
    if crossed and lap_over:
        run = _after_crossing(race, mine.run, car.laps[-1])
    elif run in {CarRun.PUSH_LAP, CarRun.IN_LAP} and event.sectors_s and race.timed is not None:
        for index, sector_s in sorted(event.sectors_s.items()):
            if sector_s is not None and index < 2:
                slow = _is_slow(sector_s, race.timed.best_sectors_s[index])
                # A slow lap does not turn into a quick one in its second sector.
                if slow or index == 0:
                    run = CarRun.IN_LAP if slow else CarRun.PUSH_LAP
    return run


def _after_crossing(race: RaceState, run: CarRun, ended: LapRecord) -> CarRun:
    """Return what a car most likely does on the lap that begins, until its first sector shows.

    In qualifying a flying lap is followed by a slow one; in practice they may come in a row.
    """
    qualifying = race.timed is not None and race.timed.part is not None
    if qualifying and run is not CarRun.OUT_LAP and ended.lap_type is LapType.FLYING:
        return CarRun.IN_LAP
    return CarRun.PUSH_LAP


def _is_slow(time_s: float | None, best_s: float | None) -> bool:
    return time_s is not None and best_s is not None and time_s > SLOWER_THAN_FLYING * best_s


def _least(best_s: float | None, time_s: float | None) -> float | None:
    if time_s is None or best_s is None:
        return best_s if time_s is None else time_s
    return min(best_s, time_s)


def part_told(race: RaceState, event: race_events.PartTold) -> RaceState:
    """Take the part under way; a part of qualifying shows that the session is no race."""
    if event.is_repeated and not _is_newer_part(race, event):
        return race
    if event.part is not None and not event.is_repeated:
        race = replace(race, told=replace(race.told, part_at=event.sent_at))
    timed = race.timed
    if timed is None:
        if race.info.kind or not event.part:
            return race
        timed = TimedSession()
    if event.entries is not None:
        counts = dict(enumerate(timed.entries, 1)) | dict(event.entries)
        last = min(max(counts, default=0), _MOST_PARTS)
        timed = replace(timed, entries=tuple(counts.get(n, 0) for n in range(1, last + 1)))
    if event.limit_s is not None or event.is_unlimited:
        timed = replace(timed, limit_s=event.limit_s)
    if event.part is not None and event.part != (timed.part or 0) and event.part <= _MOST_PARTS:
        timed = _with_knock_outs(race, timed, event.part)
        timed = replace(
            timed, part=event.part or None, best_sectors_s=(None, None, None), best_lap_s=None
        )
    return replace(race, timed=timed, as_of=max(race.as_of, event.sent_at))


def part_sizes(race: RaceState) -> tuple[int, ...]:
    """Return how many cars take part in each part of qualifying, from the first; () if unknown.

    A feed that does not say so shows every car in its order: 10 drive in the last part, and of the
    others as many drop out in the first part as in the second, by the number that may start.
    """
    timed = race.timed
    if timed is None or timed.entries or type_of(race.info.kind) is not SessionType.QUALIFYING:
        return timed.entries if timed else ()
    placed = sum(car.position is not None for car in race.cars.values())
    second = next((size for most, size in _SECOND_PART if placed <= most), None)
    return (placed, second, 10) if second is not None and placed >= _FEWEST_CARS else ()


def _with_knock_outs(race: RaceState, timed: TimedSession, part: int) -> TimedSession:
    """Return the session with the cars out that the part which now begins has no place for.

    Only where the feed does not say it itself, as OpenF1 does not.
    """
    sizes = part_sizes(race)
    if timed.tells_knock_outs or not 2 <= part <= len(sizes) or part <= (timed.part or 0):
        return timed
    cars = dict(timed.cars)
    for car in race.cars.values():
        mine = cars.get(car.number, NEW_CAR)
        if (car.position or 0) > sizes[part - 1] and not mine.knocked_out:
            cars[car.number] = replace(mine, knocked_out=True, told_out_in=part - 1)
    return replace(timed, cars=cars)


def _is_newer_part(race: RaceState, event: race_events.PartTold) -> bool:
    """Whether a part counts that comes from a topic which repeats the timing.

    It may come late, so that only a later part does, and none while the timing tells them.
    """
    known = (race.timed.part if race.timed else None) or 0
    return race.told.part_at is None and event.part is not None and event.part > known


def car_classified(race: RaceState, event: race_events.CarClassified) -> RaceState:
    """Take a car's best laps of the parts and whether it is out; drop times taken back."""
    timed = race.timed
    if timed is None:
        return race
    if event.best_cleared or event.part_bests_s:
        timed = replace(timed, tells_bests=True)
    car = _without_times(race.cars.get(event.number) or CarState(event.number), event)
    mine = timed.cars.get(event.number, NEW_CAR)
    if event.part_bests_s:
        bests = dict(enumerate(mine.part_bests_s, 1))
        bests |= {n: s for n, s in event.part_bests_s.items() if n <= _MOST_PARTS}
        last = max(bests, default=0)
        mine = replace(mine, part_bests_s=tuple(bests.get(n) for n in range(1, last + 1)))
        if timed.part is None and any(s is not None for s in event.part_bests_s.values()):
            timed = replace(timed, part=max(event.part_bests_s))
    if event.knocked_out is not None:
        timed = replace(timed, tells_knock_outs=True)
        out_in = mine.told_out_in
        if event.knocked_out and out_in is None and timed.part is not None:
            out_in = max(1, timed.part - 1)
        mine = replace(mine, knocked_out=event.knocked_out, told_out_in=out_in)
    return replace(
        race,
        cars={**race.cars, car.number: car},
        timed=with_car(timed, car.number, mine),
        as_of=max(race.as_of, event.sent_at),
    )


def _without_times(car: CarState, event: race_events.CarClassified) -> CarState:
    if event.best_cleared:
        car = replace(car, best_lap_s=None)
    return replace(car, last_lap_s=None) if event.last_cleared else car


def clock_told(race: RaceState, event: race_events.ClockTold) -> RaceState:
    """Take the session's clock; what the feed does not repeat stays as it is."""
    if race.timed is not None and race.timed.is_followed:
        return race
    old = race.clock
    remaining_s = event.remaining_s
    if remaining_s is None:
        if old is None:
            return race
        remaining_s = old.left_s(event.at)
    runs = event.runs if event.runs is not None else old is not None and old.runs
    clock = SessionClock(event.at, remaining_s, runs)
    return replace(race, clock=clock, as_of=max(race.as_of, event.sent_at))


def ruled_lap(race: RaceState, message: ControlMessage) -> tuple[CarState, LapRecord] | None:
    """Return the lap that a message of race control deletes or reinstates, as it is then.

    A lap is found by its time, as race control counts laps in another way. The code must be that of
    the car's driver: the feed also carries messages of other series, which share car numbers.
    """
    match = _RULING.search(message.message.upper()) if race.timed is not None else None
    car = race.cars.get(DriverNumber(int(match["car"]))) if match else None
    if match is None or car is None or (car.driver.code and car.driver.code != match["code"]):
        return None
    time_s = 60 * int(match["minutes"]) + float(match["seconds"])
    for lap in reversed(car.laps):
        if lap.lap_time_s is not None and abs(lap.lap_time_s - time_s) < _SAME_S:
            return car, replace(lap, deleted=match["ruling"] == "DELETED")
    return None


def with_ruling(race: RaceState, message: ControlMessage) -> RaceState:
    """Return the race after a message that may delete a lap, or reinstate one."""
    ruled = ruled_lap(race, message)
    if ruled is None:
        return race
    car, ruled_on = ruled
    laps = tuple(ruled_on if lap.lap_number == ruled_on.lap_number else lap for lap in car.laps)
    return replace(race, cars={**race.cars, car.number: replace(car, laps=laps)})


def is_foreign(race: RaceState, event: race_events.DriverListed) -> bool:
    """Whether a driver belongs to the next session, whose list comes before its name.

    Nobody is replaced once a session has begun. The feed sends the drivers of other series on the
    same connection, under the same car numbers.
    """
    timed = race.timed
    if timed is None or not timed.is_begun or race.phase is Phase.STARTED or event.code is None:
        return False
    car = race.cars.get(event.number)
    return car is None or car.driver.code not in {"", event.code}


def phase_changed(race: RaceState, event: race_events.PhaseChanged) -> RaceState:
    """Take the phase: each part of qualifying starts and finishes, and practice does once."""
    timed, phase = race.timed or TimedSession(), event.phase
    kind = type_of(race.info.kind)
    parts = len(timed.entries) if kind is SessionType.QUALIFYING else 1
    if race.phase.is_over and not phase.is_over and timed.parts_over >= parts > 0:
        timed = replace(timed, is_followed=True)  # a session of another series, not a restart
    if phase.is_over:
        timed = replace(timed, parts_over=max(timed.parts_over, timed.part or 1))
    if timed.is_followed and not phase.is_over:
        phase = race.phase
    if phase is Phase.STARTED:
        inferred = 1 if kind is SessionType.QUALIFYING else None
        timed = replace(timed, is_begun=True, part=timed.part or inferred)
    return replace(race, phase=phase, timed=timed, as_of=max(race.as_of, event.sent_at))
