"""Build the part of the live frame that qualifying and practice have in place of battles."""

from __future__ import annotations

from itertools import takewhile

from pitwall.domain.frames import StandingLine, TimedLines
from pitwall.domain.race import RaceState
from pitwall.domain.timed_order import TimedStanding, classify
from pitwall.domain.timed_state import CarRun


def timed_lines(race: RaceState) -> TimedLines | None:
    """Return the state of qualifying or practice at this instant; None in a race."""
    found, timed, clock = classify(race), race.timed, race.clock
    if found is None or timed is None:
        return None
    return TimedLines(
        part=found.part,
        part_name=found.part_name,
        parts=found.parts,
        goes_on=found.goes_on,
        cut_off_s=found.cut_off_s,
        limit_s=timed.limit_s,
        remaining_s=None if clock is None else clock.left_s(race.as_of),
        clock_runs=clock is not None and clock.runs,
        standings=tuple(_line(standing) for standing in found.standings),
    )


def _line(standing: TimedStanding) -> StandingLine:
    car = standing.car
    push_sectors, push_delta_s = _push(standing)
    return StandingLine(
        number=car.number,
        position=car.position or 0,
        run=standing.run,
        best_lap_s=standing.best_lap_s,
        best_lap=standing.best_lap_number,
        part_bests_s=standing.part_bests_s,
        overall_best_s=standing.overall_best_s,
        gap_to_best_s=standing.gap_to_best_s,
        gap_ahead_s=standing.gap_ahead_s,
        laps=car.laps_completed,
        deleted_laps=standing.deleted_laps,
        out_in=standing.out_in,
        is_in_drop_zone=standing.is_in_drop_zone,
        margin_s=standing.margin_s,
        push_sectors=push_sectors,
        push_delta_s=push_delta_s,
    )


def _push(standing: TimedStanding) -> tuple[int, float | None]:
    """Return how many sectors of a push lap are done, and how they compare with the best lap.

    All three are those of the lap before: the feed clears them when the first sector ends.
    """
    car = standing.car
    if standing.run is not CarRun.PUSH_LAP or all(car.sectors_s):
        return 0, None
    done = [time_s for time_s in takewhile(bool, car.sectors_s) if time_s is not None]
    best = next(
        (
            lap
            for lap in reversed(car.laps)
            if lap.lap_number == standing.best_lap_number and lap.lap_time_s == standing.best_lap_s
        ),
        None,
    )
    before = [] if best is None else [time_s for time_s in best.sectors_s[: len(done)] if time_s]
    if not done or len(before) < len(done):
        return len(done), None
    return len(done), round(sum(done) - sum(before), 3)
