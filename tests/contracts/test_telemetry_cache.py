"""Test what every `TelemetryCache` adapter must do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pitwall.cache.memory import MemoryTelemetryCache
from pitwall.cache.redis import RedisTelemetryCache
from pitwall.domain.car_use import CarSample, TrackPoint
from pitwall.domain.telemetry import CarTelemetry
from pitwall.ports.cache import TelemetryCache
from tests.makers import at

Maker = Callable[[float], TelemetryCache]
FULL = CarTelemetry(
    CarSample(at(1), 312.0, 11_800.0, 8, 100.0, 0.0, None), TrackPoint(at(1), -1.5, 2.0, 0.0, True)
)
WITHOUT_HEIGHT = CarTelemetry(point=TrackPoint(at(1), 3.0, 4.0, None, True))


def a_car(speed_kmh: float) -> CarTelemetry:
    return CarTelemetry(CarSample(at(1), speed_kmh))


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest) -> Maker:
    if request.param == "memory":
        return MemoryTelemetryCache
    redis = request.getfixturevalue("redis")
    return lambda kept_s: RedisTelemetryCache(redis, kept_s=kept_s)


async def test_starts_empty(make: Maker) -> None:
    assert await make(30.0).latest() == {}


async def test_returns_readings_and_places_unchanged(make: Maker) -> None:
    telemetry = make(30.0)

    cars = {81: FULL, 44: WITHOUT_HEIGHT, 4: CarTelemetry()}
    await telemetry.put(cars)

    assert await telemetry.latest() == cars


async def test_a_newer_reading_replaces_only_its_own_car(make: Maker) -> None:
    telemetry = make(30.0)
    await telemetry.put({81: a_car(300), 4: a_car(280)})

    await telemetry.put({4: a_car(281)})

    assert await telemetry.latest() == {81: a_car(300), 4: a_car(281)}


async def test_a_car_that_says_nothing_more_is_forgotten(make: Maker) -> None:
    telemetry = make(0.2)
    await telemetry.put({81: a_car(300)})
    await asyncio.sleep(0.12)
    await telemetry.put({4: a_car(280)})
    await asyncio.sleep(0.12)

    assert await telemetry.latest() == {4: a_car(280)}
