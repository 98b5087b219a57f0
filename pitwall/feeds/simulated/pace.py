"""Compute how long a car alone on the road takes for a mini-sector."""

from __future__ import annotations

import math
from random import Random

from pitwall.feeds.simulated.cars import RaceCar
from pitwall.feeds.simulated.lap_shape import MINI_SECTOR_S, MiniSector
from pitwall.feeds.simulated.race_control import TrackStage
from pitwall.feeds.simulated.setup import RaceSetup
from pitwall.feeds.simulated.tyres import CHARACTERS

_REFERENCE_LAP_S = 90.0  # the lap for which differences in pace are told
_FUEL_S = 3.0  # a lap, full tank against empty
_FORM_KEPT = 0.6
_FORM_SD_S = 0.14
_NOISE_S = 0.029  # in one mini-sector of usual length
_TRIM_WORTH = 0.5  # seconds for each second of straight: speed gained grows along it
_LAUNCH_S = 3.1  # lost by standing at the start
_GRID_SLOT_S = 0.13  # eight metres
_LAUNCH_SD_S = 0.15
_OPENING_SD_S = 0.09  # elbows out in the first mini-sectors
_OPENING_LOOPS = 6
_QUEUE_LEADER = 1.55  # lap time behind the safety car over racing lap time
_QUEUE_OTHERS = 1.20  # while catching up with the queue
_VIRTUAL = 1.35
_LANE_ENTRY = 0.30  # share of the pit loss taken before the line
_STOP_SD_S = 0.35
_SLOW_STOP = 0.035  # share of stops with a wheel that will not come off


def new_lap(rng: Random, car: RaceCar, setup: RaceSetup) -> None:
    """Set the car's pace for the lap it begins."""
    laps_left = 1.0 - car.progress / (len(setup.shape.minis) * setup.laps)
    car.form_s = _FORM_KEPT * car.form_s + rng.gauss(0.0, _FORM_SD_S)
    per_lap = car.entrant.slowness_s + setup.wear.cost_s(car.tyres) + _FUEL_S * laps_left
    car.pace_s = (per_lap + car.form_s) * setup.shape.lap_s / _REFERENCE_LAP_S


def road_s(rng: Random, car: RaceCar, mini: MiniSector, setup: RaceSetup) -> float:
    """Return seconds for a mini-sector on an empty road, the start's disorder included."""
    time_s = mini.base_s * (1.0 + car.pace_s / setup.shape.lap_s)
    surplus_s = setup.shape.straight_share * mini.base_s - mini.straight_s
    time_s += _TRIM_WORTH * car.entrant.trim * surplus_s
    time_s += rng.gauss(0.0, _NOISE_S * math.sqrt(mini.base_s / MINI_SECTOR_S))
    if car.progress == 0:
        time_s += _LAUNCH_S + _GRID_SLOT_S * car.index + rng.gauss(0.0, _LAUNCH_SD_S)
    elif car.progress < _OPENING_LOOPS:
        time_s += rng.gauss(0.12, _OPENING_SD_S)
    return time_s


def neutral_factor(stage: TrackStage, *, leads: bool) -> float:
    """Return by how much slower than racing a car drives under safety car or its virtual kind."""
    if stage is TrackStage.VIRTUAL:
        return _VIRTUAL
    return _QUEUE_LEADER if leads else _QUEUE_OTHERS


def lane_entry_s(mini: MiniSector, setup: RaceSetup) -> float:
    """Return seconds from turning in to the line."""
    return mini.base_s + _LANE_ENTRY * setup.circuit.pit_loss_s


def lane_exit_s(rng: Random, mini: MiniSector, setup: RaceSetup) -> float:
    """Return seconds from the line to the end of the lane, the stop included."""
    stop_s = abs(rng.gauss(0.0, _STOP_SD_S))
    if rng.random() < _SLOW_STOP:
        stop_s += rng.uniform(2.0, 9.0)
    return mini.base_s + (1.0 - _LANE_ENTRY) * setup.circuit.pit_loss_s + stop_s


def cold_s(car: RaceCar) -> float:
    """Return seconds a lap that new tyres cost until they are warm."""
    return CHARACTERS[car.tyres.compound].cold_s
