"""Read one frame of an OpenF1 connection: a message of MQTT, an answer of REST, or the book's word.

Rows that stand alone are read from what OpenF1 sent. What only means something together, such as
a stop among a car's stops, is read from a frame that `book` makes of the rows so far; the rows'
own frames then say nothing, and are there for the tape. So reading needs no memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from pitwall.feeds.openf1 import lap_rows, stint_rows
from pitwall.feeds.openf1.control_rows import say_control
from pitwall.feeds.openf1.measured_rows import say_measured
from pitwall.feeds.openf1.rows import MEASURED, Row, by_car, instant_of, is_sound, rows_of
from pitwall.feeds.openf1.session_rows import say_drivers, say_session
from pitwall.wire.message import RawFrame, RawMessage, Reading, Snapshot

MQTT = "v1/"
REST = "rest/"
CHANGED = "book/changed"
WHOLE = "book/whole"
# The clock of the feed is told from stamps; rows older than this were asked for, not sent.
FRESH = timedelta(seconds=25)

_UNREADABLE = Reading(malformed=1)


def read_frame(frame: RawFrame) -> Reading:
    """Return what a frame says; pure, and it never raises."""
    if frame.channel in {CHANGED, WHOLE}:
        return _read_book(frame)
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
    told = [said for row in sound if (said := say_measured(endpoint, row)) is not None]
    told.sort(key=lambda said: said.sent_at)
    yield from (said for said in told if since is None or said.sent_at >= since)


def _read_book(frame: RawFrame) -> Reading:
    try:
        book = orjson.loads(frame.text)
        messages = tuple(_say_book(book, frame.received_at))
    except (ValueError, TypeError, AttributeError):  # a tape that was damaged
        return _UNREADABLE
    if frame.channel == CHANGED:
        return Reading(messages)
    return Reading((Snapshot(instant_of(book, "at"), messages),))


def _say_book(book: Mapping[str, Any], received_at: datetime) -> Iterator[RawMessage]:
    """Yield what the rows of a book say, those first that others rest on."""
    at = instant_of(book, "at") or received_at.astimezone(UTC)
    if book.get("sessions"):
        meeting = (book.get("meetings") or [{}])[0]
        session = say_session(at, book["sessions"][0], meeting)
        yield from [session] if session is not None else []
    drivers = say_drivers(at, book.get("drivers") or [])
    yield from [drivers] if drivers is not None else []
    control = book.get("race_control") or []
    yield from say_control(control, book.get("new", len(control)))
    yield from _say_cars(book, at)
    for endpoint in MEASURED:
        yield from _measured(endpoint, book.get(endpoint) or [], None)


def _say_cars(book: Mapping[str, Any], at: datetime) -> Iterator[RawMessage]:
    of_laps, of_stints, of_pit = (by_car(book.get(n) or []) for n in ("laps", "stints", "pit"))
    for car in sorted(of_laps.keys() | of_stints.keys() | of_pit.keys()):
        rows = lap_rows.in_order(of_laps.get(car, []))
        yield from lap_rows.say_laps(car, rows)
        done = max((lap for lap, _ in lap_rows.crossings(rows)), default=None)
        for row in sorted(of_stints.get(car, []), key=stint_rows.stint_number):
            said = stint_rows.say_stint(at, car, row, stint_rows.tyre_life_laps(row, done))
            yield from [said] if said is not None else []
        yield from stint_rows.say_stops(car, of_pit.get(car, []))
