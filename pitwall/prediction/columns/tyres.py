"""Compute the columns of the battle's place in the race: position, laps, tyres and pit stops."""

from __future__ import annotations

from typing import Final

import numpy as np

from pitwall.domain.race import CarState, Compound
from pitwall.prediction.columns.scene import Scene
from pitwall.prediction.columns.spec import OF_BOTH, Columns, FeatureSpec, Vector

_NAN = float("nan")
_HARDNESS: Final = {
    Compound.HYPERSOFT: -2.0,
    Compound.ULTRASOFT: -1.0,
    Compound.SUPERSOFT: -0.5,
    Compound.SOFT: 0.0,
    Compound.MEDIUM: 1.0,
    Compound.HARD: 2.0,
    Compound.SUPERHARD: 3.0,
    Compound.INTERMEDIATE: 5.0,
    Compound.WET: 6.0,
}
_STINTS = "TimingAppData Stints"
_PITS = "InPit, PitOut, NumberOfPitStops"

SPECS: Final = (
    FeatureSpec("position_attacker", "place", "the attacker's place at stake plus one", "Line"),
    FeatureSpec("for_lead", "0 or 1", "whether the lead is at stake", "Line"),
    FeatureSpec("lap_pair_laps", "laps", "laps that both have completed", "NumberOfLaps"),
    FeatureSpec("race_share", "share", "of the announced distance", "LapCount"),
    FeatureSpec("laps_left", "laps", "to the announced distance", "LapCount"),
    FeatureSpec("season_year", "year", "of the race", "SessionInfo"),
    FeatureSpec("is_sprint", "0 or 1", "whether this is a sprint", "SessionInfo"),
    FeatureSpec("team_mates", "0 or 1", "whether the two are of one team", "DriverList"),
    *(
        FeatureSpec(f"{what}_{who}_{unit}", unit, f"{whose} {meaning}", _STINTS)
        for who, whose in OF_BOTH
        for what, unit, meaning in (
            ("compound", "steps", "compound, 1 a step harder"),
            ("tyre_life", "laps", "laps on the tyres"),
            ("tyre_new", "share", "tyres, 1 if new when fitted"),
        )
    ),
    FeatureSpec("compound_diff_steps", "steps", "compound, 1 a step harder", _STINTS),
    FeatureSpec("tyre_life_diff_laps", "laps", "laps on the tyres", _STINTS),
    *(
        FeatureSpec(f"{what}_{who}_{unit}", unit, f"{whose} {meaning}", _PITS)
        for who, whose in OF_BOTH
        for what, unit, meaning in (
            ("since_pit", "laps", "laps since the pit lane"),
            ("pit_stops", "stops", "pit stops"),
            ("pitted", "share", "last lap through the pits, 1 or 0"),
        )
    ),
    FeatureSpec("since_pit_diff_laps", "laps", "laps since the pit lane", _PITS),
    FeatureSpec("pit_stops_diff_stops", "stops", "pit stops", _PITS),
    FeatureSpec("since_neutral_pair_laps", "laps", "since a lap not clear; 99 none", "TrackStatus"),
)


def values(scene: Scene) -> Columns:
    """Return the columns of this module."""
    race = scene.race
    position = np.array([battle.position + 1.0 for battle in scene.battles])
    lap = np.where(scene.lap > 0, scene.lap, np.nan).astype(np.float64)
    total = np.full(len(lap), race.total_laps or _NAN, dtype=np.float64)
    columns = {
        "position_attacker": position,
        "for_lead": (position == 2).astype(np.float64),
        "lap_pair_laps": lap,
        "race_share": lap / total,
        "laps_left": total - lap,
        "season_year": np.full(len(lap), race.info.year or _NAN, dtype=np.float64),
        "is_sprint": np.full(len(lap), float("sprint" in race.info.kind.lower())),
        "team_mates": np.array(list(map(_mates, scene.attackers, scene.defenders))),
        "since_neutral_pair_laps": scene.a("since_neutral"),
    }
    for who, cars in (("attacker", scene.attackers), ("defender", scene.defenders)):
        compound, life, new, stops = _of_cars(cars)
        columns[f"compound_{who}_steps"] = compound
        columns[f"tyre_life_{who}_laps"] = life
        columns[f"tyre_new_{who}_share"] = new
        columns[f"pit_stops_{who}_stops"] = stops
    for cell, name in (("since_pit", "since_pit_{}_laps"), ("pitted", "pitted_{}_share")):
        columns |= {name.format(who): value for who, value in scene.both(cell)}
    for what in (
        "compound_{}_steps",
        "tyre_life_{}_laps",
        "since_pit_{}_laps",
        "pit_stops_{}_stops",
    ):
        back, front = columns[what.format("attacker")], columns[what.format("defender")]
        columns[what.format("diff")] = back - front
    return columns


def _of_cars(cars: list[CarState | None]) -> Vector:
    return np.array([_of_car(car) for car in cars], dtype=np.float64).T


def _of_car(car: CarState | None) -> tuple[float, float, float, float]:
    if car is None:
        return _NAN, _NAN, _NAN, _NAN
    stint = car.stint
    if stint is None:
        return _NAN, _NAN, _NAN, float(car.pit_stops)
    return (
        _HARDNESS.get(stint.compound, _NAN),
        _NAN if stint.tyre_life_laps is None else float(stint.tyre_life_laps),
        _NAN if stint.fresh_tyre is None else float(stint.fresh_tyre),
        float(car.pit_stops),
    )


def _mates(attacker: CarState | None, defender: CarState | None) -> float:
    if attacker is None or defender is None or not attacker.driver.team:
        return _NAN
    return float(attacker.driver.team == defender.driver.team)
