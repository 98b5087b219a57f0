"""Rewrite rows that stand alone as messages: intervals, places, weather, channels, locations.

The same row always becomes the same bytes, whether it came by REST or MQTT, so that duplicates
are recognised.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pitwall.domain.gaps import NoGap, TimeGap
from pitwall.feeds.openf1.rows import Row, car_of, count_of, instant_of, number_of
from pitwall.wire.encode import encode_body, encode_zipped, gap_text, utc_text
from pitwall.wire.message import RawMessage
from pitwall.wire.values import NotAValueError, read_gap

TIMING = "TimingData"
_CHANNELS = {"0": "rpm", "2": "speed", "3": "n_gear", "4": "throttle", "5": "brake", "45": "drs"}


def message(at: datetime, topic: str, payload: object) -> RawMessage:
    """Return a message of a topic that is not compressed."""
    return RawMessage(at, topic, encode_body(payload))


def car_line(at: datetime, car: int, line: dict[str, Any]) -> RawMessage:
    """Return a `TimingData` message about one car."""
    return message(at, TIMING, {"Lines": {str(car): line}})


def measured_message(endpoint: str, row: Row) -> RawMessage | None:
    """Return the message of a row of a measured endpoint; None when nothing in it is usable."""
    at = instant_of(row)
    return None if at is None else _MESSAGE_OF[endpoint](at, row)


def _interval(at: datetime, row: Row) -> RawMessage | None:
    """Return gap and interval; null means not sent, as in F1's deltas, and the leader has 0.0."""
    car = car_of(row)
    gap, interval = _gap(row.get("gap_to_leader")), _gap(row.get("interval"))
    if car is None or (gap is None and interval is None):
        return None
    line: dict[str, Any] = {} if gap is None else {"GapToLeader": gap}
    if interval is not None:
        line["IntervalToPositionAhead"] = {"Value": interval}
    return car_line(at, car, line)


def _gap(value: object) -> str | None:
    """Return a gap as F1 writes it, from seconds or from text such as `+1 LAP`."""
    if value is None:
        return None
    try:
        gap = read_gap(value)
    except NotAValueError:
        return None
    if isinstance(gap, NoGap):
        return None
    return gap_text(gap) if not isinstance(gap, TimeGap) or gap.seconds < 3600 else None


def _position(at: datetime, row: Row) -> RawMessage | None:
    car, place = car_of(row), count_of(row, "position", most=99)
    return car_line(at, car, {"Line": place}) if car is not None and place else None


_WEATHER = {
    "AirTemp": "air_temperature",
    "Humidity": "humidity",
    "Pressure": "pressure",
    "TrackTemp": "track_temperature",
    "WindDirection": "wind_direction",
    "WindSpeed": "wind_speed",
}


def _weather(at: datetime, row: Row) -> RawMessage | None:
    values = {name: number_of(row, field) for name, field in _WEATHER.items()}
    payload = {name: str(value) for name, value in values.items() if value is not None}
    rain = row.get("rainfall")
    if isinstance(rain, bool | int | float):
        payload["Rainfall"] = "1" if rain else "0"
    return message(at, "WeatherData", payload) if payload else None


def _car_data(at: datetime, row: Row) -> RawMessage | None:
    """Return a car's channels, without those that are null, such as DRS in 2026."""
    car = car_of(row)
    values = {channel: number_of(row, field) for channel, field in _CHANNELS.items()}
    channels = {channel: value for channel, value in values.items() if value is not None}
    if car is None or not channels:
        return None
    entry = {"Utc": utc_text(at), "Cars": {str(car): {"Channels": channels}}}
    return RawMessage(at, "CarData.z", encode_zipped({"Entries": [entry]}))


def _location(at: datetime, row: Row) -> RawMessage | None:
    """Return a car's location; None at exactly the origin, which means no signal."""
    car = car_of(row)
    x, y, z = (number_of(row, axis) for axis in "xyz")
    if car is None or x is None or y is None or z is None or (x, y, z) == (0, 0, 0):
        return None
    point = {"Status": "OnTrack", "X": x, "Y": y, "Z": z}
    entry = {"Timestamp": utc_text(at), "Entries": {str(car): point}}
    return RawMessage(at, "Position.z", encode_zipped({"Position": [entry]}))


_MESSAGE_OF: dict[str, Callable[[datetime, Row], RawMessage | None]] = {
    "intervals": _interval,
    "position": _position,
    "weather": _weather,
    "car_data": _car_data,
    "location": _location,
}
