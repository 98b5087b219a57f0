"""Decode `CarData` and `Position` into the newest sample of each car in a burst."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from types import MappingProxyType

from pitwall.domain.car_use import CarSample, TrackPoint
from pitwall.domain.events import CarsLocated, CarsSampled
from pitwall.domain.race import START_OF_TIME, DriverNumber
from pitwall.wire.containers import each_car, each_item
from pitwall.wire.decode_result import Findings
from pitwall.wire.values import NotAValueError, read_instant, read_number

_FASTEST_KMH = 500.0
_HIGHEST_RPM = 30_000.0
_HIGHEST_GEAR = 15.0
_FULL_PCT = 100.0
_FARTHEST = 1e7  # tenths of a metre: 1000 km


def decode_car_data(payload: dict[str, object], findings: Findings) -> None:
    """Add the newest channels of each car."""
    samples: dict[DriverNumber, CarSample] = {}
    for at, cars in _newest_first(payload.get("Entries", []), "Utc", "Cars", findings):
        for number, car in each_car(cars, findings, "cars"):
            channels = car.get("Channels")
            if number in samples:
                continue
            if isinstance(channels, dict):
                samples[number] = _sample(at, channels)
            else:
                findings.fault("channels_not_object", channels)
    if samples:
        findings.add(CarsSampled(findings.sent_at, MappingProxyType(samples)))


def every_sample(payload: dict[str, object]) -> list[tuple[DriverNumber, CarSample]]:
    """Return all readings of a `CarData` burst, oldest first, without malformed entries.

    The race state needs only the newest of each car; storing a race needs them all.
    """
    return [
        (number, _sample(at, channels))
        for at, number, car in _oldest_first(payload, "Entries", "Utc", "Cars")
        if isinstance(channels := car.get("Channels"), dict)
    ]


def _oldest_first(
    payload: dict[str, object], entries_key: str, time_key: str, cars_key: str
) -> Iterator[tuple[datetime, DriverNumber, dict[str, object]]]:
    """Yield time, car and data of every entry of a burst, without malformed entries."""
    faults = Findings(START_OF_TIME)
    entries = list(_newest_first(payload.get(entries_key, []), time_key, cars_key, faults))
    for at, cars in reversed(entries):
        for number, car in each_car(cars, faults, "cars"):
            yield at, number, car


def _newest_first(
    entries: object, time_key: str, cars_key: str, findings: Findings
) -> Iterator[tuple[datetime, object]]:
    """Yield the time and the cars of each entry, newest first."""
    timed: list[tuple[datetime, object]] = []
    for _, entry in each_item(entries, findings, "entries"):
        if not isinstance(entry, dict):
            findings.fault("entry_not_object", entry)
            continue
        try:
            timed.append((read_instant(entry.get(time_key)), entry.get(cars_key)))
        except NotAValueError:
            findings.fault("entry_time", entry.get(time_key))
    # Reverse before the stable sort: of two entries of one instant the one sent later is newer.
    timed.reverse()
    yield from sorted(timed, key=lambda pair: pair[0], reverse=True)


def _sample(at: datetime, channels: dict[str, object]) -> CarSample:
    """Return a sample; 104 in throttle or brake is out of range and means no reading."""
    gear = _within(channels.get("3"), _HIGHEST_GEAR)
    drs = _within(channels.get("45"), _FULL_PCT)
    return CarSample(
        at=at,
        speed_kmh=_within(channels.get("2"), _FASTEST_KMH),
        rpm=_within(channels.get("0"), _HIGHEST_RPM),
        gear=None if gear is None else int(gear),
        throttle_pct=_within(channels.get("4"), _FULL_PCT),
        brake_pct=_within(channels.get("5"), _FULL_PCT),
        drs=None if drs is None else int(drs),
    )


def _within(value: object, highest: float) -> float | None:
    """Return a channel's value; None where it is missing, no number or out of range."""
    if value is None:
        return None
    try:
        number = read_number(value)
    except NotAValueError:
        return None
    return number if 0 <= number <= highest else None


def decode_positions(payload: dict[str, object], findings: Findings) -> None:
    """Add the newest location of each car."""
    points: dict[DriverNumber, TrackPoint] = {}
    for at, cars in _newest_first(payload.get("Position", []), "Timestamp", "Entries", findings):
        for number, car in each_car(cars, findings, "cars"):
            if number not in points:
                point = _point(at, car)
                if point is not None:
                    points[number] = point
    if points:
        findings.add(CarsLocated(findings.sent_at, MappingProxyType(points)))


def every_point(payload: dict[str, object]) -> list[tuple[DriverNumber, TrackPoint]]:
    """Return all locations of a `Position` burst, oldest first, without malformed entries.

    The race state needs only the newest of each car; drawing a circuit needs them all.
    """
    return [
        (number, point)
        for at, number, car in _oldest_first(payload, "Position", "Timestamp", "Entries")
        if (point := _point(at, car)) is not None
    ]


def _point(at: datetime, car: dict[str, object]) -> TrackPoint | None:
    """Return the location of a car; None where x or y is missing, or a coordinate is implausible.

    A feed without heights sends no Z at all.
    """
    try:
        x, y = (read_number(car.get(axis)) for axis in "XY")
        z = read_number(car["Z"]) if "Z" in car else None
    except NotAValueError:
        return None
    if max(abs(x), abs(y), abs(z or 0.0)) > _FARTHEST:
        return None
    return TrackPoint(at, x, y, z, on_track=car.get("Status") == "OnTrack")
