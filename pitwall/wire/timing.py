"""Decode `TimingData`: gaps, order, sectors, speeds, laps and the pit lane of each car."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pitwall.domain.events import CarRemoved, CarTimed
from pitwall.wire.containers import DELETED, deleted_cars, deleted_keys, each_car, each_item
from pitwall.wire.decode_result import Findings
from pitwall.wire.values import (
    NotAValueError,
    read_count,
    read_duration,
    read_flag,
    read_gap,
    read_number,
)

_TRAPS = frozenset({"I1", "I2", "FL", "ST"})
_FASTEST_KMH = 500.0

# The fields of `CarTimed` that have been read from a car's line, by name.
Fields = dict[str, Any]
FieldReader = Callable[[object, Fields, Findings], None]


def decode_timing(payload: dict[str, object], findings: Findings) -> None:
    """Add a `CarTimed` for each car whose line has a field that is used."""
    if "Lines" not in payload:
        return  # session-wide flags such as Withheld or SessionPart
    lines = payload["Lines"]
    if isinstance(lines, dict) and DELETED in lines:
        for number in deleted_cars(lines, findings):
            findings.add(CarRemoved(findings.sent_at, number))
    for number, line in each_car(lines, findings, "lines"):
        fields: Fields = {}
        for key, value in line.items():
            reader = _READERS.get(key)
            if reader is not None and value is not None:
                reader(value, fields, findings)
        if fields:
            findings.add(CarTimed(findings.sent_at, number, **fields))


def _value_of(field: object) -> object:
    """Return the `Value` of a field sent as an object, or the field itself."""
    return field.get("Value") if isinstance(field, dict) else field


def _plain(name: str, reader: Callable[[object], object], kind: str) -> FieldReader:
    def read(value: object, fields: Fields, findings: Findings) -> None:
        try:
            fields[name] = reader(value)
        except NotAValueError:
            findings.fault(kind, value)

    return read


def _gap_to_leader(value: object, fields: Fields, findings: Findings) -> None:
    _gap(_value_of(value), "gap_to_leader", fields, findings)


def _interval(value: object, fields: Fields, findings: Findings) -> None:
    _gap(_value_of(value), "interval", fields, findings)
    if isinstance(value, dict) and value.get("Catching") is not None:
        _read_catching(value["Catching"], fields, findings)


def _gap(value: object, name: str, fields: Fields, findings: Findings) -> None:
    if value is None:
        return
    try:
        fields[name] = read_gap(value)
    except NotAValueError:
        findings.fault("gap", value)


def _lap_time(name: str) -> FieldReader:
    def read(value: object, fields: Fields, findings: Findings) -> None:
        text = _value_of(value)
        if text is None:
            return
        try:
            seconds = read_duration(text)
        except NotAValueError:
            findings.fault("lap_time", text)
            return
        if seconds is not None:
            fields[name] = seconds

    return read


def _sectors(value: object, fields: Fields, findings: Findings) -> None:
    times: dict[int, float | None] = {}
    for index, sector in each_item(value, findings, "sectors", most=2):
        if isinstance(sector, dict) and "Value" in deleted_keys(sector, findings):
            times[index] = None
        text = _value_of(sector)
        if index > 2 or text is None:
            continue  # only mini-sector colours, the most frequent message of all
        try:
            times[index] = read_duration(text)
        except NotAValueError:
            findings.fault("sector_time", text)
    if times:
        fields["sectors_s"] = MappingProxyType(times)


def _speeds(value: object, fields: Fields, findings: Findings) -> None:
    if not isinstance(value, dict):
        findings.fault("speeds_not_object", value)
        return
    speeds = {}
    for trap, reading in value.items():
        text = _value_of(reading)
        if trap not in _TRAPS or text is None or text == "":
            continue
        try:
            speeds[trap] = _speed_kmh(text)
        except NotAValueError:
            findings.fault("speed", text)
    if speeds:
        fields["speeds_kmh"] = _frozen(speeds)


def _speed_kmh(value: object) -> float:
    speed = read_number(value)
    if not 0 <= speed <= _FASTEST_KMH:
        raise NotAValueError
    return speed


def _frozen(speeds: dict[str, float]) -> Mapping[str, float]:
    return MappingProxyType(speeds)


def _position(value: object) -> int:
    position = read_count(value, most=99)
    if position == 0:
        raise NotAValueError
    return position


_read_catching = _plain("catching", read_flag, "flag")

_READERS: dict[str, FieldReader] = {
    "GapToLeader": _gap_to_leader,
    "IntervalToPositionAhead": _interval,
    "Line": _plain("position", _position, "position"),
    "InPit": _plain("in_pit", read_flag, "flag"),
    "PitOut": _plain("pit_out", read_flag, "flag"),
    "Retired": _plain("retired", read_flag, "flag"),
    "Stopped": _plain("stopped", read_flag, "flag"),
    "NumberOfLaps": _plain("laps_completed", read_count, "lap_count"),
    "NumberOfPitStops": _plain("pit_stops", read_count, "pit_stops"),
    "LastLapTime": _lap_time("last_lap_s"),
    "BestLapTime": _lap_time("best_lap_s"),
    "Sectors": _sectors,
    "Speeds": _speeds,
}
