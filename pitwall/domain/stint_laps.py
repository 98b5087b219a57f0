"""Tell on which lap of a car each of its stints began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pitwall.domain import events as race_events
from pitwall.domain.race import CarState, Stint


def leave_pits(car: CarState, event: race_events.CarTimed, changes: dict[str, Any]) -> None:
    """Note the lap that begins in the pit lane, and that a stint told of there begins with it."""
    if not car.laps:
        return  # the way to the grid
    out_lap = (event.laps_completed or car.laps_completed) + 1
    changes["out_lap"] = out_lap
    if car.stints and len(car.stints) > max(1, car.stints_at_stop):
        changes["stints"] = (*car.stints[:-1], replace(car.stints[-1], from_lap=out_lap))


def correct_out_lap(
    car: CarState, event: race_events.CarTimed, changes: dict[str, Any], lap_number: int
) -> None:
    """Move the way out of the pits to its lap where the line crossing in the lane was never told.

    It was taken for the lap after the last one told, which is the in-lap.
    """
    left_at, lap_s = car.left_pits_at, event.last_lap_s or car.last_lap_s
    if car.out_lap != car.laps_completed + 1 or lap_number <= car.out_lap:
        return
    if left_at is None or not lap_s:
        return
    driven = max(1, round((event.sent_at - left_at).total_seconds() / lap_s))
    out_lap = max(car.out_lap, lap_number - driven + 1)
    stints = changes.get("stints", car.stints)
    if out_lap != car.out_lap and stints and stints[-1].from_lap == car.out_lap:
        changes["stints"] = (*stints[:-1], replace(stints[-1], from_lap=out_lap))
    changes["out_lap"] = out_lap


def first_lap_of(car: CarState, event: race_events.StintChanged, stints: Sequence[Stint]) -> int:
    """Return on which lap a stint began that the feed tells of for the first time.

    It may be told some laps late. Where the car came in since the stint before, it is the lap that
    began in the pit lane; else what the laps on the sets tell, as when a feed is joined mid-race.
    """
    if event.stint_number == 1:
        return 1
    before = stints[event.stint_number - 2].from_lap or 1
    if car.in_pit:
        return car.laps_completed + 1  # the way out of the pits corrects it
    if car.out_lap is not None and car.out_lap > before:
        return car.out_lap
    driven = (event.tyre_life_laps or 0) - (event.start_laps or 0)
    return max(before, car.laps_completed + 1 - max(0, driven))
