"""Rewrite a stored session's messages as the rows that OpenF1 gives of it.

Source of the fields: OpenF1's documentation, 2026, and recorded answers. What the messages do not
tell is null; nothing is estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pitwall.domain.car_use import CarSample
from pitwall.domain.gaps import LapsDown, LeaderLap, TimeGap
from pitwall.wire.decode import every_car_point, every_car_sample, payload_of
from pitwall.wire.message import RawMessage
from pitwall.wire.session import read_offset
from pitwall.wire.values import (
    NotAValueError,
    read_count,
    read_flag,
    read_gap,
    read_instant,
    read_number,
)

Row = dict[str, Any]
T = TypeVar("T")

_LONGEST_IN_LANE: Final = timedelta(hours=2)
_LARGEST_KEY: Final = 10**9


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """What every row names its session by.

    Attributes:
        session: F1's number of the session, or pitwall's own where the feed sends none.
        meeting: F1's number of the meeting; None where the feed sends none.
    """

    session: int
    meeting: int | None

    def named(self, row: Row) -> Row:
        """Return a row with both keys."""
        return row | {"meeting_key": self.meeting, "session_key": self.session}


def session_row(messages: Iterable[RawMessage], number: int, year: int) -> Row:
    """Return the row of `sessions`, with the meeting's name and the circuit beside it.

    Args:
        messages: The session's messages; those about the session are enough.
        number: Pitwall's own number of the session, used where the feed sends no key.
        year: Its season.
    """
    info: dict[str, Any] = {}
    for _at, payload in _payloads(messages, "SessionInfo"):
        info |= payload
    meeting, circuit = _object(info, "Meeting"), _object(_object(info, "Meeting"), "Circuit")
    country = _object(meeting, "Country")
    offset = info.get("GmtOffset")
    return {
        "session_key": _whole(info.get("Key")) or number,
        "session_type": info.get("Type"),
        "session_name": info.get("Name"),
        "date_start": _utc(info.get("StartDate"), offset),
        "date_end": _utc(info.get("EndDate"), offset),
        "meeting_key": _whole(meeting.get("Key")),
        "meeting_name": meeting.get("Name"),
        "meeting_official_name": meeting.get("OfficialName"),
        "circuit_key": _whole(circuit.get("Key")),
        "circuit_short_name": circuit.get("ShortName"),
        "country_key": _whole(country.get("Key")),
        "country_code": country.get("Code"),
        "country_name": country.get("Name"),
        "location": meeting.get("Location"),
        "gmt_offset": offset,
        "year": year,
    }


def drivers(messages: Iterable[RawMessage]) -> Iterator[Row]:
    """Yield the drivers as they were named at the end."""
    cars: dict[str, dict[str, Any]] = {}
    for _at, payload in _payloads(messages, "DriverList"):
        for number, line in payload.items():
            if isinstance(line, dict):
                cars.setdefault(number, {}).update(line)
    for number, line in sorted(cars.items(), key=lambda item: (len(item[0]), item[0])):
        if number.isdecimal():
            yield {
                "driver_number": int(number),
                "broadcast_name": line.get("BroadcastName"),
                "full_name": line.get("FullName"),
                "name_acronym": line.get("Tla"),
                "team_name": line.get("TeamName"),
                "team_colour": line.get("TeamColour"),
                "first_name": line.get("FirstName"),
                "last_name": line.get("LastName"),
                "headshot_url": line.get("HeadshotUrl"),
                "country_code": line.get("CountryCode"),
            }


def intervals(messages: Iterable[RawMessage]) -> Iterator[Row]:
    """Yield each gap and interval that was sent; what a message leaves out is null."""
    for at, car, line in _lines(messages):
        gap = _gap(line.get("GapToLeader"))
        interval = _gap(_value(line.get("IntervalToPositionAhead")))
        if gap is not None or interval is not None:
            yield {
                "date": at, "driver_number": car, "gap_to_leader": gap, "interval": interval,
            }  # fmt: skip


def position(messages: Iterable[RawMessage]) -> Iterator[Row]:
    """Yield each place that was sent."""
    for at, car, line in _lines(messages):
        place = _whole(line.get("Position")) or _whole(line.get("Line"))
        if place:
            yield {"date": at, "driver_number": car, "position": place}


def pit(messages: Iterable[RawMessage]) -> Iterator[Row]:
    """Yield each stop at its exit from the pit lane, with the time spent there.

    The stationary time is not told, so `stop_duration` is null.
    """
    entered: dict[int, datetime] = {}
    laps: dict[int, int] = {}
    for at, car, line in _lines(messages):
        laps[car] = _whole(line.get("NumberOfLaps")) or laps.get(car, 0)
        in_pit = _flag(line.get("InPit"))
        if in_pit:
            entered.setdefault(car, at)
        elif in_pit is False and car in entered:
            spent = at - entered.pop(car)
            if laps[car] and spent < _LONGEST_IN_LANE:
                lane_s = round(spent / timedelta(seconds=1), 3)
                yield {
                    "date": at,
                    "driver_number": car,
                    "lap_number": laps[car] + 1,
                    "lane_duration": lane_s,
                    "stop_duration": None,
                    "pit_duration": lane_s,
                }


def race_control(messages: Iterable[RawMessage]) -> Iterator[Row]:
    """Yield race control's messages."""
    for at, payload in _payloads(messages, "RaceControlMessages"):
        for entry in _items(payload.get("Messages")):
            yield {
                "date": _utc(entry.get("Utc"), None) or at,
                "driver_number": _whole(entry.get("RacingNumber")),
                "lap_number": _whole(entry.get("Lap")),
                "category": entry.get("Category"),
                "flag": entry.get("Flag"),
                "scope": entry.get("Scope"),
                "sector": _whole(entry.get("Sector")),
                "qualifying_phase": None,
                "message": entry.get("Message"),
            }


