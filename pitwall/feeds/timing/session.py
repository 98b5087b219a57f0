"""Rewrite the data of the whole race: its description, drivers, tyres, flags, laps and weather."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pitwall.feeds.timed_lines import TimedLine
from pitwall.feeds.timing.tables import Row, from_ms
from pitwall.wire.encode import encode_body, lap_time_text, utc_text

DRIVER_COLUMNS = [
    *("num", "RacingNumber", "BroadcastName", "FullName", "Tla", "TeamName", "TeamColour"),
    *("FirstName", "LastName"),
]
TYRE_COLUMNS = [
    *("t_ms", "car", "stint", "lap_number", "lap_ms", "total_laps", "start_laps", "compound", "new")
]
CONTROL_COLUMNS = [
    *("utc", "category", "message", "status", "flag", "scope", "sector", "racingnumber", "lap")
]
WEATHER_COLUMNS = [
    *("t_ms", "airtemp", "humidity", "pressure", "rainfall", "tracktemp", "winddirection"),
    "windspeed",
]
_HEARTBEAT_MS = 15_000
# Race control stamps whole seconds; messages came 0.25 s before to 0.7 s after their stamp
# in a recording with an exact clock. A second later each of them is certainly known.
_CONTROL_DELAY_MS = 1000


def _line(t_ms: int, topic: str, payload: object) -> TimedLine:
    return TimedLine(t_ms, topic, encode_body(payload))


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def info_line(session: Row) -> TimedLine:
    """Return `SessionInfo`, at the very beginning."""
    payload = {
        "Meeting": {
            "Key": session["meeting_key"],
            "Name": session["event"],
            "Location": session["location"],
            "Country": {"Name": session["country"]},
            "Circuit": {"Key": session["circuit_key"], "ShortName": session["circuit"]},
        },
        "Key": session["session_key"],
        "Type": "Race",
        "Name": session["session"],
        "StartDate": from_ms(session["start_local"]).replace(tzinfo=None).isoformat(),
        "GmtOffset": _offset_text(session["gmt_offset_s"]),
        "Path": session["path"],
    }
    return _line(0, "SessionInfo", payload)


def _offset_text(offset_s: float) -> str:
    minutes = round(abs(offset_s) / 60)
    return f"{'-' if offset_s < 0 else ''}{minutes // 60:02d}:{minutes % 60:02d}:00"


def driver_line(drivers: list[Row]) -> TimedLine:
    """Return `DriverList`, at the very beginning."""
    payload = {
        row["num"]: _without_none({key: value for key, value in row.items() if key != "num"})
        for row in drivers
    }
    return _line(0, "DriverList", payload)


def grid_line(order: list[Row], started_ms: int) -> Iterator[TimedLine]:
    """Yield grid places from the first line of each car, which before the start is the grid."""
    places: dict[str, Any] = {}
    first_ms = 0
    for row in sorted(order, key=lambda row: row["t_ms"]):
        if row["t_ms"] >= started_ms:
            break
        car = str(row["car"])
        if car not in places and row["pos"] is not None:
            places[car] = {"GridPos": str(row["pos"])}
            first_ms = row["t_ms"]
    if places:
        yield _line(first_ms, "TimingAppData", {"Lines": places})


def tyre_lines(rows: list[Row], year: int) -> Iterator[TimedLine]:
    """Yield `TimingAppData` stint patches.

    To 2019 the archive's maker filled `new` with False wherever the feed said nothing; such
    a False counts only in the row that names the compound.
    """
    for row in rows:
        is_filling = year <= 2019 and row["compound"] is None and row["new"] == "False"
        new = None if is_filling or row["new"] is None else row["new"].lower()
        stint = {
            "Compound": row["compound"],
            "New": new,
            "TotalLaps": row["total_laps"],
            "StartLaps": row["start_laps"],
            "LapNumber": row["lap_number"],
            "LapTime": None if row["lap_ms"] is None else lap_time_text(row["lap_ms"] / 1000),
        }
        line = {"Stints": {str(row["stint"]): _without_none(stint)}}
        yield _line(row["t_ms"], "TimingAppData", {"Lines": {str(row["car"]): line}})


def flag_lines(flags: list[Row], statuses: list[Row], counts: list[Row]) -> Iterator[TimedLine]:
    """Yield `TrackStatus`, `SessionStatus` and `LapCount`."""
    for row in flags:
        status = {"Status": row["status"], "Message": row["message"]}
        yield _line(row["t_ms"], "TrackStatus", status)
    for row in statuses:
        yield _line(row["t_ms"], "SessionStatus", {"Status": row["status"]})
    for row in counts:
        payload = _without_none({"CurrentLap": row["lap"], "TotalLaps": row["total"]})
        yield _line(row["t_ms"], "LapCount", payload)


def control_lines(rows: list[Row], zero: datetime) -> Iterator[TimedLine]:
    """Yield `RaceControlMessages` as patches, in order of their stamps."""
    zero_ms = zero.timestamp() * 1000
    for index, row in enumerate(sorted(rows, key=lambda row: row["utc"])):
        message = {
            "Utc": from_ms(row["utc"]).replace(tzinfo=None).isoformat(),
            "Lap": row["lap"],
            "Category": row["category"],
            "Flag": row["flag"],
            "Scope": row["scope"],
            "Sector": row["sector"],
            "Status": row["status"],
            "RacingNumber": row["racingnumber"],
            "Message": row["message"],
        }
        t_ms = max(0, round(row["utc"] - zero_ms) + _CONTROL_DELAY_MS)
        payload = {"Messages": {str(index): _without_none(message)}}
        yield _line(t_ms, "RaceControlMessages", payload)


def weather_lines(rows: list[Row]) -> Iterator[TimedLine]:
    """Yield `WeatherData`, all values as text."""
    for row in rows:
        payload = {
            "AirTemp": str(row["airtemp"]),
            "Humidity": str(row["humidity"]),
            "Pressure": str(row["pressure"]),
            "Rainfall": "1" if row["rainfall"] else "0",
            "TrackTemp": str(row["tracktemp"]),
            "WindDirection": str(row["winddirection"]),
            "WindSpeed": str(row["windspeed"]),
        }
        yield _line(row["t_ms"], "WeatherData", payload)


def heartbeat_lines(lines: Iterable[TimedLine], zero: datetime) -> Iterator[TimedLine]:
    """Yield a heartbeat every 15 s until the last line."""
    end_ms = max((line.ms for line in lines), default=0)
    for t_ms in range(_HEARTBEAT_MS, end_ms + 1, _HEARTBEAT_MS):
        utc = utc_text(zero + timedelta(milliseconds=t_ms))
        yield _line(t_ms, "Heartbeat", {"Utc": utc})
