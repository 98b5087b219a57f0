"""Rewrite `stints` and `pit`: tyres and their age, stops, and when a car was in the pit lane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pitwall.feeds.openf1.lap_rows import duration_of
from pitwall.feeds.openf1.measured_rows import car_line, message
from pitwall.feeds.openf1.rows import Row, count_of, instant_of, text_of
from pitwall.wire.encode import utc_text
from pitwall.wire.message import RawMessage

_MOST_STINTS = 60
_ONE_STOP = timedelta(seconds=30)  # no lap is as short


def stint_number(row: Row) -> int:
    """Return the number of a stint from 1; 0 when the row has none."""
    return count_of(row, "stint_number", most=_MOST_STINTS) or 0


def tyre_life_laps(row: Row, laps_completed: int | None) -> int | None:
    """Return the laps on a set of tyres; None when the row does not say.

    The end of a stint under way is the car's last known lap, so the laps completed count
    instead, where they are known.
    """
    age, start = count_of(row, "tyre_age_at_start"), count_of(row, "lap_start")
    end = count_of(row, "lap_end")
    if age is None or start is None:
        return None
    if laps_completed is not None and (end is None or end > laps_completed):
        end = laps_completed
    return age + max(0, end - start + 1) if end is not None else age


def stint_message(at: datetime, car: int, row: Row, life: int | None) -> RawMessage | None:
    """Return `TimingAppData` of one stint; None when the row names no stint."""
    number = stint_number(row)
    if not number:
        return None
    age = count_of(row, "tyre_age_at_start")
    fields: dict[str, Any] = {
        "Compound": text_of(row, "compound"),
        "New": None if age is None else str(age == 0).lower(),
        "StartLaps": age,
        "TotalLaps": life,
    }
    stint = {name: value for name, value in fields.items() if value is not None}
    return message(at, "TimingAppData", {"Lines": {str(car): {"Stints": {str(number - 1): stint}}}})


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Return one car's stops by lap; rows without a lap or an instant are left out.

    OpenF1 tells some stops under two laps, one after the other: the first counts.
    """
    stops = [row for row in rows if count_of(row, "lap_number") and instant_of(row)]
    once: list[Row] = []
    for row in sorted(stops, key=lambda row: count_of(row, "lap_number") or 0):
        if not (once and _is_same_stop(once[-1], row)):
            once.append(row)
    return once


def _is_same_stop(one: Row, other: Row) -> bool:
    first, second = instant_of(one), instant_of(other)
    laps_apart = (count_of(other, "lap_number") or 0) - (count_of(one, "lap_number") or 0)
    return laps_apart <= 1 and _within(first, second)


def _within(first: datetime | None, second: datetime | None) -> bool:
    return first is not None and second is not None and abs(second - first) < _ONE_STOP


def stop_messages(car: int, rows: Sequence[Row]) -> Iterator[RawMessage]:
    """Yield the latest stop of a car while the race runs; OpenF1 sends it at the pit exit."""
    stops = in_order(rows)
    at = instant_of(stops[-1]) if stops else None
    if at is not None:
        yield car_line(at, car, {"InPit": False, "NumberOfPitStops": len(stops)})
        yield _timed_stops(at, car, dict(enumerate(stops)))


def _timed_stops(at: datetime, car: int, stops: Mapping[int, Row]) -> RawMessage:
    """Return `PitStopSeries` of some stops of a car, by their place in its list."""
    told: dict[str, Any] = {}
    for index, row in stops.items():
        times = {
            "PitStopTime": duration_of(row, "stop_duration"),
            "PitLaneTime": lane_time_s(row),
            "Lap": count_of(row, "lap_number"),
        }
        stop = {name: str(value) for name, value in times.items() if value is not None}
        told[str(index)] = {"Timestamp": utc_text(instant_of(row) or at), "PitStop": stop}
    return message(at, "PitStopSeries", {"PitTimes": {str(car): told}})


def lane_time_s(row: Row) -> float | None:
    """Return how long a car was in the pit lane; None where a stop does not say."""
    return duration_of(row, "lane_duration") or duration_of(row, "pit_duration")


def past_stop_messages(car: int, rows: Sequence[Row]) -> Iterator[RawMessage]:
    """Yield entry and exit of every stop, for a finished race.

    The instant of a row is the exit, and the entry is the time in the lane earlier; as
    in F1's feed a stop counts from its entry.
    """
    for number, row in enumerate(in_order(rows), start=1):
        out = instant_of(row)
        lane_s = lane_time_s(row)
        if out is None:
            continue
        if lane_s is None:
            yield car_line(out, car, {"InPit": False, "NumberOfPitStops": number})
        else:
            entered = out - timedelta(seconds=lane_s)
            yield car_line(entered, car, {"InPit": True, "NumberOfPitStops": number})
            yield car_line(out, car, {"InPit": False})
        yield _timed_stops(out, car, {number - 1: row})
