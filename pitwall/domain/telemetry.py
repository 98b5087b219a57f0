"""Collect the newest telemetry of every car."""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.car_use import CarSample, TrackPoint
from pitwall.domain.race import RaceState


@dataclass(frozen=True, slots=True)
class CarTelemetry:
    """One car's newest reading and location; each is None while the feed has sent none."""

    sample: CarSample | None = None
    point: TrackPoint | None = None


def telemetry_of(race: RaceState) -> dict[int, CarTelemetry]:
    """Return every car's telemetry, by car number; cars without any are left out."""
    numbers = sorted({*race.samples, *race.points})
    return {
        int(number): CarTelemetry(race.samples.get(number), race.points.get(number))
        for number in numbers
    }
