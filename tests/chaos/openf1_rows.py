"""Build what OpenF1 had sent at each time of a session, from the recorded rows of Japan 2026.

Intervals, places, stops, stints, race control, weather and drivers are OpenF1's own rows. There
are none of `laps` on disk: those are made of the timing archive's laps of the same race, in
OpenF1's shape, and grow while the lap runs as OpenF1's do.
"""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

SESSION, MEETING = 11253, 1281
RACE = "2026-japanese-grand-prix-race"
_TEXT = frozenset({"gap_to_leader", "interval"})
_FILES = {
    "sessions": "target_sessions.csv",
    "drivers": "openf1_drivers.csv",
    "intervals": "openf1_intervals.csv",
    "position": "openf1_position.csv",
    "pit": "openf1_pit.csv",
    "stints": "openf1_stints.csv",
    "race_control": "openf1_race_control.csv",
    "weather": "openf1_weather.csv",
}
_SPANS = ("date", "date_start", "date_end")
_STOPPED_LATER = timedelta(seconds=1)  # a stop is told at the exit
_HEARD_LATER = timedelta(seconds=0.5)  # race control stamps whole seconds

Row = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """One version of a row, and when OpenF1 told it."""

    at: datetime
    endpoint: str
    row: Row


@dataclass(frozen=True)
class Story:
    """A session, told in order of time."""

    told: tuple[Told, ...]

    @property
    def begins_at(self) -> datetime:
        """The first word."""
        return self.told[0].at

    def before(self, at: datetime) -> Sequence[Told]:
        """Return what was told before a moment."""
        return self.told[: bisect_left(self.told, at, key=lambda told: told.at)]

    def between(self, since: datetime, until: datetime) -> Sequence[Told]:
        """Return what was told from a moment on and before another."""
        return self.told[
            bisect_left(self.told, since, key=lambda told: told.at) : bisect_left(
                self.told, until, key=lambda told: told.at
            )
        ]

    def moved(self, by: timedelta) -> Story:
        """Return the same story at another time."""
        return Story(tuple(_moved(told, by) for told in self.told))


def _moved(told: Told, by: timedelta) -> Told:
    row = {
        name: (datetime.fromisoformat(value) + by).isoformat()
        if name in _SPANS and value
        else value
        for name, value in told.row.items()
    }
    return Told(told.at + by, told.endpoint, row)


def recorded_rows(shared: Path) -> dict[str, list[Row]]:
    """Return the recorded rows of the race as OpenF1's JSON gives them."""
    folder = shared / "data" / "wire" / "openf1"
    return {name: _read(folder / file) for name, file in _FILES.items()}


def _read(file: Path) -> list[Row]:
    with file.open(newline="", encoding="utf-8") as text:
        return [
            {
                name: _value(name, value)
                for name, value in row.items()
                if not name.startswith(("source", "_"))
            }
            for row in csv.DictReader(text)
            if row["session_key"] == str(SESSION)
        ]


def _value(name: str, text: str) -> object:
    if text == "":
        return None
    if name in {"gmt_offset", "team_colour", "name_acronym"}:
        return text
    if text in {"True", "False"}:
        return text == "True"
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and name not in _TEXT else number


def meeting_row() -> Row:
    """Return the meeting, which is not among the recorded rows."""
    return {
        "meeting_key": MEETING,
        "meeting_name": "Japanese Grand Prix",
        "country_name": "Japan",
        "location": "Suzuka",
        "year": 2026,
    }


def laps_of_archive(shared: Path) -> list[Row]:
    """Return the laps of the race in OpenF1's shape, from the timing archive."""
    folder = shared / "data" / "timing"
    filters = [("year", "=", 2026), ("meeting_key", "=", MEETING)]
    (session,) = pq.read_table(folder / "sessions.parquet", filters=filters).to_pylist()
    zero = session["t0_utc"].replace(tzinfo=None)
    rows = pq.read_table(
        folder / "laps.parquet", filters=[("session_id", "=", session["session_id"])]
    ).to_pylist()
    crossed = {(row["car"], row["lap"]): row["t_ms"] for row in rows}
    return [_lap(row, zero, crossed) for row in rows]