_WEATHER: Final = {
    "air_temperature": "AirTemp",
    "humidity": "Humidity",
    "pressure": "Pressure",
    "track_temperature": "TrackTemp",
    "wind_speed": "WindSpeed",
}


def weather(messages: Iterable[RawMessage]) -> Iterator[Row]:
    """Yield the weather, about once a minute."""
    for at, payload in _payloads(messages, "WeatherData"):
        row: Row = {"date": at}
        row |= {name: _read(payload.get(field), read_number) for name, field in _WEATHER.items()}
        yield row | {
            "rainfall": _whole(payload.get("Rainfall")),
            "wind_direction": _whole(payload.get("WindDirection")),
        }


def car_data(messages: Iterable[RawMessage]) -> Iterator[Row]:
    """Yield every reading of every car's channels."""
    for message in messages:
        for number, sample in every_car_sample(message):
            yield _channels(int(number), sample)


def _channels(number: int, sample: CarSample) -> Row:
    return {
        "date": sample.at,
        "driver_number": number,
        "speed": sample.speed_kmh,
        "rpm": sample.rpm,
        "n_gear": sample.gear,
        "throttle": sample.throttle_pct,
        "brake": sample.brake_pct,
        "drs": sample.drs,
    }


def location(messages: Iterable[RawMessage]) -> Iterator[Row]:
    """Yield every location of every car."""
    for message in messages:
        for number, point in every_car_point(message):
            yield {
                "date": point.at,
                "driver_number": int(number),
                "x": point.x,
                "y": point.y,
                "z": point.z,
            }


FROM_MESSAGES: Final[Mapping[str, Callable[[Iterable[RawMessage]], Iterator[Row]]]] = {
    "drivers": drivers,
    "intervals": intervals,
    "position": position,
    "pit": pit,
    "race_control": race_control,
    "weather": weather,
    "car_data": car_data,
    "location": location,
}
"""Endpoints whose rows follow from the messages alone."""


