"""Decode `TimingData`: gaps, order, sectors, speeds, laps and the pit lane of each car."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pitwall.domain.events import CarClassified, CarRemoved, CarTimed, PartTold
from pitwall.domain.race import DriverNumber
from pitwall.wire.containers import (
    DELETED,
    deleted_cars,
    deleted_keys,
    each_car,
    each_item,
    read_field,
)
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
_MOST_PARTS = 9
_MOST_SEGMENTS = 20  # a sector has four to ten
_MOST_STATUS = 65_535

# Fields of the whole message that tell the parts of qualifying.
_OF_PARTS = frozenset({"SessionPart", "NoEntries", "CutOffTime"})
_CLEARED_BY_NULL = frozenset({"BestLapTime", "LastLapTime"})
_STANDING = "standing"  # fields of `CarClassified`, collected beside those of `CarTimed`

# The fields of `CarTimed` that have been read from a car's line, by name.
Fields = dict[str, Any]
FieldReader = Callable[[object, Fields, Findings], None]


def decode_timing(payload: dict[str, object], findings: Findings) -> None:
    """Add a `CarTimed` for each car whose line has a field that is used."""
    if not _OF_PARTS.isdisjoint(payload):
        _decode_parts(payload, findings)
    if "Lines" not in payload:
        return  # session-wide flags such as Withheld
    lines = payload["Lines"]
    if isinstance(lines, dict) and DELETED in lines:
        for number in deleted_cars(lines, findings):
            findings.add(CarRemoved(findings.sent_at, number))
    for number, line in each_car(lines, findings, "lines"):
        _decode_line(number, line, findings)


def _decode_line(number: DriverNumber, line: dict[str, object], findings: Findings) -> None:
    fields: Fields = {}
    for key, value in line.items():
        reader = _READERS.get(key)
        if reader is not None and (value is not None or key in _CLEARED_BY_NULL):
            reader(value, fields, findings)
    standing = fields.pop(_STANDING, None)
    if fields:
        findings.add(CarTimed(findings.sent_at, number, **fields))
    if standing:
        findings.add(CarClassified(findings.sent_at, number, **standing))


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


def _lap_time(name: str, cleared: str) -> FieldReader:
    def read(value: object, fields: Fields, findings: Findings) -> None:
        if _is_cleared(value, findings):
            fields.setdefault(_STANDING, {})[cleared] = True
            return
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


def _is_cleared(field: object, findings: Findings) -> bool:
    """Whether the feed takes a time back: by an empty text, by null, or by deleting it."""
    if isinstance(field, dict):
        return _is_empty(field.get("Value", 0)) or "Value" in deleted_keys(field, findings)
    return _is_empty(field)


def _is_empty(value: object) -> bool:
    return value is None or value == ""


def _part_bests(value: object, fields: Fields, findings: Findings) -> None:
    bests: dict[int, float | None] = {}
    for index, best in each_item(value, findings, "part_bests", most=_MOST_PARTS - 1):
        if best == {} or index >= _MOST_PARTS:
            continue  # a part that has not begun
        if _is_cleared(best, findings):
            bests[index + 1] = None
        elif (text := _value_of(best)) is not None:
            try:
                bests[index + 1] = read_duration(text)
            except NotAValueError:
                findings.fault("lap_time", text)
    if bests:
        fields.setdefault(_STANDING, {})["part_bests_s"] = MappingProxyType(bests)


def _knocked_out(value: object, fields: Fields, findings: Findings) -> None:
    try:
        fields.setdefault(_STANDING, {})["knocked_out"] = read_flag(value)
    except NotAValueError:
        findings.fault("flag", value)


def _decode_parts(payload: dict[str, object], findings: Findings) -> None:
    """Add what a message says of the parts of qualifying."""
    entries: dict[int, int] = {}
    for index, cars in each_item(payload.get("NoEntries") or [], findings, "entries"):
        try:
            if index < _MOST_PARTS:
                entries[index + 1] = read_count(cars, most=99)
        except NotAValueError:
            findings.fault("entries", cars)
    part = read_field(payload, "SessionPart", _part, "session_part", findings)
    limit = payload.get("CutOffTime", 0)
    is_unlimited = _is_empty(limit)
    limit_s: float | None = None
    if limit != 0 and not is_unlimited:
        limit_s = read_field(payload, "CutOffTime", read_duration, "lap_time", findings)
    if part is not None or entries or is_unlimited or limit_s is not None:
        told = MappingProxyType(entries) if entries else None
        findings.add(PartTold(findings.sent_at, part, told, limit_s, is_unlimited))


def _part(value: object) -> int:
    return read_count(value, most=_MOST_PARTS)


def _sectors(value: object, fields: Fields, findings: Findings) -> None:
    times: dict[int, float | None] = {}
    shown: dict[int, Mapping[int, int]] = {}
    for index, sector in each_item(value, findings, "sectors", most=2):
        if index > 2:
            continue
        if isinstance(sector, dict) and "Segments" in sector:
            shown[index] = _segments(sector["Segments"], findings)
        _sector_time(index, sector, times, findings)
    if times:
        fields["sectors_s"] = MappingProxyType(times)
    if shown := {index: segments for index, segments in shown.items() if segments}:
        fields["segments"] = MappingProxyType(shown)


def _sector_time(
    index: int, sector: object, times: dict[int, float | None], findings: Findings
) -> None:
    if isinstance(sector, dict) and "Value" in deleted_keys(sector, findings):
        times[index] = None
    text = _value_of(sector)
    if text is None:
        return  # only mini-sectors, the most frequent message of all
    try:
        times[index] = read_duration(text)
    except NotAValueError:
        findings.fault("sector_time", text)


def _segments(value: object, findings: Findings) -> Mapping[int, int]:
    """Return the mini-sectors of a sector that a message tells of, by their place from 0."""
    told: dict[int, int] = {}
    for index, segment in each_item(value, findings, "segments", most=_MOST_SEGMENTS - 1):
        status = segment.get("Status") if isinstance(segment, dict) else None
        if status is None or index >= _MOST_SEGMENTS:
            continue
        try:
            told[index] = read_count(status, most=_MOST_STATUS)
        except NotAValueError:
            findings.fault("segment", status)
    return MappingProxyType(told)


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
    "LastLapTime": _lap_time("last_lap_s", "last_cleared"),
    "BestLapTime": _lap_time("best_lap_s", "best_cleared"),
    "Sectors": _sectors,
    "Speeds": _speeds,
    "BestLapTimes": _part_bests,
    "KnockedOut": _knocked_out,
}
