"""Decode one raw message of F1 live timing into events, without ever raising an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import orjson

from pitwall.domain.car_use import CarSample, TrackPoint
from pitwall.domain.events import Heartbeat
from pitwall.domain.race import DriverNumber
from pitwall.errors import MalformedMessageError
from pitwall.wire.best_times import decode_best_times
from pitwall.wire.championship import decode_championship
from pitwall.wire.decode_result import Decoded, Fault, Findings
from pitwall.wire.drivers import decode_drivers
from pitwall.wire.inflate import LARGEST_PAYLOAD, inflate
from pitwall.wire.message import RawMessage
from pitwall.wire.overtakes import decode_overtakes
from pitwall.wire.pit_stops import decode_pit_stops
from pitwall.wire.session import (
    decode_clock,
    decode_control,
    decode_control_series,
    decode_lap_count,
    decode_session_data,
    decode_session_info,
    decode_session_status,
    decode_track_status,
    decode_weather,
    decode_weather_series,
)
from pitwall.wire.team_radio import decode_team_radio
from pitwall.wire.telemetry import decode_car_data, decode_positions, every_point, every_sample
from pitwall.wire.timing import decode_timing
from pitwall.wire.top_three import decode_top_three
from pitwall.wire.tyres import decode_stint_series, decode_tyres

__all__ = ["Decoded", "Fault", "decode", "every_car_point", "every_car_sample", "payload_of"]

_MOST_CONTAINERS = 100_000  # a whole snapshot has some thousands

T = TypeVar("T")
TopicDecoder = Callable[[dict[str, object], Findings], None]


def decode(message: RawMessage) -> Decoded:
    """Return the events of a message, and the faults of the parts that could not be read.

    A fault in one field loses that field only. Known topics that are not used give neither event
    nor fault; unknown topics give the fault `unknown_topic`.
    """
    topic = message.topic.removesuffix(".z")
    if topic in _UNUSED:
        return _NOTHING
    decoder = _DECODERS.get(topic)
    if decoder is None:
        return Decoded(faults=(Fault("unknown_topic", message.topic[:120]),))
    try:
        payload = _payload(message)
    except MalformedMessageError as error:
        return Decoded(faults=(Fault(error.kind, str(error)[:120]),))
    findings = Findings(message.sent_at)
    decoder(payload, findings)
    return findings.decoded()


def every_car_sample(message: RawMessage) -> list[tuple[DriverNumber, CarSample]]:
    """Return all readings of a `CarData` message, oldest first; none of another or a broken one.

    `decode` gives the newest of each car only.
    """
    return _every(message, "CarData", every_sample)


def every_car_point(message: RawMessage) -> list[tuple[DriverNumber, TrackPoint]]:
    """Return all locations of a `Position` message, oldest first; none of another or broken one."""
    return _every(message, "Position", every_point)


def _every(
    message: RawMessage,
    topic: str,
    read: Callable[[dict[str, object]], list[tuple[DriverNumber, T]]],
) -> list[tuple[DriverNumber, T]]:
    payload = payload_of(message, topic)
    return [] if payload is None else read(payload)


def payload_of(message: RawMessage, topic: str) -> dict[str, object] | None:
    """Return the content of a message of a topic; None of another or a broken one."""
    if message.topic.removesuffix(".z") != topic:
        return None
    try:
        return _payload(message)
    except MalformedMessageError:
        return None


def _payload(message: RawMessage) -> dict[str, object]:
    if len(message.body) > LARGEST_PAYLOAD:
        raise MalformedMessageError("body_size", f"more than {LARGEST_PAYLOAD} bytes")
    payload = _json(message.body)
    if message.topic.endswith(".z"):
        payload = _json(inflate(payload))
    if not isinstance(payload, dict):
        kind = type(payload).__name__
        raise MalformedMessageError("payload_not_object", f"{message.topic} sent a {kind}")
    return payload


def _json(text: bytes) -> object:
    # A million of them are slow to make: each sets the garbage collector off now and then.
    if len(text) > _MOST_CONTAINERS and text.count(b"{") + text.count(b"[") > _MOST_CONTAINERS:
        detail = f"more than {_MOST_CONTAINERS} objects and lists in a message"
        raise MalformedMessageError("json_containers", detail)
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise MalformedMessageError("json", str(error)) from error


def _heartbeat(_payload: dict[str, object], findings: Findings) -> None:
    findings.add(Heartbeat(findings.sent_at))


_NOTHING = Decoded()

_DECODERS: dict[str, TopicDecoder] = {
    "TimingData": decode_timing,
    "TimingAppData": decode_tyres,
    "TyreStintSeries": decode_stint_series,
    "DriverList": decode_drivers,
    "RaceControlMessages": decode_control,
    "TrackStatus": decode_track_status,
    "SessionStatus": decode_session_status,
    "SessionData": decode_session_data,
    "SessionInfo": decode_session_info,
    "LapCount": decode_lap_count,
    "WeatherData": decode_weather,
    "CarData": decode_car_data,
    "Position": decode_positions,
    "ExtrapolatedClock": decode_clock,
    "Heartbeat": _heartbeat,
    "PitStopSeries": decode_pit_stops,
    "OvertakeSeries": decode_overtakes,
    "TimingStats": decode_best_times,
    "TopThree": decode_top_three,
    "ChampionshipPrediction": decode_championship,
    "TeamRadio": decode_team_radio,
    "RcmSeries": decode_control_series,
    "WeatherDataSeries": decode_weather_series,
}

_UNUSED = frozenset(
    {
        "ArchiveStatus",
        "AudioStreams",
        "ContentStreams",
        "CurrentTyres",
        "DriverRaceInfo",
        "DriverScore",
        "LapSeries",
        "PitLaneTimeCollection",
        "PitStop",
        "SPFeed",
        "TimingDataF1",
        "TlaRcm",
    }
)
