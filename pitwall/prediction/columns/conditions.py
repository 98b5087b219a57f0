"""Compute the columns of the conditions in which a battle is fought: flags, out laps, wet tyres."""

from __future__ import annotations

from typing import Final

import numpy as np

from pitwall.domain.race import CarState, Compound, TrackStatus
from pitwall.prediction.columns.control import ControlReadings
from pitwall.prediction.columns.scene import Scene
from pitwall.prediction.columns.spec import OF_BOTH, Columns, FeatureSpec, Vector

_NAN = float("nan")
_LONGEST_S: Final = 4000.0
_STATUS = "TrackStatus and RaceControlMessages"
_STINTS = "TimingAppData Stints"
_PITS = "InPit, PitOut"

SPECS: Final = (
    FeatureSpec("racing_for_s", "s", "since lights out or the last safety car or red", _STATUS),
    FeatureSpec("yellow_now", "0 or 1", "whether a yellow flag is shown somewhere", _STATUS),
    FeatureSpec("yellow_sectors_count", "sectors", "track sectors under yellow", _STATUS),
    FeatureSpec("yellow_age_s", "s", "since the yellow began; missing without one", _STATUS),
    FeatureSpec("lap_phase_share", "share", "of the attacker's lap done", "NumberOfLaps"),
    FeatureSpec(
        "lap_pair_duration_s", "s", "of a lap, attacker's last, 150 at most", "LastLapTime"
    ),
    *(
        FeatureSpec(f"{what}_{who}", "0 or 1", f"{whose} {meaning}", source)
        for who, whose in OF_BOTH
        for what, meaning, source in (
            ("out_lap", "lap began or goes through the pit lane", _PITS),
            ("wets", "tyres are for the wet", _STINTS),
            ("tyres_told", "compound is known", _STINTS),
        )
    ),
    FeatureSpec("wets_diff", "steps", "tyres for the wet, attacker minus defender", _STINTS),
    FeatureSpec("grid_attacker_places", "places", "attacker's place on the grid", "GridPos"),
    FeatureSpec("grid_diff_places", "places", "place on the grid", "GridPos"),
)


def values(scene: Scene, readings: ControlReadings) -> Columns:
    """Return the columns of this module."""
    race, many = scene.race, len(scene.battles)
    yellow = race.track_status is TrackStatus.YELLOW
    racing_s = (race.as_of - race.racing_since).total_seconds()
    yellow_s = (race.as_of - race.track_status_at).total_seconds() if yellow else _NAN
    columns = {
        "racing_for_s": np.full(many, min(racing_s, _LONGEST_S)),
        "yellow_now": np.full(many, float(yellow)),
        "yellow_sectors_count": np.full(many, float(readings.yellow_sectors if yellow else 0)),
        "yellow_age_s": np.full(many, yellow_s),
        "lap_phase_share": scene.phase,
        "lap_pair_duration_s": scene.lap_s,
    }
    for who, cars in (("attacker", scene.attackers), ("defender", scene.defenders)):
        out_lap, wets, told, grid = np.array([_of_car(car) for car in cars], dtype=np.float64).T
        columns |= {f"out_lap_{who}": out_lap, f"wets_{who}": wets, f"tyres_told_{who}": told}
        columns[f"grid_{who}_places"] = grid
    columns["wets_diff"] = columns["wets_attacker"] - columns["wets_defender"]
    defenders_grid: Vector = columns.pop("grid_defender_places")
    columns["grid_diff_places"] = columns["grid_attacker_places"] - defenders_grid
    return columns


def _of_car(car: CarState | None) -> tuple[float, float, float, float]:
    if car is None:
        return _NAN, _NAN, _NAN, _NAN
    compound = Compound.UNKNOWN if car.stint is None else car.stint.compound
    return (
        float(car.in_pit or car.pitted_this_lap),
        float(compound.is_for_wet),
        float(compound is not Compound.UNKNOWN),
        _NAN if car.grid_position is None else float(car.grid_position),
    )
