"""Read the classification of qualifying or practice from the state: places, times, who is out.

The functions are pure. Places are the feed's own; gaps and margins follow from its lap times.
"""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.race import CarState, RaceState
from pitwall.domain.sessions import SessionType, part_name, type_of
from pitwall.domain.timed_reducer import part_sizes
from pitwall.domain.timed_state import NEW_CAR, CarRun, LapType, TimedCar, TimedSession

_USUAL_PARTS = 3
_COUNTS = frozenset({LapType.FLYING, LapType.SLOW})


@dataclass(frozen=True, slots=True)
class TimedStanding:
    """One car's standing.

    Attributes:
        run: What it is doing.
        best_lap_s: The best lap of the part that decides its place: the one under way, or the last
            that it took part in. In practice the best lap of the session.
        best_lap_number: Which of its laps that was; None when no lap has that time.
        part_bests_s: The best lap of each part that it took part in, from the first.
        overall_best_s: The best of all parts.
        gap_to_best_s: To the best lap among the cars of the same part; 0.0 for the best.
        gap_ahead_s: To the lap of the car one place ahead in the same part.
        out_in: The part after which it was out; None while it takes part.
        is_in_drop_zone: Whether it would be out if the part ended now.
        margin_s: The time of the last place that goes on minus its own: negative in the drop zone;
            for cars that would go on, the time of the first place that does not, minus its own.
        deleted_laps: How many of its laps race control deleted.
    """

    car: CarState
    run: CarRun
    best_lap_s: float | None
    best_lap_number: int | None
    part_bests_s: tuple[float | None, ...]
    overall_best_s: float | None
    gap_to_best_s: float | None
    gap_ahead_s: float | None
    out_in: int | None
    is_in_drop_zone: bool
    margin_s: float | None
    deleted_laps: int


@dataclass(frozen=True, slots=True)
class Classification:
    """The classification at one instant.

    Attributes:
        part_name: Such as `Q2`; "" in practice and before the first part.
        parts: How many parts the session has; 1 in practice.
        goes_on: How many cars go on to the next part; None in the last and where not told.
        cut_off_s: The best lap of the last place that goes on.
        standings: By place, first place first.
    """

    part: int | None
    part_name: str
    parts: int
    goes_on: int | None
    cut_off_s: float | None
    standings: tuple[TimedStanding, ...]


def session_type(race: RaceState) -> SessionType:
    """Return what the session is for; parts show qualifying even where the feed names none."""
    named = type_of(race.info.kind)
    inferred = race.timed is not None and named is SessionType.RACE
    return SessionType.QUALIFYING if inferred else named


def classify(race: RaceState) -> Classification | None:
    """Return the classification of qualifying or practice; None in a race."""
    timed = race.timed
    if timed is None:
        return None
    order = race.in_order()
    cars = [(car, timed.cars.get(car.number, NEW_CAR)) for car in order]
    out_in = [_out_in(timed, car, mine) for car, mine in cars]
    bests = [
        _deciding_best(timed, car, mine, o) for (car, mine), o in zip(cars, out_in, strict=True)
    ]
    sizes = part_sizes(race)
    goes_on = _goes_on(timed.part, sizes)
    cut_off_s = bests[goes_on - 1] if goes_on is not None and goes_on <= len(bests) else None
    first_out_s = bests[goes_on] if goes_on is not None and goes_on < len(bests) else None
    standings: list[TimedStanding] = []
    for place, (car, mine) in enumerate(cars):
        best_s, out = bests[place], out_in[place]
        rivals = [b for b, o in zip(bests, out_in, strict=True) if o == out and b is not None]
        ahead_s = bests[place - 1] if place and out_in[place - 1] == out else None
        dropping = out is None and goes_on is not None and place >= goes_on
        rival_s = cut_off_s if dropping else first_out_s
        parts = _part_bests(timed, car, mine, out)
        standings.append(
            TimedStanding(
                car=car,
                run=_run(car, mine, out),
                best_lap_s=best_s,
                best_lap_number=_lap_of(car, best_s, timed.part if out is None else out),
                part_bests_s=parts,
                overall_best_s=min((s for s in (*parts, best_s) if s is not None), default=None),
                gap_to_best_s=_minus(best_s, min(rivals, default=None)),
                gap_ahead_s=_minus(best_s, ahead_s),
                out_in=out,
                is_in_drop_zone=dropping,
                margin_s=None if out is not None else _minus(rival_s, best_s),
                deleted_laps=sum(lap.deleted for lap in car.laps),
            )
        )
    qualifying = session_type(race) is SessionType.QUALIFYING
    return Classification(
        part=timed.part,
        part_name=part_name(race.info.kind or "Qualifying", timed.part),
        parts=(len(timed.entries) or _USUAL_PARTS) if qualifying else 1,
        goes_on=goes_on,
        cut_off_s=cut_off_s,
        standings=tuple(standings),
    )


def _goes_on(part: int | None, sizes: tuple[int, ...]) -> int | None:
    """Return how many cars go on to the next part."""
    if part is None or part >= len(sizes):
        return None
    return sizes[part] or None


def _out_in(timed: TimedSession, car: CarState, mine: TimedCar) -> int | None:
    """Return the part after which a car was out.

    Its place tells, as the places of those who are out do not change; without the sizes of the
    parts, what was under way when the feed said so.
    """
    if not mine.knocked_out:
        return None
    for part, cars in enumerate(timed.entries[1:], 1):
        if cars and (car.position or 0) > cars:
            return part
    return mine.told_out_in or 1


def _deciding_best(
    timed: TimedSession, car: CarState, mine: TimedCar, out_in: int | None
) -> float | None:
    part = timed.part if out_in is None else out_in
    if part is not None and len(mine.part_bests_s) >= part:
        return mine.part_bests_s[part - 1]
    # Feeds without the bests of parts clear the best lap when a part begins.
    return car.best_lap_s if timed.tells_bests else _best_driven(car, part)


def _best_driven(car: CarState, part: int | None) -> float | None:
    """Return the best of the laps driven in a part, for feeds that tell laps only."""
    times = (
        lap.lap_time_s
        for lap in car.laps
        if lap.part == part and lap.lap_type in _COUNTS and not lap.deleted
    )
    return min((time_s for time_s in times if time_s is not None), default=None)


def _part_bests(
    timed: TimedSession, car: CarState, mine: TimedCar, out_in: int | None
) -> tuple[float | None, ...]:
    bests = mine.part_bests_s
    if not timed.tells_bests and timed.part is not None:
        bests = tuple(_best_driven(car, part) for part in range(1, timed.part + 1))
    return bests if out_in is None else bests[:out_in]


def _lap_of(car: CarState, time_s: float | None, part: int | None) -> int | None:
    for lap in reversed(car.laps):
        if time_s is not None and lap.lap_time_s == time_s and lap.part == part:
            return lap.lap_number
    return None


def _run(car: CarState, mine: TimedCar, out_in: int | None) -> CarRun:
    if out_in is not None:
        return CarRun.KNOCKED_OUT
    if car.retired:
        return CarRun.RETIRED
    if car.stopped:
        return CarRun.STOPPED
    return CarRun.IN_PIT if car.in_pit else mine.run


def _minus(time_s: float | None, other_s: float | None) -> float | None:
    return None if time_s is None or other_s is None else round(time_s - other_s, 3)
