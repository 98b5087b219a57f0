"""Read one frame of an OpenF1 connection: an MQTT message, a REST answer, or merged rows.

Rows that stand alone are read from the frames that OpenF1 sent. Rows that only mean something
together, such as a stop among a car's stops, are read from a frame that `RowMerger` makes of the
rows so far; their own frames yield nothing, and are there for the tape. So reading is stateless.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from pitwall.feeds.openf1 import lap_rows, stint_rows
from pitwall.feeds.openf1.control_rows import control_messages
from pitwall.feeds.openf1.measured_rows import measured_message
from pitwall.feeds.openf1.rows import MEASURED, Row, by_car, instant_of, is_sound, rows_of
from pitwall.feeds.openf1.session_rows import drivers_message, session_message
from pitwall.wire.message import RawFrame, RawMessage, Reading, Snapshot

MQTT = "v1/"
REST = "rest/"
CHANGED = "book/changed"
WHOLE = "book/whole"
# The feed's clock is estimated from stamps, so rows older than this, which were fetched, are out.
FRESH = timedelta(seconds=25)

_UNREADABLE = Reading(malformed=1)


def read_frame(frame: RawFrame) -> Reading:
    """Return the messages of a frame; pure, and it never raises."""
    if frame.channel in {CHANGED, WHOLE}:
        return _read_merged(frame)
    rows = rows_of(frame.text)
    if rows is None:
        return _UNREADABLE
    malformed = sum(not is_sound(row) for row in rows)
    endpoint = frame.channel.removeprefix(MQTT).removeprefix(REST).partition("?")[0]
    if endpoint not in MEASURED:
        return Reading(malformed=malformed)
    since = frame.received_at - FRESH if frame.channel.startswith(REST) else None
    return Reading(tuple(_measured(endpoint, rows, since)), malformed)


def _measured(endpoint: str, rows: list[Row], since: datetime | None) -> Iterator[RawMessage]:
    sound = (row for row in rows if is_sound(row))
    messages = [one for row in sound if (one := measured_message(endpoint, row)) is not None]
    messages.sort(key=lambda message: message.sent_at)
    yield from (one for one in messages if since is None or one.sent_at >= since)


def _read_merged(frame: RawFrame) -> Reading:
    try:
        merged = orjson.loads(frame.text)
        messages = tuple(_merged_messages(merged, frame.received_at))
    except (ValueError, TypeError, AttributeError):  # a damaged tape
        return _UNREADABLE
    if frame.channel == CHANGED:
        return Reading(messages)
    return Reading((Snapshot(instant_of(merged, "at"), messages),))


def _merged_messages(merged: Mapping[str, Any], received_at: datetime) -> Iterator[RawMessage]:
    """Yield the messages of merged rows, those first that others depend on."""
    at = instant_of(merged, "at") or received_at.astimezone(UTC)
    if merged.get("sessions"):
        meeting = (merged.get("meetings") or [{}])[0]
        session = session_message(at, merged["sessions"][0], meeting)
        yield from [session] if session is not None else []
    drivers = drivers_message(at, merged.get("drivers") or [])
    yield from [drivers] if drivers is not None else []
    control = merged.get("race_control") or []
    yield from control_messages(control, merged.get("new", len(control)))
    yield from _car_messages(merged, at)
    for endpoint in MEASURED:
        yield from _measured(endpoint, merged.get(endpoint) or [], None)


def _car_messages(merged: Mapping[str, Any], at: datetime) -> Iterator[RawMessage]:
    of_laps, of_stints, of_pit = (by_car(merged.get(n) or []) for n in ("laps", "stints", "pit"))
    for car in sorted(of_laps.keys() | of_stints.keys() | of_pit.keys()):
        rows = lap_rows.in_order(of_laps.get(car, []))
        if merged.get("timed"):
            yield from lap_rows.timed_lap_messages(car, rows, of_pit.get(car, []))
        else:
            yield from lap_rows.lap_messages(car, rows)
        done = max((lap for lap, _ in lap_rows.crossings(rows)), default=None)
        for row in sorted(of_stints.get(car, []), key=stint_rows.stint_number):
            stint = stint_rows.stint_message(at, car, row, stint_rows.tyre_life_laps(row, done))
            yield from [stint] if stint is not None else []
        yield from stint_rows.stop_messages(car, of_pit.get(car, []))