def laps(rows: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield laps from rows of the table `laps`; a lap starts where the one before ended.

    Deleted laps are left out, as OpenF1 has no field that would say so. Mini-sectors are not
    stored, so they are null.
    """
    ends = {(row["car"], row["lap"]): row for row in rows if _is_one_of_its_laps(row)}
    for row in rows:
        if row["deleted"]:
            continue
        before = ends.get((row["car"], row["lap"] - 1))
        yield {
            "date_start": before["completed_at_utc"] if before else None,
            "driver_number": row["car"],
            "lap_number": row["lap"],
            "lap_duration": row["lap_time_s"],
            "duration_sector_1": row["sector_1_s"],
            "duration_sector_2": row["sector_2_s"],
            "duration_sector_3": row["sector_3_s"],
            "i1_speed": row["i1_kmh"],
            "i2_speed": row["i2_kmh"],
            "st_speed": row["st_kmh"],
            "is_pit_out_lap": bool(before and before["pitted"]),
            "segments_sector_1": None,
            "segments_sector_2": None,
            "segments_sector_3": None,
        }


def stints(rows: Sequence[Mapping[str, Any]], driven: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield stints from rows of the table `stints`; each ends where the next begins.

    Args:
        rows: Of `stints`, by car and number.
        driven: Of `laps`, for the end of each car's last stint.
    """
    last: dict[int, int] = {}
    for lap in filter(_is_one_of_its_laps, driven):
        last[lap["car"]] = max(last.get(lap["car"], 0), lap["lap"])
    following = {(row["car"], row["stint"] - 1): row["from_lap"] for row in rows}
    for row in rows:
        begins = following.get((row["car"], row["stint"]))
        yield {
            "driver_number": row["car"],
            "stint_number": row["stint"],
            "lap_start": row["from_lap"],
            "lap_end": begins - 1 if begins else last.get(row["car"]),
            "compound": row["compound"],
            "tyre_age_at_start": row["start_laps"],
        }


def _is_one_of_its_laps(row: Mapping[str, Any]) -> bool:
    """Whether a stored lap has a place among the car's laps.

    One of a race that is marked as deleted was driven before a red flag after which laps were
    counted anew, so that its number means another lap. In qualifying and practice only its time was
    deleted.
    """
    return not row["deleted"] or row["lap_type"] is not None


def _payloads(
    messages: Iterable[RawMessage], topic: str
) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Yield time and payload of the messages of a topic; what cannot be read is left out."""
    for message in messages:
        payload = payload_of(message, topic)
        if payload is not None:
            yield message.sent_at, payload


def _lines(messages: Iterable[RawMessage]) -> Iterator[tuple[datetime, int, dict[str, Any]]]:
    """Yield time, car and line of every car in `TimingData`."""
    for at, payload in _payloads(messages, "TimingData"):
        for number, line in _object(payload, "Lines").items():
            if number.isdecimal() and isinstance(line, dict):
                yield at, int(number), line


def _items(of: object) -> list[dict[str, Any]]:
    """Return the entries of a list, which deltas send as an object by number."""
    entries = list(of.values()) if isinstance(of, dict) else of if isinstance(of, list) else []
    return [entry for entry in entries if isinstance(entry, dict)]


def _object(of: Mapping[str, Any], field: str) -> dict[str, Any]:
    value = of.get(field)
    return value if isinstance(value, dict) else {}


def _value(field: object) -> object:
    return field.get("Value") if isinstance(field, dict) else field


def _gap(value: object) -> float | str | None:
    """Return a gap as OpenF1 writes it: seconds, such as `+1 LAP`, 0.0 for the leader, or null."""
    match _read(value, read_gap):
        case TimeGap(seconds):
            return seconds
        case LapsDown(laps):
            return f"+{laps} LAP{'' if laps == 1 else 'S'}"
        case LeaderLap():
            return 0.0
        case _:
            return None


def _read(value: object, reader: Callable[[object], T]) -> T | None:
    """Return a value as a reader of the wire reads it; None where it is missing or odd."""
    try:
        return None if value is None else reader(value)
    except NotAValueError:
        return None


def _whole(value: object) -> int | None:
    return _read(value, lambda value: read_count(value, _LARGEST_KEY))


def _flag(value: object) -> bool | None:
    return _read(value, read_flag)


def _utc(value: object, offset: object) -> datetime | None:
    """Return an instant, sent in UTC or in local time beside its offset."""
    instant = _read(value, read_instant)
    return instant and instant - (_read(offset, read_offset) or timedelta(0))
