"""Compute the columns from race control and the weather."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np

from pitwall.domain.race import ControlMessage, DriverNumber, RaceState, TrackStatus
from pitwall.domain.yellow_flags import yellow_sectors
from pitwall.prediction.columns.scene import Scene
from pitwall.prediction.columns.spec import OF_BOTH, Columns, FeatureSpec, Vector

_NAN = float("nan")
_LONGEST_S: Final = 4000.0
_CAR_AGE_S: Final = 600.0
_NEVER_S: Final = 999.0
_CAR: Final = re.compile(r"CARS? (\d+)")
_INCIDENT: Final = ("INCIDENT", "PENALTY", "INVESTIGAT", "TRACK LIMITS", "BLACK AND ORANGE")
_MESSAGES = "RaceControlMessages"
_WEATHER: Final = (
    ("track_c", "°C"),
    ("air_c", "°C"),
    ("humidity_pct", "%"),
    ("wind_mps", "m/s"),
    ("rainfall", "0 or 1"),
)

SPECS: Final = (
    FeatureSpec("overtake_enabled", "0 or 1", "DRS or Overtake Mode", _MESSAGES),
    FeatureSpec("overtake_enabled_age_s", "s", "since its last message", _MESSAGES),
    FeatureSpec("control_heard", "0 or 1", "whether race control has sent any", _MESSAGES),
    *(
        FeatureSpec(f"{what}_{who}_age_s", "s", f"since {whose} {meaning}; 999 never", _MESSAGES)
        for who, whose in OF_BOTH
        for what, meaning in (("blue_flag", "blue flag"), ("incident", "incident"))
    ),
    FeatureSpec("since_neutral_s", "s", "since the track was not clear", "TrackStatus"),
    *(FeatureSpec(f"weather_{name}", unit, name, "WeatherData") for name, unit in _WEATHER),
)


@dataclass(frozen=True, slots=True)
class ControlReadings:
    """The times of race control's last messages by subject and car, and sectors under yellow."""

    overtake_at: datetime | None = None
    blue_flag: Mapping[DriverNumber, datetime] = field(default_factory=dict)
    incident: Mapping[DriverNumber, datetime] = field(default_factory=dict)
    yellow_sectors: int = 0


class ControlCache:
    """Caches the readings of the control messages until there are new ones."""

    def __init__(self) -> None:
        self._messages: tuple[ControlMessage, ...] = ()
        self._readings = ControlReadings()

    def of(self, race: RaceState) -> ControlReadings:
        """Return the times of race control's last messages."""
        if race.control is not self._messages:
            self._messages, self._readings = race.control, _read(race.control)
        return self._readings


def _read(messages: tuple[ControlMessage, ...]) -> ControlReadings:
    overtake_at: datetime | None = None
    blue: dict[DriverNumber, datetime] = {}
    incident: dict[DriverNumber, datetime] = {}
    for message in messages:
        text = message.message.upper()
        if text.startswith(("DRS ", "OVERTAKE ")) and text.endswith(("ENABLED", "DISABLED")):
            overtake_at = message.at
        car = _CAR.search(text)
        if car is None:
            continue
        number = DriverNumber(int(car[1]))
        if "BLUE" in text:
            blue[number] = message.at
        if any(word in text for word in _INCIDENT):
            incident[number] = message.at
    return ControlReadings(overtake_at, blue, incident, len(yellow_sectors(messages)))


def values(scene: Scene, readings: ControlReadings) -> Columns:
    """Return the columns of this module."""
    race = scene.race
    many = len(scene.battles)
    enabled = race.overtake_enabled
    columns = {
        "overtake_enabled": _all(_NAN if enabled is None else float(enabled), many),
        "overtake_enabled_age_s": _all(_age_s(race, readings.overtake_at, _LONGEST_S, _NAN), many),
        "control_heard": _all(float(bool(race.control)), many),
        "since_neutral_s": _all(_clear_for_s(race), many),
    }
    for name, _ in _WEATHER:
        value = getattr(race.weather, name)
        columns[f"weather_{name}"] = _all(_NAN if value is None else float(value), many)
    for who in ("attacker", "defender"):
        numbers = [getattr(battle, who) for battle in scene.battles]
        for what, times in (("blue_flag", readings.blue_flag), ("incident", readings.incident)):
            ages = [_age_s(race, times.get(number), _CAR_AGE_S, _NEVER_S) for number in numbers]
            columns[f"{what}_{who}_age_s"] = np.array(ages, dtype=np.float64)
    return columns


def _all(value: float, many: int) -> Vector:
    return np.full(many, value)


def _clear_for_s(race: RaceState) -> float:
    if race.track_status is not TrackStatus.CLEAR:
        return 0.0
    return _age_s(race, race.track_status_at, _LONGEST_S, _LONGEST_S)


def _age_s(race: RaceState, at: datetime | None, longest_s: float, never_s: float) -> float:
    if at is None:
        return never_s
    return max(0.0, min(longest_s, (race.as_of - at).total_seconds()))
