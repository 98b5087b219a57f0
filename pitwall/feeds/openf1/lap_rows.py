"""Rewrite `laps`: line crossings, lap times, sectors, traps, and the leader's lap.

A row begins with its lap and grows until the lap ends, so the crossing at its end is the start of
the next row; only for a car's last row does it follow from the row's own duration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from pitwall.feeds.openf1.measured_rows import car_line, message
from pitwall.feeds.openf1.rows import Row, count_of, instant_of, number_of
from pitwall.wire.encode import lap_time_text
from pitwall.wire.message import RawMessage

_TRAPS = {"I1": "i1_speed", "I2": "i2_speed", "ST": "st_speed"}
_LONGEST_S = 7200.0


def lap_of(row: Row) -> int:
    """Return the number of a lap from 1; 0 when the row has none."""
    return count_of(row, "lap_number") or 0


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Return one car's rows by lap number; rows without one are left out."""
    return sorted((row for row in rows if lap_of(row)), key=lap_of)


def newest(rows: list[dict[str, object]], most: int) -> list[dict[str, object]]:
    """Return the last `most` laps of one car's rows, which come in any order."""
    return sorted(rows, key=lap_of)[-most:]


def ended_at(row: Row) -> datetime | None:
    """Return when a lap ended, by its start and duration; None when one is missing."""
    begun, lasted_s = instant_of(row, "date_start"), duration_of(row, "lap_duration")
    return begun + timedelta(seconds=lasted_s) if begun and lasted_s else None


def duration_of(row: Row, field: str) -> float | None:
    """Return a duration above 0 s and below two hours; None without one."""
    seconds = number_of(row, field)
    return seconds if seconds is not None and 0 < seconds < _LONGEST_S else None


def crossings(rows: Sequence[Row]) -> Iterator[tuple[int, datetime]]:
    """Yield each lap that a car completed, and when; rows come in order of laps."""
    for row, after in pairwise((*rows, None)):
        if row is None:
            continue
        follows = after is not None and lap_of(after) == lap_of(row) + 1
        at = (instant_of(after, "date_start") if follows and after else None) or ended_at(row)
        if at is not None:
            yield lap_of(row), at


def lap_messages(car: int, rows: Sequence[Row]) -> Iterator[RawMessage]:
    """Yield the messages of one car's rows, in order of laps, each when it became known."""
    by_lap = {lap_of(row): row for row in rows}
    out_laps = {lap for lap, row in by_lap.items() if row.get("is_pit_out_lap") is True}
    for lap, at in crossings(rows):
        line = _crossing(by_lap[lap]) | {"NumberOfLaps": lap}
        if lap in out_laps and lap > 1:
            line["PitOut"] = False
        if lap + 1 in out_laps:
            line["PitOut"] = True
        yield car_line(at, car, line)
    for row in rows:
        yield from _begun(car, row)


def timed_lap_messages(car: int, rows: Sequence[Row], pits: Sequence[Row]) -> Iterator[RawMessage]:
    """Yield the laps of a car in qualifying or practice, in order of laps.

    F1's feed counts the laps that begin there, at the pit exit and at the line, and tells an in-lap
    by its time alone. The pit exit is that of the stop, else the start of the out-lap, which may be
    earlier: OpenF1 does not say when a car leaves its garage.
    """
    by_lap = {lap_of(row): row for row in rows}
    out_laps = {lap for lap, row in by_lap.items() if row.get("is_pit_out_lap") is True}
    exits = {count_of(row, "lap_number"): instant_of(row) for row in pits}
    for lap, at in crossings(rows):
        line = _crossing(by_lap[lap])
        ends = {"InPit": True} if lap + 1 in out_laps else {"NumberOfLaps": lap + 1}
        yield car_line(at, car, line | ends)
    for row in rows:
        lap = lap_of(row)
        left_at = exits.get(lap - 1) or instant_of(row, "date_start")
        if lap in out_laps and left_at is not None:
            yield car_line(left_at, car, {"InPit": False, "PitOut": True, "NumberOfLaps": lap})
        yield from (one for one in _begun(car, row) if one.topic == "TimingData")


def _crossing(row: Row) -> dict[str, Any]:
    line: dict[str, Any] = {}
    lap_s, third_s = duration_of(row, "lap_duration"), duration_of(row, "duration_sector_3")
    if lap_s is not None:
        line["LastLapTime"] = _time(lap_s)
    if third_s is not None:
        line["Sectors"] = {"2": _time(third_s)}
    speeds = {trap: number_of(row, field) for trap, field in _TRAPS.items()}
    values = {trap: {"Value": f"{v:.0f}"} for trap, v in speeds.items() if v is not None}
    return line | ({"Speeds": values} if values else {})


def _begun(car: int, row: Row) -> Iterator[RawMessage]:
    """Yield the start of a lap and its first two sectors; the first clears the last lap's sectors.

    A lap of the leader advances the lap count; the smaller number of another car
    does not set it back.
    """
    begun = instant_of(row, "date_start")
    if begun is None:
        return
    yield message(begun, "LapCount", {"CurrentLap": lap_of(row)})
    first_s, second_s = (duration_of(row, f"duration_sector_{n}") for n in (1, 2))
    if first_s is None:
        return
    cleared = {"0": _time(first_s), "1": {"Value": ""}, "2": {"Value": ""}}
    at = begun + timedelta(seconds=first_s)
    yield car_line(at, car, {"Sectors": cleared})
    if second_s is not None:
        at += timedelta(seconds=second_s)
        yield car_line(at, car, {"Sectors": {"1": _time(second_s)}})


def _time(seconds: float) -> dict[str, str]:
    return {"Value": lap_time_text(seconds)}
