"""Break messages of every topic at random, by seed: in values, bytes, topic and time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson

from pitwall.errors import MalformedMessageError
from pitwall.wire.encode import encode_zipped
from pitwall.wire.inflate import inflate
from pitwall.wire.message import RawMessage

_VALUES: tuple[object, ...] = (
    *(None, True, False, 0, -1, 1, 2, 3, 99, 100, 999, 1000, 2**31, 2**63, 2**64 - 1, -(2**63)),
    *(1e308, -1e308, 5e-324, -0.0, 0.5, 1e9, 999999999.9, 1e15),
    *("", " ", "0", "-1", "1", "2", "99", "999", "9" * 31, "9" * 400, "nan", "NaN", "inf", "-inf"),
    *("1e999", "+1.2", "+86399.999", "+86400", "0.0", "-0.001", "1L", "999L", "+1 LAP", "LAP 3"),
    *("LAP 999", "LAP", "1:23.456", "99:59.999", "23:59:59.999", "1:1:1:1", ":", "٣", "²", "½"),
    *("true", "False", "Started", "Finalised", "Ends", "Aborted", "SOFT", "WET", "6", "5", "4"),
    *("0001-01-01T00:00:00", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+23:59"),
    *("2025-02-30T00:00:00", "1950-01-01T00:00:00Z", "2199-12-31T23:59:59Z", "-23:59:59"),
    *("\u202eevil\u2066", "a\x00b\x1b[31m\n\r", "<script>", "=1+1", "\ud83d\ude00" * 50, "x" * 999),
    *("DRS ENABLED", "CARS 1 AND 999999999999999999999 " + "9" * 900, "_deleted", "_kf"),
    *({}, [], [[]], [{}], {"Value": None}, {"Value": {}}, {"_deleted": None}, {"0": None}),
    *({"_deleted": ["Value"]}, {"_deleted": [1, "1", None, {}]}, {"99": {}}, {"-1": {}}),
)
_KEYS = (
    *("Lines", "_deleted", "_kf", "Value", "Stints", "Sectors", "Speeds", "Line", "InPit", "1"),
    *("Retired", "Stopped", "NumberOfLaps", "LastLapTime", "Entries", "Cars", "Channels", "0"),
    *("Position", "Messages", "Utc", "Meeting", "Name", "StartDate", "GmtOffset", "44", "2"),
    *("999", "1000", "-1", "", "٣", "Timestamp", "PitOut", "GridPos", "Compound", "TotalLaps"),
)


def mutated(message: RawMessage, rng: random.Random) -> RawMessage:
    """Return a message broken in one to four ways."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        message = rng.choice(_WAYS)(message, rng)
    return message


def _in_its_values(message: RawMessage, rng: random.Random) -> RawMessage:
    try:
        payload = orjson.loads(message.body)
        if zipped := message.topic.endswith(".z"):
            payload = orjson.loads(inflate(payload))
    except (ValueError, MalformedMessageError):  # broken before: it stays as it is
        return message
    for _ in range(rng.choice((1, 1, 2, 5))):
        payload = _changed(payload, rng)
    try:
        body = encode_zipped(payload) if zipped else orjson.dumps(payload)
    except (orjson.JSONEncodeError, TypeError):  # a lone surrogate
        return message
    return replace(message, body=body)


def _changed(value: object, rng: random.Random, depth: int = 0) -> object:
    """Return a tree with one value, near or deep, changed."""
    if isinstance(value, dict) and value and rng.random() > 0.12 + 0.02 * depth:
        return _changed_object(value, rng, depth)
    if isinstance(value, list) and value and rng.random() > 0.12:
        place = rng.randrange(len(value))
        changed = _changed(value[place], rng, depth + 1)
        return [*value[:place], changed, *value[place + rng.randrange(2) :]]
    wrapped = ([value], {"Value": value}, {str(rng.randrange(4)): value}, str(value)[:50])
    return rng.choice((*wrapped, *(rng.choice(_VALUES) for _ in range(4))))


def _changed_object(value: dict[str, object], rng: random.Random, depth: int) -> object:
    key = rng.choice(list(value))
    match rng.randrange(9):
        case 0:
            return {each: inner for each, inner in value.items() if each != key}
        case 1:
            return {**value, rng.choice(_KEYS): value[key]}
        case 2:
            return {**value, rng.choice(_KEYS): rng.choice(_VALUES)}
        case 3:
            return {**value, "_deleted": [key, *rng.sample(_KEYS, 2)]}
        case 4:
            return {"_deleted": list(value)[:3]}
        case _:
            return {**value, key: _changed(value[key], rng, depth + 1)}


def _in_its_bytes(message: RawMessage, rng: random.Random) -> RawMessage:
    body = bytearray(message.body)
    if not body:
        return message
    place = rng.randrange(len(body))
    match rng.randrange(7):
        case 0:
            del body[place:]
        case 1:
            body[place] = rng.randrange(256)
        case 2:
            body[place:place] = rng.choice((b"[" * 2000, b'{"a":' * 2000, b"\xff\xfe", b" " * 9000))
        case 3:
            body[place:place] = rng.choice((b"NaN", b"Infinity", b"1e999", b"9" * 5000, b"\\ud800"))
        case 4:
            body[1:1] = b'"Lines":{},' * rng.randrange(1, 3)  # the same key twice
        case 5:
            body = body[:place] * 2
        case _:
            body = bytearray(rng.choice((b"", b"null", b"[]", b"{}", b'"x"', b"1", b"[" * 100_000)))
    return replace(message, body=bytes(body))


def _in_its_topic(message: RawMessage, rng: random.Random) -> RawMessage:
    return replace(message, topic=rng.choice((*_TOPICS, message.topic + ".z", "", "X" * 9000)))


def _in_its_time(message: RawMessage, rng: random.Random) -> RawMessage:
    if rng.random() < 0.2 or message.sent_at in _EDGES:
        return replace(message, sent_at=rng.choice(_EDGES))
    away_s = rng.choice((-86_400, -60, -1, 0, 0.25, 1, 10, 119, 121, 3600))
    return replace(message, sent_at=message.sent_at + timedelta(seconds=away_s))


_EDGES = (
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime(1950, 1, 1, tzinfo=UTC),
    datetime(2199, 12, 31, tzinfo=UTC),
)
_WAYS = (*(_in_its_values,) * 12, *(_in_its_bytes,) * 2, _in_its_topic, _in_its_time)
_TOPICS = (
    *("TimingData", "TimingAppData", "DriverList", "RaceControlMessages", "TrackStatus"),
    *("SessionStatus", "SessionInfo", "LapCount", "WeatherData", "CarData.z", "Position.z"),
    *("CarData", "Position", "Heartbeat"),
)
