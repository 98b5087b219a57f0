"""Test that car channels and locations decode to the newest of each car, and None stays None."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from pitwall.domain.car_use import CarSample, TrackPoint
from pitwall.domain.events import CarsLocated, CarsSampled
from pitwall.domain.race import DriverNumber
from pitwall.wire.decode import decode, every_car_point
from pitwall.wire.message import RawMessage
from tests.wire.messages import AT, kinds, say

HAMILTON = DriverNumber(44)
UTC_TEXT = "2025-08-31T12:59:59.1234567Z"
THEN = datetime(2025, 8, 31, 12, 59, 59, 123456, tzinfo=UTC)
CHANNELS = {"0": 11000, "2": 280, "3": 7, "4": 100, "5": 0, "45": 12}


def entry(utc: str, cars: dict[str, Any]) -> dict[str, Any]:
    return {"Utc": utc, "Cars": {car: {"Channels": channels} for car, channels in cars.items()}}


def sample(channels: dict[str, Any]) -> CarSample:
    (event,) = say("CarData.z", {"Entries": [entry(UTC_TEXT, {"44": channels})]}).events
    assert isinstance(event, CarsSampled)
    return event.samples[HAMILTON]


@pytest.mark.parametrize("topic", ["CarData.z", "CarData"])
def test_channels_are_read_packed_or_plain(topic: str) -> None:
    decoded = say(topic, {"Entries": [entry(UTC_TEXT, {"44": CHANNELS})]})

    expected = CarSample(THEN, 280.0, 11000.0, 7, 100.0, 0.0, 12)
    assert decoded.events == (CarsSampled(AT, {HAMILTON: expected}),)


def test_the_newest_sample_of_each_car_is_kept() -> None:
    late = "2025-08-31T12:59:59.9Z"
    entries = [
        entry(late, {"44": {"2": 200}}),
        entry(UTC_TEXT, {"44": {"2": 100}, "4": {"2": 50}}),
    ]

    (event,) = say("CarData.z", {"Entries": entries}).events

    assert isinstance(event, CarsSampled)
    assert event.samples[HAMILTON].speed_kmh == 200
    assert event.samples[DriverNumber(4)].speed_kmh == 50


def test_104_is_no_reading_of_a_pedal() -> None:
    reading = sample({**CHANNELS, "4": 104, "5": 104})

    assert (reading.throttle_pct, reading.brake_pct) == (None, None)


def test_what_is_missing_or_no_number_is_none_and_never_zero() -> None:
    reading = sample({"2": "fast", "3": None, "0": 1e300})

    assert reading == CarSample(THEN)


def test_drs_zero_is_passed_on_as_sent() -> None:
    assert sample({"45": 0}).drs == 0


def test_positions_are_read_in_tenths_of_a_metre() -> None:
    cars = {
        "44": {"Status": "OnTrack", "X": 10, "Y": -20, "Z": 3},
        "4": {"Status": "OffTrack", "X": 0, "Y": 0, "Z": 0},
        "81": {"Status": "OnTrack", "X": 1},
    }

    decoded = say("Position.z", {"Position": [{"Timestamp": UTC_TEXT, "Entries": cars}]})

    assert decoded.events == (
        CarsLocated(
            AT,
            {
                HAMILTON: TrackPoint(THEN, 10.0, -20.0, 3.0, on_track=True),
                DriverNumber(4): TrackPoint(THEN, 0.0, 0.0, 0.0, on_track=False),
            },
        ),
    )


def test_every_location_of_a_burst_is_read_oldest_first() -> None:
    def entry(utc: str, x: object) -> dict[str, object]:
        return {"Timestamp": utc, "Entries": {"44": {"Status": "OnTrack", "X": x, "Y": 1, "Z": 0}}}

    later = UTC_TEXT.replace("59.1", "59.2")
    body = orjson.dumps({"Position": [entry(later, 2), entry(UTC_TEXT, 1), entry(UTC_TEXT, "?")]})

    points = every_car_point(RawMessage(AT, "Position", body))

    assert [(number, point.x) for number, point in points] == [(HAMILTON, 1.0), (HAMILTON, 2.0)]
    assert every_car_point(RawMessage(AT, "CarData", body)) == []
    assert every_car_point(RawMessage(AT, "Position", b"[")) == []


def test_a_place_without_height_is_a_place_and_one_with_a_broken_height_is_none() -> None:
    cars = {
        "44": {"Status": "OnTrack", "X": 10, "Y": -20},
        "4": {"Status": "OnTrack", "X": 10, "Y": -20, "Z": "high"},
        "81": {"Status": "OnTrack", "X": 10, "Y": -20, "Z": 1e9},
    }

    decoded = say("Position", {"Position": [{"Timestamp": UTC_TEXT, "Entries": cars}]})

    assert decoded.events == (
        CarsLocated(AT, {HAMILTON: TrackPoint(THEN, 10.0, -20.0, None, on_track=True)}),
    )


def packed(text: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return b'"' + base64.b64encode(packer.compress(text) + packer.flush()) + b'"'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'"not base64!"', "inflate"),
        (b'"AAAA"', "inflate"),
        (b"{}", "inflate"),
        (packed(b"0" * 9_000_000), "inflate_size"),
        (packed(b"{"), "json"),
        (packed(b"[]"), "payload_not_object"),
    ],
)
def test_what_cannot_be_unpacked_is_one_fault(body: bytes, kind: str) -> None:
    assert kinds(decode(RawMessage(AT, "CarData.z", body))) == [kind]


def test_a_payload_cut_short_is_a_fault() -> None:
    whole = base64.b64decode(packed(b'{"Entries":[]}'))
    cut = b'"' + base64.b64encode(whole[:-4]) + b'"'

    assert kinds(decode(RawMessage(AT, "CarData.z", cut))) == ["inflate"]


def test_an_entry_without_a_time_is_a_fault_and_the_others_are_kept() -> None:
    entries = [entry("yesterday", {"44": CHANNELS}), entry(UTC_TEXT, {"4": CHANNELS}), 1]

    decoded = say("CarData", {"Entries": entries})

    assert kinds(decoded) == ["entry_time", "entry_not_object"]
    assert len(decoded.events) == 1
    assert timedelta(0) < AT - THEN
