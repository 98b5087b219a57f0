"""Compute the columns of other cars nearby: ahead, behind, in trains, and lapped cars."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from pitwall.prediction.columns.readings import AT, INTERVAL, POSITION
from pitwall.prediction.columns.scene import Scene
from pitwall.prediction.columns.spec import (
    Columns,
    FeatureSpec,
    Flags,
    Vector,
    between,
    mean_along,
    within,
)

_LINES = "NumberOfLaps of the field"
_INTERVALS = "IntervalToPositionAhead and Line of the field"
_WINDOWS_S: Final = (20, 60, 100)
_WINDOW_LIMITS_S: Final = np.array(_WINDOWS_S, dtype=np.float64)[:, None, None]
_PLACES: Final = 32
_STEPS: Final = np.arange(-11, 8)  # in the running order, from the pair
_SILENT_S: Final = 120.0
_TRAIN_S: Final = 1.2
_KEPT: Final = 30

SPECS: Final = (
    FeatureSpec("front_defender_s", "s", "defender behind the next car, line", _LINES),
    FeatureSpec("front_second_s", "s", "that car behind the next, line", _LINES),
    FeatureSpec("front_defender_1lap_s", "s", "change of front_defender_s in a lap", _LINES),
    FeatureSpec("train_ahead_line_cars", "cars", "ahead of the pair within 1.0 s each", _LINES),
    FeatureSpec("lap_defender_front_s", "s", "defender's lap minus that of the next car", _LINES),
    FeatureSpec("pace_defender_front_s", "s", "defender's pace minus that of the next car", _LINES),
    FeatureSpec("behind_attacker_s", "s", "interval of the pursuer", _INTERVALS),
    FeatureSpec("behind_second_s", "s", "interval of the car behind that one", _INTERVALS),
    FeatureSpec("train_ahead_cars", "cars", "ahead within 1.2 s each", _INTERVALS),
    FeatureSpec("train_behind_cars", "cars", "behind within 1.2 s each", _INTERVALS),
    FeatureSpec("pace_pursuer_attacker_s", "s", "pursuer's pace minus the attacker's", _LINES),
    FeatureSpec("behind_attacker_1lap_s", "s", "pursuer behind the attacker, a lap ago", _LINES),
    FeatureSpec("places_pair_diff", "places", "attacker's place minus the defender's", "Line"),
    *(
        FeatureSpec(f"interval_defender_{what}_{w}s", "s", f"{what} of the defender's", _INTERVALS)
        for w in _WINDOWS_S
        for what in ("mean", "least")
    ),
    FeatureSpec("interval_defender_last_s", "s", "the defender's newest interval", _INTERVALS),
    FeatureSpec("interval_defender_within_1_90s", "share", "under 1.0 s", _INTERVALS),
    FeatureSpec("places_attacker_90s", "places", "gained by the attacker", "Line"),
    FeatureSpec("places_defender_90s", "places", "lost by the defender", "Line"),
    FeatureSpec("lapped_between_cars", "cars", "lapped, between the two", _LINES),
    FeatureSpec("lapped_ahead_5s_cars", "cars", "lapped, within 5 s ahead", _LINES),
    FeatureSpec("lapped_ahead_s", "s", "to the next lapped car, 20 at most", _LINES),
    FeatureSpec("lapping_near_cars", "cars", "a lap ahead, within 6 s", _LINES),
    FeatureSpec("running_field_cars", "cars", "that crossed the line lately", _LINES),
)


def values(scene: Scene, attacker_places: Vector, ages_s: Vector) -> Columns:
    """Return the columns of this module, from the attackers' places and the readings' ages."""
    recent = np.where(ages_s <= 90, attacker_places, np.nan)
    gained = np.fmax.reduce(recent, axis=1) - attacker_places[:, 0]
    return {
        **scene.once("traffic at the line", _at_the_line),
        **_by_place(scene),
        **_defender(scene),
        **_other_laps(scene),
        "places_attacker_90s": gained,
    }


def _at_the_line(scene: Scene) -> Columns:
    front = scene.d("front")
    ahead = scene.d("ahead")
    before = scene.d("crossed", 1) - scene.of_slots(ahead, ("crossed",), 1)[0]
    second, second_ahead, lap, pace = scene.of_slots(ahead, ("front", "ahead", "lap", "lap_ewm10"))
    train = np.zeros(len(front))
    chained, next_front, car = front < 1.0, second, second_ahead
    for _ in range(12):
        if not chained.any():
            break
        train += chained
        chained = chained & (next_front < 1.0)
        next_front, car = scene.of_slots(car, ("front", "ahead"))
    return {
        "front_defender_s": between(front, 0.0, 60.0),
        "front_second_s": between(second, 0.0, 60.0),
        "front_defender_1lap_s": within(front - before, 10.0),
        "train_ahead_line_cars": np.where(scene.lap > 0, train, np.nan),
        "lap_defender_front_s": within(scene.d("lap") - lap, 5.0),
        "pace_defender_front_s": scene.d("lap_ewm10") - pace,
    }


def _by_place(scene: Scene) -> Columns:
    interval, slot = np.full(_PLACES, np.nan), np.full(_PLACES, np.nan)
    for car in scene.race.cars.values():
        newest = car.trace[-1] if car.trace else None
        if newest is None or not 0 < (car.position or 0) < _PLACES:
            continue
        place = car.position or 0
        if scene.now_s - newest.at.timestamp() < _SILENT_S:
            slot[place] = scene.cache.laps.slot_of(car.number) or np.nan
            if place > 1 and newest.interval_s is not None:
                interval[place] = newest.interval_s
    pairs = zip(scene.attackers, scene.defenders, strict=True)
    places = np.array(
        [[(car and car.position) or np.nan for car in pair] for pair in pairs], dtype=np.float64
    )
    default = np.array([battle.position + 1.0 for battle in scene.battles])
    last = np.fmax.reduce(places, axis=1)
    base = np.where(np.isfinite(last), last, default).astype(np.int64)
    near = interval[np.minimum(np.maximum(base[:, None] + _STEPS, 0), _PLACES - 1)]
    ahead, behind = near[:, :11][:, ::-1] < _TRAIN_S, near[:, 12:] < _TRAIN_S
    pursuer = slot[np.minimum(base + 1, _PLACES - 1)]
    crossed, pace = scene.of_slots(pursuer, ("crossed", "lap_ewm10"), 1)
    back = crossed - scene.a("crossed", 1)
    return {
        "behind_attacker_s": between(near[:, 12], 0.0, 30.0),
        "behind_second_s": between(near[:, 13], 0.0, 30.0),
        "train_ahead_cars": np.logical_and.accumulate(ahead, axis=1).sum(1).astype(np.float64),
        "train_behind_cars": np.logical_and.accumulate(behind, axis=1).sum(1).astype(np.float64),
        "pace_pursuer_attacker_s": pace - scene.a("lap_ewm10"),
        "behind_attacker_1lap_s": between(back, -20.0, 30.0),
        "places_pair_diff": places[:, 0] - places[:, 1],
    }


def _defender(scene: Scene) -> Columns:
    newest = np.array([scene.cache.readings.of(car).newest[:, :_KEPT] for car in scene.defenders])
    interval, place = newest[:, INTERVAL], newest[:, POSITION]
    age = scene.now_s - newest[:, AT]
    recent = np.where((age <= _WINDOW_LIMITS_S) & (interval < 30), interval, np.nan)
    columns: Columns = {}
    for window, mean, lowest in zip(
        _WINDOWS_S, mean_along(recent), np.fmin.reduce(recent, axis=-1), strict=True
    ):
        columns[f"interval_defender_mean_{window}s"] = mean
        columns[f"interval_defender_least_{window}s"] = lowest
    close = np.where((age <= 90) & np.isfinite(interval), interval < 1.0, np.nan)
    lately = np.where(age <= 90, place, np.nan)
    return columns | {
        "interval_defender_last_s": between(interval[:, 0], 0.0, 60.0),
        "interval_defender_within_1_90s": mean_along(close),
        "places_defender_90s": np.fmin.reduce(lately, axis=1) - place[:, 0],
    }


class _Others(NamedTuple):
    """The cars of the field by their last crossings; (battles, cars) where not noted.

    Attributes:
        crossed: When each last crossed the line, shape (cars,).
        before: How long before the attacker.
        lapped: Whether a car is laps down, and crossed before the attacker.
        lapping: How many are laps ahead, and crossed shortly before the attacker; (battles,).
    """

    crossed: Vector
    before: Vector
    lapped: Flags
    lapping: Vector


def _others(scene: Scene) -> _Others:
    table = scene.cache.laps
    cars = [car for car in scene.race.cars.values() if car.laps]
    crossed = np.array(
        [table.crossed_s(car.number, car.laps[-1].lap_number) for car in cars], dtype=np.float64
    )
    laps = np.array([car.laps[-1].lap_number for car in cars], dtype=np.float64)
    before = scene.a("crossed")[:, None] - crossed[None, :]
    lapped = (laps[None, :] < scene.lap[:, None]) & (before >= 0)
    lapping = (laps[None, :] > scene.lap[:, None]) & (before >= 0) & (before < 6)
    return _Others(crossed, before, lapped, lapping.sum(1))


def _other_laps(scene: Scene) -> Columns:
    """Return the columns of cars that crossed the line near the pair on another lap."""
    crossed, before, lapped, lapping = scene.once("other laps", _others)
    gap = scene.lines[:, :1]
    ahead = lapped & (before >= gap)
    to_next = np.where(ahead & (before < gap + 20), before - gap, np.inf).min(1, initial=np.inf)
    running = (scene.now_s - crossed < 200).sum()
    known = np.where(np.isfinite(gap[:, 0]), 0.0, np.nan)
    return {
        "lapped_between_cars": (lapped & (before < gap)).sum(1) + known,
        "lapped_ahead_5s_cars": (ahead & (before < gap + 5)).sum(1) + known,
        "lapped_ahead_s": np.where(np.isfinite(to_next), to_next, np.nan),
        "lapping_near_cars": lapping + known,
        "running_field_cars": np.full(len(known), float(running)),
    }
