"""Read one row of an OpenF1 endpoint: its key, and its values with every check.

The source of every field is the OpenF1 documentation; rows come as JSON, with numbers as numbers,
null for missing values, and over MQTT with `_id` and `_key` beside the fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from pitwall.wire.values import NotAValueError, read_gap, read_instant, read_number

Row = Mapping[str, Any]

# Endpoints whose rows stand alone: each is one measurement, and a later one replaces it.
MEASURED = ("intervals", "position", "weather", "car_data", "location")
# Endpoints whose rows are sent again as they grow, or only mean something together.
TOGETHER = ("sessions", "meetings", "drivers", "laps", "stints", "pit", "race_control")

_KEYS: dict[str, tuple[str, ...]] = {
    "sessions": ("session_key",),
    "meetings": ("meeting_key",),
    "drivers": ("session_key", "driver_number"),
    "laps": ("session_key", "driver_number", "lap_number"),
    "stints": ("session_key", "driver_number", "stint_number"),
    "pit": ("session_key", "driver_number", "lap_number"),
    "race_control": ("date", "driver_number", "lap_number", "category", "flag", "sector"),
    "weather": ("date",),
}
_BEYOND = 1e15  # a thousand times the numbers by which messages are ordered
_BY_INSTANT = ("date", "driver_number")


def key_of(endpoint: str, row: Row) -> tuple[object, ...]:
    """Return the key that all versions of a row share.

    Rows by REST have no `_key`, so it is made of the fields that OpenF1 itself makes it from; the
    text distinguishes two messages of race control in one second.
    """
    key = tuple(_plain(row.get(name)) for name in _KEYS.get(endpoint, _BY_INSTANT))
    return (*key, row.get("message")) if endpoint == "race_control" else key


def _plain(value: object) -> object:
    """Return a value that compares equal however it is written: `1`, `1.0`, `...Z`, `+00:00`."""
    if isinstance(value, str) and "T" in value:
        return instant_of({"date": value}) or value
    return str(value) if isinstance(value, list | dict) else value


def rows_of(body: bytes) -> list[Row] | None:
    """Return the rows of a JSON text, one or a list; None when it is not JSON.

    NaN is not valid JSON and makes the whole text unreadable.
    """
    try:
        value = orjson.loads(body)
    except ValueError:
        return None
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        return None
    return [row for row in value if isinstance(row, dict)]


def is_sound(row: Row) -> bool:
    """Return whether every value of a row is possible; null always is.

    An impossible value, such as an absurdly large number, means that the row was damaged.
    """
    return all(_is_sound(name, value) for name, value in row.items() if value is not None)


def _is_sound(name: str, value: object) -> bool:
    if isinstance(value, int | float):
        return abs(value) < _BEYOND
    if name in {"gap_to_leader", "interval"}:
        try:
            return bool(read_gap(value))
        except NotAValueError:
            return False
    if name in {"date", "date_start"}:
        return instant_of({"date": value}) is not None
    return isinstance(value, str | list | dict)


def instant_of(row: Row, field: str = "date") -> datetime | None:
    """Return an instant, aware UTC; None when the row has none that can be read."""
    try:
        return read_instant(row.get(field))
    except NotAValueError:
        return None


def number_of(row: Row, field: str) -> float | None:
    """Return a finite number; None when the row has none."""
    value = row.get(field)
    if value is None or isinstance(value, str):
        return None
    try:
        return read_number(value)
    except NotAValueError:
        return None


def count_of(row: Row, field: str, most: int = 999) -> int | None:
    """Return a whole number from 0 to `most`; None when the row has none."""
    number = number_of(row, field)
    if number is None or not (0 <= number <= most) or number != int(number):
        return None
    return int(number)


def text_of(row: Row, field: str) -> str | None:
    """Return a text that is not empty; None when the row has none."""
    value = row.get(field)
    return value if isinstance(value, str) and 0 < len(value) <= 1000 else None


def car_of(row: Row) -> int | None:
    """Return the car's number, 1 to 999; None when the row names none."""
    return count_of(row, "driver_number") or None


def by_car(rows: Iterable[Row]) -> dict[int, list[Row]]:
    """Return the rows of each car, in the order given; rows that name none are left out."""
    cars: dict[int, list[Row]] = {}
    for row in rows:
        car = car_of(row)
        if car is not None:
            cars.setdefault(car, []).append(row)
    return cars