def _lap(row: Row, zero: datetime, crossed: dict[tuple[int, int], int]) -> Row:
    began_ms = crossed.get((row["car"], row["lap"] - 1))
    began = None if began_ms is None else zero + timedelta(milliseconds=began_ms)
    out = row["pit_out_ms"] is not None and row["lap"] > 1

    def seconds(name: str) -> float | None:
        return None if row[name] is None else row[name] / 1000

    return {
        "meeting_key": MEETING,
        "session_key": SESSION,
        "driver_number": row["car"],
        "lap_number": row["lap"],
        "date_start": None if began is None else began.isoformat() + "+00:00",
        "duration_sector_1": seconds("s1_ms"),
        "duration_sector_2": seconds("s2_ms"),
        "duration_sector_3": seconds("s3_ms"),
        "lap_duration": seconds("lap_ms"),
        "i1_speed": row["v_i1"],
        "i2_speed": row["v_i2"],
        "st_speed": row["v_st"],
        "is_pit_out_lap": out,
    }


@cache
def japan(shared: Path) -> Story:
    """Return the race as it was told; the same object each time."""
    rows = recorded_rows(shared)
    laps = laps_of_archive(shared)
    told = [
        _at_date(name, row) for name in ("position", "intervals", "weather") for row in rows[name]
    ]
    told += [_late(_at_date("race_control", row), _HEARD_LATER) for row in rows["race_control"]]
    told += [_late(_at_date("pit", row), _STOPPED_LATER) for row in rows["pit"]]
    told += [version for row in laps for version in _lap_versions(row)]
    told += list(_stint_versions(rows["stints"], rows["pit"], laps, _start(rows["race_control"])))
    begins = min(one.at for one in told) - timedelta(seconds=1)
    told += [Told(begins, "meetings", meeting_row())]
    told += [Told(begins, name, row) for name in ("sessions", "drivers") for row in rows[name]]
    order = {"meetings": 0, "sessions": 1, "drivers": 2}
    return Story(tuple(sorted(told, key=lambda one: (one.at, order.get(one.endpoint, 3)))))


def _at_date(endpoint: str, row: Row) -> Told:
    return Told(datetime.fromisoformat(row["date"]), endpoint, row)


def _late(told: Told, by: timedelta) -> Told:
    return Told(told.at + by, told.endpoint, told.row)


def _start(control: list[Row]) -> datetime:
    return next(
        datetime.fromisoformat(r["date"]) for r in control if r["message"] == "SESSION STARTED"
    )


def _lap_versions(row: Row) -> Iterator[Told]:
    """Yield a lap's row as it fills up."""
    if row["date_start"] is None:
        return
    grown = dict.fromkeys(row) | {
        name: row[name]
        for name in ("meeting_key", "session_key", "driver_number", "lap_number", "date_start")
    }
    grown["is_pit_out_lap"] = row["is_pit_out_lap"]
    at = datetime.fromisoformat(row["date_start"])
    yield Told(at, "laps", dict(grown))
    for number in (1, 2):
        lasted_s = row[f"duration_sector_{number}"]
        if lasted_s is None:
            return
        at += timedelta(seconds=lasted_s)
        grown[f"duration_sector_{number}"] = lasted_s
        yield Told(at, "laps", dict(grown))
    if row["lap_duration"] is not None:
        end = datetime.fromisoformat(row["date_start"]) + timedelta(seconds=row["lap_duration"])
        yield Told(max(at, end), "laps", dict(row))


def _stint_versions(
    stints: list[Row], pits: list[Row], laps: list[Row], start: datetime
) -> Iterator[Told]:
    """Yield a stint's row when its tyres were fitted, and again with every lap on them."""
    out = {(r["driver_number"], r["lap_number"]): datetime.fromisoformat(r["date"]) for r in pits}
    begun = {
        (row["driver_number"], row["lap_number"]): datetime.fromisoformat(row["date_start"])
        for row in laps
        if row["date_start"]
    }
    ended = {
        (row["driver_number"], row["lap_number"]): datetime.fromisoformat(row["date_start"])
        + timedelta(seconds=row["lap_duration"])
        for row in laps
        if row["date_start"] and row["lap_duration"]
    }
    for row in stints:
        car, first = row["driver_number"], row["lap_start"]
        at = start if first == 1 else out.get((car, first - 1)) or begun.get((car, first))
        if at is None:
            continue
        yield Told(at, "stints", row | {"lap_end": first})
        for lap in range(first + 1, row["lap_end"] + 1):
            crossed = begun.get((car, lap + 1)) or ended.get((car, lap))
            if crossed is not None:
                yield Told(crossed, "stints", row | {"lap_end": lap})
